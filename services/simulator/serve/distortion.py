"""
What faults do to the messages on their way from the exchange to all who subscribed.

Each distortion takes a message and gives those that go out in its place, in order.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

from services.simulator.core.day import NS, clock, time_of
from services.simulator.core.message import Message
from services.simulator.serve.faults import Fault

TORN = "TORN"
"""Channel of a message that breaks the very frame it is in; `symbol` is that of the lost one."""

_TIME = re.compile(r"(?<![\d:])\d\d:\d\d:\d\d(?![\d:])")
_BOARD_MS = re.compile(r"(?<=\|)1\d{12}(?=\||$)")
"""Milliseconds since the epoch, in a frame of iBoard's."""

Fate = Literal["dropped", "duplicated", "held", "malformed", "stamped"]


class Effect(NamedTuple):
    """What a fault did to a message."""

    fate: Fate
    message: Message


class Distortion(Protocol):
    """One fault at work."""

    def apply(self, message: Message) -> Sequence[Message]:
        """What goes out in the place of a message."""

    def rest(self) -> Sequence[Message]:
        """What it still holds, when it ends; it holds it no more."""

    def effects(self) -> Iterator[Effect]:
        """What it did since the last call."""


class Picker:
    """Chooses the messages that a fault is about: every n-th, at most so many."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._seen = self._chosen = 0
        self._effects: list[Effect] = []

    def picks(self, message: Message) -> bool:
        """Whether this one is chosen."""
        fault = self._fault
        if not fault.concerns(message.channel, message.symbol):
            return False
        if fault.count and self._chosen >= fault.count:
            return False
        self._seen += 1
        if self._seen % fault.every:
            return False
        self._chosen += 1
        return True

    def tell(self, fate: Fate, message: Message) -> None:
        """Something was done to a message."""
        self._effects.append(Effect(fate, message))

    def effects(self) -> Iterator[Effect]:
        """See `Distortion`."""
        told, self._effects = self._effects, []
        return iter(told)

    def rest(self) -> Sequence[Message]:
        """See `Distortion`."""
        return ()


class Drop(Picker):
    """Messages are lost."""

    def apply(self, message: Message) -> Sequence[Message]:
        """See `Distortion`."""
        if not self.picks(message):
            return (message,)
        self.tell("dropped", message)
        return ()


class Duplicate(Picker):
    """Messages come twice."""

    def apply(self, message: Message) -> Sequence[Message]:
        """See `Distortion`."""
        if not self.picks(message):
            return (message,)
        self.tell("duplicated", message)
        return message, message


class Malform(Picker):
    """Messages are cut in the middle: of their content, their envelope or their frame."""

    def apply(self, message: Message) -> Sequence[Message]:
        """See `Distortion`."""
        if not self.picks(message):
            return (message,)
        self.tell("malformed", message)
        how = self._fault.how or "content"
        middle = message.text[: len(message.text) // 2]
        if how == "frame":
            return (message._replace(text=middle, channel=f"{TORN}:{message.channel}"),)
        if how == "content" and message.text.startswith("{"):
            middle = middle.rstrip("\\") + '"}'
        return (message._replace(text=middle),)


class Overtake(Picker):
    """Trades (X-TRADE) wait until the next quote of their symbol has passed them."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self._held: dict[str, list[Message]] = {}

    def apply(self, message: Message) -> Sequence[Message]:
        """See `Distortion`."""
        symbol = message.symbol
        if message.channel == "X-TRADE":
            if symbol not in self._held and not self.picks(message):
                return (message,)
            # Trades behind one that waits wait too: they stay in order.
            self._held.setdefault(symbol, []).append(message)
            self.tell("held", message)
            return ()
        if message.channel == "X-QUOTE" and symbol in self._held:
            return message, *self._held.pop(symbol)
        return (message,)

    def rest(self) -> Sequence[Message]:
        """See `Distortion`."""
        held, self._held = self._held, {}
        return [message for each in held.values() for message in each]


class OutOfOrder(Picker):
    """Messages come late, after others of later seconds."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self._late_ns = int(fault.seconds * NS)
        self._held: list[Message] = []

    def apply(self, message: Message) -> Sequence[Message]:
        """See `Distortion`."""
        due = 0
        while due < len(self._held):
            if self._held[due].arrival + self._late_ns > message.arrival:
                break
            due += 1
        now, self._held = self._held[:due], self._held[due:]
        if not self.picks(message):
            return message, *now
        self.tell("held", message)
        self._held.append(message)
        return now

    def rest(self) -> Sequence[Message]:
        """See `Distortion`."""
        held, self._held = self._held, []
        return held


class ClockBack(Picker):
    """The clock of the exchange's machine is behind: times in messages are earlier."""

    def apply(self, message: Message) -> Sequence[Message]:
        """See `Distortion`."""
        if not self.picks(message):
            return (message,)
        back = self._fault.seconds
        text = _TIME.sub(lambda m: time_of(clock(m[0]) - int(back) * NS), message.text)
        if not text.startswith("{"):
            text = _BOARD_MS.sub(lambda m: str(int(m[0]) - int(back * 1000)), text)
        if text != message.text:
            self.tell("stamped", message)
        return (message._replace(text=text),)


_KINDS: dict[str, Callable[[Fault], Distortion]] = {
    "drop": Drop, "duplicate": Duplicate, "malformed": Malform, "overtake": Overtake,
    "out_of_order": OutOfOrder, "clock_back": ClockBack,
}  # fmt: skip


def distortion(fault: Fault) -> Distortion:
    """That of a fault of messages; KeyError for another."""
    return _KINDS[fault.kind](fault)

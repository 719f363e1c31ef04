"""All sockets of the exchange: who gets which message."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.simulator.core.message import Message
from services.simulator.core.wire import iboard
from services.simulator.serve import signalr
from services.simulator.serve.channels import Choice
from services.simulator.serve.connection import Connection, Feed, Parcel
from services.simulator.serve.distortion import TORN
from services.simulator.serve.v3.topics import Subscribed
from services.simulator.serve.v3.translator import Translator

_TORN = f"{TORN}:"
_TAKEN_BYTES = 1024**2
_STUCK_S = 10.0


class Hub:
    """
    Args:
        translator: makes the frames of v3.

    Attributes:
        connections: those that are open.
        sent: messages handed to sockets' queues since the beginning.
    """

    def __init__(self, translator: Translator) -> None:
        self.connections: dict[int, Connection] = {}
        self.sent = 0
        self._numbers = 0
        self._translator = translator
        self._routes: dict[tuple[str, str], Takers] = {}
        self._topics: frozenset[str] = frozenset()
        self._selected = asyncio.Event()

    def number(self) -> int:
        """Of the next connection, from 1."""
        self._numbers += 1
        return self._numbers

    def add(self, connection: Connection) -> None:
        """A client connected."""
        self.connections[connection.number] = connection

    def remove(self, connection: Connection) -> None:
        """A client is gone."""
        self.connections.pop(connection.number, None)
        self._forget()

    def select(self, connection: Connection, selection: Choice) -> None:
        """A client wants this from now on, and nothing else."""
        connection.selection = selection
        self._forget()
        self._selected.set()

    async def chosen(self, least: int) -> None:
        """Wait until so many connections have chosen what they want."""
        while sum(not each.selection.empty for each in self.connections.values()) < least:
            self._selected.clear()
            await self._selected.wait()

    async def taken(self) -> None:
        """Wait until little waits for anybody; who takes nothing for 10 s is dropped."""
        for each in list(self.connections.values()):
            await each.relieved(_TAKEN_BYTES, _STUCK_S)

    def of(self, feed: str) -> list[Connection]:
        """The connections of a feed, of all when it is empty."""
        return [each for each in self.connections.values() if feed in ("", each.feed)]

    def deliver(self, messages: Iterable[Message]) -> None:
        """Send messages to all who want them."""
        for message in messages:
            pair = message.channel.removeprefix(_TORN), message.symbol
            takers = self._routes.get(pair)
            if takers is None:
                takers = self._routes[pair] = self._takers(*pair)
            if takers.plain:
                parcel = parcelled(message)
                self.sent += len(takers.plain)
                for each in takers.plain:
                    each.offer(parcel)
            if takers.topical:
                self._tell(message, takers.topical)

    def _tell(self, message: Message, topical: Sequence[tuple[Connection, Subscribed]]) -> None:
        for heard in self._translator.heard(message, self._topics):
            parcel = Parcel(heard.text, heard.text)
            for each, subscribed in topical:
                if subscribed.hears(heard.topic):
                    self.sent += 1
                    each.offer(parcel)

    def _takers(self, channel: str, symbol: str) -> "Takers":
        plain, topical = [], []
        for each in self.connections.values():
            selection = each.selection
            if not selection.wants(channel, symbol):
                continue
            if isinstance(selection, Subscribed):
                topical.append((each, selection))
            else:
                plain.append(each)
        return Takers(plain, topical)

    def _forget(self) -> None:
        self._routes.clear()
        named = [each.selection for each in self.connections.values()]
        self._topics = frozenset().union(
            *[each.names for each in named if isinstance(each, Subscribed)]
        )


class Takers(NamedTuple):
    """Who wants a channel of a symbol: as v2 and iBoard have it, or as topics of v3."""

    plain: Sequence[Connection]
    topical: Sequence[tuple[Connection, Subscribed]]


def feed_of(channel: str) -> Feed:
    """Whose channel it is."""
    return "iboard" if channel in iboard.CHANNELS else "ssi_v2"


def parcelled(message: Message) -> Parcel:
    """A message as it goes to a socket; a torn one breaks the frame that it is in."""
    channel = message.channel
    torn = channel.startswith(_TORN)
    if feed_of(channel.removeprefix(_TORN)) == "iboard":
        return Parcel(message.text, message.text, torn)
    payload = signalr.payload(message.text)
    if torn:
        whole = signalr.frame(0, [payload])
        return Parcel(whole[: len(whole) * 2 // 3], message.text, torn)
    return Parcel(payload, message.text)


def offer_all(connection: Connection, messages: Sequence[Message]) -> None:
    """Send messages to one client, whatever it selected."""
    for message in messages:
        connection.offer(parcelled(message))

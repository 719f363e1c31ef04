"""
The whole exchange in one process, for whoever sends its messages as time goes on.

It gives the very messages of a recording of the same plan, in the order of their arrival.
"""

from collections.abc import Iterator

from services.simulator.core import indices
from services.simulator.core.day import SLOT_NS, SLOTS
from services.simulator.core.desk import Desk
from services.simulator.core.group import Group
from services.simulator.core.message import Message, Waiting
from services.simulator.core.plan import FIRST_SLOT, Plan, future_desks, share_desks


class Exchange:
    """One day of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._shares = Group(share_desks(plan, plan.shares()))
        pairs = future_desks(plan)
        self._futures = Group([desk for desk, _ in pairs])
        self._targets = [targets for _, targets in pairs]
        self._indices = indices.Publisher(plan)
        self._waiting = Waiting()

    def slots(self) -> Iterator[list[Message]]:
        """The messages that arrive in each slot of 5 s, from 08:00 to the end of the day."""
        for slot in range(FIRST_SLOT, SLOTS):
            found = self._shares.run(slot) + self._futures.run(slot)
            rows = {name: rows[-1] for name, rows in self._shares.rows.items()}
            found += self._indices.messages(slot, rows)
            for targets in self._targets:
                targets.learn(self._indices.vn30(rows))
            yield self._waiting.due(found, (slot + 1) * SLOT_NS)

    def rows(self) -> dict[str, list[indices.Sums]]:
        """The sums of each index, slot by slot from FIRST_SLOT on."""
        return self._shares.rows

    def desks(self) -> list[Desk]:
        """All desks; what their ledgers hold is the truth of the slots given so far."""
        return [*self._shares.desks, *self._futures.desks]


class LastMessages:
    """The last message of each channel and symbol: what a hub sends who subscribes."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], str] = {}

    def note(self, message: Message) -> None:
        """A message was sent."""
        self._last[message.channel, message.symbol] = message.text

    def of(self, channel: str, symbol: str | None = None) -> list[str]:
        """Of a channel, of one symbol or of all in the order of their first messages."""
        if symbol is not None:
            found = self._last.get((channel, symbol))
            return [] if found is None else [found]
        return [text for (each, _), text in self._last.items() if each == channel]

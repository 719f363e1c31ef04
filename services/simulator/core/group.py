"""A group of desks in time: all of the exchange, or the part of it that one process runs."""

from collections.abc import Iterator, Sequence

from services.simulator.core.day import SLOT_NS, SLOTS
from services.simulator.core.desk import Desk
from services.simulator.core.indices import Counter, Sums
from services.simulator.core.message import Message, Waiting
from services.simulator.core.plan import FIRST_SLOT
from services.simulator.core.universe import INDICES


class Group:
    """
    Runs desks slot by slot.

    Attributes:
        rows: of each index what the desks add to it, slot by slot from FIRST_SLOT on.
    """

    def __init__(self, desks: Sequence[Desk]) -> None:
        self.desks = desks
        self._counters = {index: Counter(index, desks) for index in INDICES}
        self.rows: dict[str, list[Sums]] = {index: [] for index in INDICES}
        self._waiting = Waiting()

    def slots(self) -> Iterator[tuple[int, list[Message]]]:
        """(slot, messages that arrive in it, in the order of their arrival), to the last slot."""
        for slot in range(FIRST_SLOT, SLOTS):
            yield slot, self.run(slot)

    def run(self, slot: int) -> list[Message]:
        """The next slot."""
        new: list[Message] = []
        end = (slot + 1) * SLOT_NS
        changed = []
        for desk in self.desks:
            if desk.due < end:
                new += desk.run(slot)
                if desk.trading.traded:
                    desk.trading.traded = False
                    changed.append(desk)
        for index, counter in self._counters.items():
            for desk in changed:
                counter.count(desk)
            self.rows[index].append(counter.sums())
        return self._waiting.due(new, end)

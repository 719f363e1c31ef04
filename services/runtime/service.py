"""What a computing service declares; the pump does the rest (design §6)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

import msgspec

from schemas.keys import routing_key, venue_of
from schemas.topic import Topic
from schemas.topics import snapshots_of

S = TypeVar("S")

UnitKind = Literal["symbol", "routing_key", "venue", "partition"]


@dataclass(frozen=True, kw_only=True)
class Service(Generic[S]):
    """
    A pure step over the units of one input partition.

    Attributes:
        version: of the state's layout and of the results; a change of either bumps it.
        outputs: type of an output message -> its topic.
        state: the Struct of a unit's state; must survive msgpack unchanged.
        initial: the state of a unit that was never seen, by its name.
        step: called with a unit's state, which it may change in place, and the next message
            of the unit; returns the outputs in order, with `part` numbered from 0 for each
            stream. Deterministic: no clock, no randomness, no order of sets.
        unit: what a unit is: a symbol, a routing key, or all of a venue that the partition holds:
            `venue` is named `VN`, `partition` `VN.3`, for a state that must know where it is.
            A unit is there from its first message on; a venue's first may be a broadcast.
        is_open: whether the unit has something that a clock of its venue may close; only
            such units see clocks. None: no unit ever does.
        measure: sets metrics (a `Metrics`) by what a unit's state says; the shell calls it for
            each unit once a second. It must be quick and change nothing of the state.
    """

    name: str
    version: int
    input: Topic
    outputs: Mapping[type[Any], Topic]
    state: type[S]
    initial: Callable[[str], S]
    step: Callable[[S, Any], Sequence[msgspec.Struct]]
    unit: UnitKind = "symbol"
    is_open: Callable[[S], bool] | None = None
    measure: Callable[[S, Any], None] | None = None

    @cached_property
    def snapshots(self) -> Topic:
        """Its snapshot topic."""
        return snapshots_of(self.name)

    @property
    def is_of_venue(self) -> bool:
        """Whether a unit is all of a venue that the partition holds."""
        return self.unit in ("venue", "partition")

    def unit_of(self, symbol: str, number: int) -> str:
        """The unit that a symbol belongs to in partition `number`."""
        if self.unit == "symbol":
            return symbol
        if self.unit == "routing_key":
            return routing_key(symbol)
        return self.unit_of_venue(venue_of(symbol), number)

    def unit_of_venue(self, venue: str, number: int) -> str:
        """All of a venue in partition `number`."""
        return f"{venue}.{number}" if self.unit == "partition" else venue

    def app_id(self, tape: str) -> str:
        """App id and consumer group on a tape."""
        return f"{tape}.{self.name}.v{self.version}"

"""
The state of one input partition and the synchronous section that moves it.

Pure: messages in, encoded outputs to the given sinks; no clock, no Kafka, no await.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from schemas.base import BROADCAST
from schemas.keys import routing_key, venue_of
from schemas.market import Clock, Gap, Status
from services.runtime.service import Service

S = TypeVar("S")

Sink = Callable[[bytes, bytes], None]
"""Takes the key and the encoded value of one output record; must not block."""

_encode = msgspec.json.Encoder().encode


class StepFailedError(Exception):
    """A step raised; `index` is the message's place in its record, `__cause__` what it raised."""

    def __init__(self, index: int, symbol: str, seq: int) -> None:
        super().__init__(f"step failed at message {index} of its record ({symbol}, seq {seq})")
        self.index, self.symbol, self.seq = index, symbol, seq


class Quarantined(msgspec.Struct, frozen=True):
    """A message that was left out because its step failed twice."""

    index: int
    symbol: str
    seq: int
    reason: str


class _Unit(Generic[S]):
    __slots__ = ("is_open", "name", "state", "venue")

    def __init__(self, name: str, venue: str, state: S) -> None:
        self.name, self.venue, self.state = name, venue, state
        self.is_open = False


class _Stream(Generic[S]):
    """Last `(seq, part)` of a stream, and the unit it belongs to (None: a broadcast)."""

    __slots__ = ("part", "seq", "unit")

    def __init__(self, unit: "_Unit[S] | None") -> None:
        self.seq, self.part, self.unit = -1, 0, unit


class Body(msgspec.Struct, Generic[S]):
    """What a snapshot holds: units, last `(seq, part)` of each stream, suspect units."""

    units: dict[str, S]
    venues: dict[str, str]
    streams: dict[str, tuple[int, int]]
    suspects: list[str]


class Partition(Generic[S]):
    """
    All units of one input partition.

    Args:
        sinks: type of an output message -> where its encoded record goes.
        forwards: sinks of the outputs that get clocks, gaps and statuses.
        strikes: (offset, index) of messages whose step has failed once before.
    """

    def __init__(
        self,
        service: Service[S],
        sinks: Mapping[type[Any], Sink],
        forwards: Sequence[Sink],
        strikes: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        self.service = service
        self.next_offset = 0
        self.repeats = 0
        self.outputs = 0
        self.suspects: dict[str, None] = {}
        self._sinks, self._forwards = sinks, forwards
        self._strikes = strikes
        self._struck_offsets = {offset for offset, _ in strikes}
        self._streams: dict[str, _Stream[S]] = {}
        self._units: dict[str, _Unit[S]] = {}
        self._keys: dict[str, bytes] = {}
        self._body = Body[service.state]  # type: ignore[name-defined]

    def run(self, offset: int, messages: Sequence[Any]) -> list[Quarantined]:
        """
        Move the state over the messages of the record at `offset`, in one piece.

        Messages that are not newer than the last of their stream are ignored (`repeats`).

        Returns:
            Messages left out because their step failed here before; normally none.

        Raises:
            StepFailedError: the state is then unusable, restore it from a snapshot.
        """
        guarded = offset in self._struck_offsets
        quarantined: list[Quarantined] = []
        index = -1
        message: Any = None
        try:
            for index, message in enumerate(messages):
                symbol = message.symbol
                guard = guarded and (offset, index) in self._strikes
                if symbol == BROADCAST:
                    quarantined += self._broadcast(message, index, guard)
                    continue
                stream = self._streams.get(symbol) or self._new_stream(symbol)
                seq = message.seq
                if seq <= stream.seq and (
                    seq < stream.seq or getattr(message, "part", 0) <= stream.part
                ):
                    self.repeats += 1
                    continue
                stream.seq, stream.part = seq, getattr(message, "part", 0)
                unit = stream.unit
                assert unit is not None
                if guard:
                    quarantined += self._guarded_step(unit, message, index)
                else:
                    self._step(unit, message)
                if type(message) is Gap or type(message) is Status:
                    self._forward(message)
        except Exception as e:
            raise StepFailedError(index, message.symbol, message.seq) from e
        self.next_offset = offset + 1
        return quarantined

    def _step(self, unit: _Unit[S], message: Any) -> None:
        outs = self.service.step(unit.state, message)
        for out in outs:
            self._sinks[type(out)](self._key(out.symbol), _encode(out))  # type: ignore[attr-defined]
        self.outputs += len(outs)
        if self.service.is_open is not None:
            unit.is_open = self.service.is_open(unit.state)

    def _guarded_step(self, unit: _Unit[S], message: Any, index: int) -> list[Quarantined]:
        """The second try: outputs are held back until the step is through."""
        before = msgspec.msgpack.encode(unit.state)
        try:
            self._step(unit, message)
        except Exception as e:  # noqa: BLE001  whatever a step raises is quarantined
            unit.state = msgspec.msgpack.decode(before, type=self.service.state)
            self.suspects[unit.name] = None
            return [Quarantined(index, message.symbol, message.seq, repr(e))]
        return []

    def _broadcast(self, message: Any, index: int, guard: bool) -> list[Quarantined]:
        """A clock visits the open units of its venue, a gap or status all of them; then on."""
        name = f"{BROADCAST}{message.venue}"
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = _Stream(None)
        if message.seq <= stream.seq:
            self.repeats += 1
            return []
        stream.seq = message.seq
        quarantined: list[Quarantined] = []
        for unit in self._visited(message):
            if guard:
                quarantined += self._guarded_step(unit, message, index)
            else:
                self._step(unit, message)
        self._forward(message)
        return quarantined

    def _visited(self, message: Any) -> list[_Unit[S]]:
        every = type(message) is not Clock
        if not every and self.service.is_open is None:
            return []
        units = (u for u in self._units.values() if u.venue == message.venue)
        return sorted((u for u in units if every or u.is_open), key=lambda u: u.name)

    def _forward(self, message: Any) -> None:
        for sink in self._forwards:
            sink(self._key(message.symbol), _encode(message))
            self.outputs += 1

    def _key(self, symbol: str) -> bytes:
        key = self._keys.get(symbol)
        if key is None:
            key = self._keys[symbol] = routing_key(symbol).encode()
        return key

    def _new_stream(self, symbol: str) -> _Stream[S]:
        name = self.service.unit_of(symbol)
        unit = self._units.get(name)
        if unit is None:
            unit = self._units[name] = _Unit(name, venue_of(symbol), self.service.initial(name))
        stream = self._streams[symbol] = _Stream(unit)
        return stream

    def encode(self) -> bytes:
        """The whole state, msgpack; the caller takes `next_offset` in the same section."""
        return msgspec.msgpack.encode(
            Body(
                units={u.name: u.state for u in self._units.values()},
                venues={u.name: u.venue for u in self._units.values()},
                streams={name: (s.seq, s.part) for name, s in self._streams.items()},
                suspects=list(self.suspects),
            )
        )

    def restore(self, data: bytes, next_offset: int) -> None:
        """Become the partition that `encode` gave `data` at `next_offset`."""
        body: Body[S] = msgspec.msgpack.decode(data, type=self._body)
        self._units = {
            name: _Unit(name, body.venues[name], state) for name, state in body.units.items()
        }
        if self.service.is_open is not None:
            for unit in self._units.values():
                unit.is_open = self.service.is_open(unit.state)
        self._streams = {}
        for name, (seq, part) in body.streams.items():
            owner = None if name.startswith(BROADCAST) else self.service.unit_of(name)
            stream = _Stream(self._units[owner] if owner is not None else None)
            stream.seq, stream.part = seq, part
            self._streams[name] = stream
        self.suspects = dict.fromkeys(body.suspects)
        self.next_offset = next_offset

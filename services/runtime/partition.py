"""
The state of one input partition and the synchronous section that moves it.

Pure: messages in, encoded outputs to the given sinks; no clock, no Kafka, no await.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from schemas.base import BROADCAST
from schemas.keys import latest_key, routing_key, venue_of
from schemas.market import Clock, Gap, Status
from services.runtime.service import Service

S = TypeVar("S")

Sink = Callable[[bytes, bytes], None]
"""Takes the key and the encoded value of one output record; must not block."""

_FORWARDED = frozenset({Clock, Gap, Status})
"""What goes on to the readers of clocked outputs, after the outputs it caused."""

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
    """Last `(seq, part)` of a stream, and the one unit it belongs to (none: a broadcast)."""

    __slots__ = ("part", "seq", "units")

    def __init__(self, unit: "_Unit[S] | None") -> None:
        self.seq, self.part = -1, 0
        self.units: tuple[_Unit[S], ...] = (unit,) if unit is not None else ()


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
        number: of the partition.
    """

    def __init__(
        self,
        service: Service[S],
        sinks: Mapping[type[Any], Sink],
        forwards: Sequence[Sink],
        strikes: frozenset[tuple[int, int]] = frozenset(),
        number: int = 0,
    ) -> None:
        self.service, self.number = service, number
        self.next_offset = 0
        self.repeats = 0
        self.outputs = 0
        self.suspects: dict[str, None] = {}
        self._forwards = forwards
        self._senders: dict[type[Any], tuple[Sink, Callable[[Any], bytes]]] = {
            kind: (sink, latest_key if service.outputs[kind].compacted else self._key)
            for kind, sink in sinks.items()
        }
        self._step, self._is_open = service.step, service.is_open
        self._is_derived = service.input.codec == "json"  # only such messages have parts
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
                if guarded and (offset, index) in self._strikes:
                    quarantined += self._guarded(message, index)
                    continue
                units = self._receivers(message)
                if units is None:
                    self.repeats += 1
                    continue
                for unit in units:
                    self._advance(unit, message)
                if type(message) in _FORWARDED:
                    self._forward(message)
        except Exception as e:
            raise StepFailedError(index, message.symbol, message.seq) from e
        self.next_offset = offset + 1
        return quarantined

    def _receivers(self, message: Any) -> Sequence[_Unit[S]] | None:
        """The units that a message concerns; None when its stream is past it already."""
        symbol = message.symbol
        if symbol == BROADCAST:
            name = f"{BROADCAST}{message.venue}"
            stream = self._streams.get(name)
            if stream is None:
                stream = self._streams[name] = _Stream(None)
                if self.service.is_of_venue:
                    name = self.service.unit_of_venue(message.venue, self.number)
                    self._unit(name, message.venue)
        else:
            stream = self._streams.get(symbol) or self._new_stream(symbol)
        seq, part = message.seq, getattr(message, "part", 0) if self._is_derived else 0
        if seq <= stream.seq and (seq < stream.seq or part <= stream.part):
            return None
        stream.seq, stream.part = seq, part
        return stream.units or self._visited(message)

    def _advance(self, unit: _Unit[S], message: Any) -> None:
        """All outputs of a message are encoded before the first is emitted: all or none."""
        outs = self._step(unit.state, message)
        if self._is_open is not None:
            unit.is_open = self._is_open(unit.state)
        if len(outs) == 1:  # nearly always; a list more costs 5 % of the throughput
            out: Any = outs[0]
            sink, key_of = self._senders[type(out)]
            sink(key_of(out), _encode(out))
        elif outs:
            ready = [(*self._senders[type(o)], o, _encode(o)) for o in outs]
            keyed = [(sink, key_of(o), value) for sink, key_of, o, value in ready]
            for sink, key, value in keyed:
                sink(key, value)
        self.outputs += len(outs)

    def _guarded(self, message: Any, index: int) -> list[Quarantined]:
        """
        The second try at a message whose step has failed.

        What fails again is left out and leaves no trace in states and outputs; the other units
        of a broadcast take it.
        """
        quarantined: list[Quarantined] = []
        try:
            units = self._receivers(message)
        except Exception as e:  # noqa: BLE001  a message that belongs to no unit at all
            return [Quarantined(index, message.symbol, message.seq, repr(e))]
        if units is None:
            self.repeats += 1
            return []
        for unit in units:
            before = msgspec.msgpack.encode(unit.state)
            try:
                self._advance(unit, message)
            except Exception as e:  # noqa: BLE001  whatever a step raises is quarantined
                unit.state = msgspec.msgpack.decode(before, type=self.service.state)
                self.suspects[unit.name] = None
                quarantined.append(Quarantined(index, message.symbol, message.seq, repr(e)))
        if type(message) in _FORWARDED:
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
            sink(self._key(message), _encode(message))
            self.outputs += 1

    def _key(self, message: Any) -> bytes:
        symbol = message.symbol
        key = self._keys.get(symbol)
        if key is None:
            key = self._keys[symbol] = routing_key(symbol).encode()
        return key

    def _new_stream(self, symbol: str) -> _Stream[S]:
        unit = self._unit(self.service.unit_of(symbol, self.number), venue_of(symbol))
        stream = self._streams[symbol] = _Stream(unit)
        return stream

    def _unit(self, name: str, venue: str) -> _Unit[S]:
        unit = self._units.get(name)
        if unit is None:
            unit = self._units[name] = _Unit(name, venue, self.service.initial(name))
            if self._is_open is not None:
                unit.is_open = self._is_open(unit.state)
        return unit

    def measure(self, metrics: Any) -> None:
        """Let the service set its own metrics by each unit's state."""
        if self.service.measure is not None:
            for unit in self._units.values():
                self.service.measure(unit.state, metrics)

    def last_seqs(self) -> dict[str, int]:
        """Venue -> seq of the newest message its units and broadcasts have seen."""
        seqs: dict[str, int] = {}
        for name, stream in self._streams.items():
            is_broadcast = name.startswith(BROADCAST)
            venue = name.removeprefix(BROADCAST) if is_broadcast else venue_of(name)
            seqs[venue] = max(stream.seq, seqs.get(venue, 0))
        return seqs

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
            wide = name.startswith(BROADCAST)
            owner = None if wide else self.service.unit_of(name, self.number)
            stream = _Stream(self._units[owner] if owner is not None else None)
            stream.seq, stream.part = seq, part
            self._streams[name] = stream
        self.suspects = dict.fromkeys(body.suspects)
        self.next_offset = next_offset

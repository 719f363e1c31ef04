"""Scripted days through ingest's engine and through services, in process, message by message."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import msgspec

from schemas.base import BROADCAST
from schemas.control import Reference
from schemas.keys import partition, routing_key
from schemas.market import Clock, Instrument, MarketMessage, Status
from schemas.topic import PARTITIONS
from services.ingest.core.engine import Engine
from services.ingest.core.records import Decoded, Raw
from services.ingest.core.registry import FEEDS
from services.ingest.core.sequence import ReceiveCounter
from services.ingest.core.vn.schedule import EXCHANGES, phase_at
from services.runtime.partition import Partition
from services.runtime.service import Service
from tests.support import vn_day_scripts as scripts
from tests.support.vn_day import Script

M = TypeVar("M")

LOCAL = timedelta(hours=7)
_OPTIONS: dict[str, dict[str, Sequence[str]]] = {
    "halted_locked_and_periodic": {"periodic": ["SJE"]},
    "day_roll": {"holidays": ["2026-08-31"]},
}
"""What reference data says of the scripts' days."""


def local_us(time: str, date: str) -> int:
    """A local time of an ISO date, µs since the epoch."""
    return round(datetime.fromisoformat(f"{date}T{time}+07:00").timestamp() * 1_000_000)


def local_ms(time: str, date: str) -> int:
    """A local time of an ISO date, ms since the epoch."""
    return local_us(time, date) // 1000


def raws(
    script: Script, *, periodic: Sequence[str] = (), holidays: Sequence[str] = ()
) -> list[Raw]:
    """
    The raw records of a script as ingest's shell makes them.

    Each local day begins with a reference record received 1 s before its first message: the
    script's listings with their prices, stocks in call auctions, whether there is trading.
    """
    counter, made, today = ReceiveCounter(), [], ""
    for us, feed, message in script.lines():
        at = datetime.fromtimestamp(us / 1e6, UTC) + LOCAL
        if (day := at.date().isoformat()) != today:
            today = day
            trading = day not in holidays and at.weekday() < 5
            ms_of_day = ((at.hour * 60 + at.minute) * 60 + at.second) * 1000
            value = msgspec.json.encode(_reference(script, periodic, trading, ms_of_day))
            made.append(Raw("VN", counter.next(us - 1_000_000), "ingest", "reference", "VN", value))
        _, channel, key, kept = FEEDS[feed].route("VN", message)
        made.append(Raw("VN", counter.next(us), feed, channel, key, kept))
    return made


def _reference(script: Script, periodic: Sequence[str], trading: bool, ms_of_day: int) -> Reference:
    nowhere: dict[str, Any] = {"feed": "", "seq": 0, "ts_ms": 0, "venue": "VN"}
    phases = {exchange: phase_at(exchange, ms_of_day, trading) for exchange in EXCHANGES}
    return Reference(
        venue="VN",
        source="script",
        instruments=[
            Instrument(
                symbol=each.symbol,
                exchange=each.exchange,
                kind="future" if each.kind == "future" else "stock",
                reference=each.reference,
                ceiling=each.ceiling,
                floor=each.floor,
                multiplier=float(each.multiplier),
                lot=1 if each.kind == "future" else 100,
                underlying="VN30" if each.kind == "future" else None,
                **nowhere,
            )
            for each in script.listings.values()
        ],
        statuses=[
            *(Status(symbol=BROADCAST, exchange=e, phase=p, **nowhere) for e, p in phases.items()),
            *(
                Status(symbol=s, exchange=script.listings[s].exchange, phase="periodic", **nowhere)
                for s in periodic
            ),
        ],
        trading_day=trading,
    )


@cache
def day(name: str) -> tuple[Decoded, ...]:
    """What the engine makes of a script of `vn_day_scripts`, by its name."""
    return tuple(decoded(raws(getattr(scripts, name)(), **_OPTIONS.get(name, {}))))


def tape(name: str) -> list[MarketMessage]:
    """The messages of `day`, clocks included."""
    return market(day(name))


def decoded(records: Iterable[Raw]) -> list[Decoded]:
    """What a fresh engine makes of raw records."""
    engine = Engine(["VN"])
    return [engine.decode(raw) for raw in records]


def market(done: Iterable[Decoded]) -> list[MarketMessage]:
    """All messages in order, clocks included."""
    return [message for each in done for message in each.messages]


def of(kind: type[M], messages: Iterable[Any], symbol: str | None = None) -> list[M]:
    """Those of a type, of a symbol if one is given."""
    return [m for m in messages if isinstance(m, kind) and symbol in (None, m.symbol)]  # type: ignore[attr-defined]


class Outputs:
    """What a service gave, by the type of the message, all partitions in one list, by seq."""

    def __init__(self, service: Service[Any], messages: Iterable[MarketMessage]) -> None:
        self.values: dict[type[Any], list[bytes]] = {kind: [] for kind in service.outputs}
        lanes: Mapping[int, list[MarketMessage]] = {n: [] for n in range(PARTITIONS)}
        for message in messages:
            if message.symbol == BROADCAST:
                for lane in lanes.values():
                    lane.append(message)
            else:
                lanes[partition(routing_key(message.symbol), PARTITIONS)].append(message)
        for number, lane in lanes.items():
            sinks = {kind: _appender(values) for kind, values in self.values.items()}
            Partition(service, sinks, [], number=number).run(0, lane)

    def of(self, kind: type[M], symbol: str | None = None) -> list[M]:
        """Messages of a type, of a symbol if one is given; each stream in its order."""
        found = [msgspec.json.decode(value, type=kind) for value in self.values[kind]]
        return of(kind, found, symbol)


def _appender(values: list[bytes]) -> Any:
    def sink(_key: bytes, value: bytes) -> None:
        values.append(value)

    return sink


def without_clocks(messages: Iterable[MarketMessage]) -> list[MarketMessage]:
    """Everything but clocks."""
    return [m for m in messages if not isinstance(m, Clock)]

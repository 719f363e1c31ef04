"""Messages for the tests of basis, and a partition that takes them."""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import msgspec

from schemas.basis import Basis
from schemas.market import Index, Instrument, MarketMessage, Quote, Trade
from services.derivatives.app import build
from services.derivatives.core.state import UnderlyingState
from services.ingest.core.vn import futures, image
from services.ingest.core.vn.holidays import Calendar
from services.runtime.partition import Partition
from services.runtime.service import Service
from services.runtime.settings import Settings
from tests.unit.board.support import SECOND, clock, head, status

RATE, DIVIDENDS = 0.045, 0.015
DEC, JAN, MAR, JUN = "41I1GC000", "41I1H1000", "41I1H3000", "41I1H6000"
"""Contracts of VN30 that trade after 19 November 2026; the front of that day is NOV."""
NOV = "41I1GB000"
CALENDAR = Calendar({date(2026, 11, 24)})


def us(day: str, time: str) -> int:
    """A local time at UTC+7, µs since the epoch, and one more: whole seconds are of clocks."""
    local = datetime.fromisoformat(f"{day}T{time}+07:00").astimezone(UTC)
    return round(local.timestamp()) * SECOND + 1


def index(seq: int, value: float, phase: Any = "continuous", **more: Any) -> Index:
    return Index(**{**head(seq, "VN30"), "value": value, "phase": phase, **more})


def trade(seq: int, price: float, symbol: str = DEC, **more: Any) -> Trade:
    return Trade(**{**head(seq, symbol), "price": price, "volume": 1, **more})


def quote(seq: int, bid: float | None, ask: float | None, symbol: str = DEC) -> Quote:
    def side(price: float | None) -> list[tuple[float, int | float]]:
        return [] if price is None else [(price, 5)]

    return Quote(**head(seq, symbol), bids=side(bid), asks=side(ask))


@cache
def listed(day: str, seq: int) -> tuple[Instrument, ...]:
    """The day's image of VN30 futures, as ingest makes it."""
    today = date.fromisoformat(day)
    found = futures.listed("VN30", today, CALENDAR)
    return tuple(
        msgspec.structs.replace(
            image.future(contract, today, CALENDAR, None),
            feed="ssi",
            seq=seq + n,
            ts_ms=seq // 1000,
        )
        for n, contract in enumerate(found)
    )


def begun(day: str = "2026-11-20", time: str = "08:30:00") -> list[MarketMessage]:
    """A day's image and the phases before the opening."""
    seq = us(day, time)
    phases = (status(seq + 10 + n, "pre_open", x) for n, x in enumerate(("HOSE", "DERIVATIVES")))
    return [*listed(day, seq), *phases]


@cache
def service(**more: Any) -> Service[UnderlyingState]:
    options: dict[str, Any] = {"derivatives_rate": RATE, "derivatives_dividend_yield": DIVIDENDS}
    return build(Settings(**{**options, **more}))


class Desk:
    """One input partition, run by the pump's rules; `records` are what it wrote."""

    def __init__(self, *first: MarketMessage, **settings: Any) -> None:
        self.records: list[bytes] = []
        self._service = service(**settings)
        self.state = self._new()
        self.take(*first)

    def _new(self) -> Partition[UnderlyingState]:
        sinks = {Basis: lambda _key, value: self.records.append(value)}
        return Partition(self._service, sinks, [])

    def take(self, *messages: MarketMessage) -> list[Basis]:
        """Give messages as one record; the rows that came out."""
        before = len(self.records)
        assert self.state.run(self.state.next_offset, messages) == []
        return rows_of(self.records[before:])

    def restart(self) -> None:
        """Go on from the encoded state."""
        data, offset = self.state.encode(), self.state.next_offset
        self.state = self._new()
        self.state.restore(data, offset)

    def rows(self, *messages: MarketMessage) -> dict[str, Basis]:
        """Give messages and the clock after them; the rows that came out, by contract."""
        return {row.symbol: row for row in self.take(*messages, clock(messages[-1].seq))}

    def row(self, *messages: MarketMessage, symbol: str = DEC) -> Basis:
        """The one of a contract."""
        return self.rows(*messages)[symbol]

    def until(self, seq: int, last: int) -> dict[str, Basis]:
        """The clocks of every second from the one after `seq` to `last`; each last row."""
        rows = self.take(*(clock(at) for at in range(seq, last, SECOND)))
        return {row.symbol: row for row in rows}


def rows_of(records: list[bytes]) -> list[Basis]:
    return [msgspec.json.decode(value, type=Basis) for value in records]


def trading(day: str = "2026-11-20") -> Desk:
    """A day at 09:20:00: stocks and derivatives trade continuously."""
    desk = Desk(*begun(day))
    desk.take(
        status(us(day, "08:45:00"), "ato", "DERIVATIVES"),
        status(us(day, "09:00:00"), "ato", "HOSE"),
        status(us(day, "09:00:00") + 1, "continuous", "DERIVATIVES"),
        status(us(day, "09:15:00"), "continuous", "HOSE"),
        clock(us(day, "09:19:59")),
    )
    return desk

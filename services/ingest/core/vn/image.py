"""
Messages of `market` made from reference data.

Their seq, ts_ms and feed are given by ingest when they enter the tape.
"""

from collections.abc import Sequence
from datetime import date

import msgspec

from schemas.base import BROADCAST, Phase
from schemas.market import Basket, Instrument, Member, Status
from services.ingest.core.vn import futures
from services.ingest.core.vn.holidays import Calendar
from services.ingest.core.vn.instruments import (
    FUTURE_STEPS,
    INDEX_MULTIPLIER,
    Limits,
    lot,
    price_limits,
    price_steps,
)
from services.ingest.core.vn.reference_rows import InstrumentRow, PriceRow, SectorRow, WeightRow
from services.ingest.core.vn.reviews import next_review
from services.ingest.core.vn.schedule import Exchange

VENUE = "VN"
_NOWHERE = 0


def instrument(row: InstrumentRow, sector: SectorRow | None, price: PriceRow | None) -> Instrument:
    """
    A share, a fund or an index. Where `price` has no limits they follow from the rule, by the
    first-day band when its day is the first of trading.
    """
    limits = None
    if price is not None:
        first = price.effective_date == row.first_trading_day
        limits = _given(price) or price_limits(price.reference, row.exchange, row.kind, first)
    return Instrument(
        symbol=row.symbol,
        feed="",
        seq=_NOWHERE,
        ts_ms=_NOWHERE,
        venue=VENUE,
        exchange=row.exchange,
        kind=row.kind,
        name_vi=row.name_vi,
        name_en=row.name_en,
        isin=row.isin,
        sector=sector.sector if sector else None,
        first_trading_day=_iso(row.first_trading_day),
        last_trading_day=_iso(row.last_trading_day),
        lot=lot(row.kind),
        price_steps=list(price_steps(row.exchange, row.kind)),
        reference=price.reference if price else None,
        ceiling=limits.ceiling if limits else None,
        floor=limits.floor if limits else None,
        listed_shares=row.listed_shares,
    )


def future(
    contract: futures.Contract, day: date, calendar: Calendar, price: PriceRow | None
) -> Instrument:
    """
    An index future as it is on `day`, with the aliases of that day.

    Raises:
        ValueError: for a bond future.
    """
    limits = None
    if price is not None:
        limits = _given(price) or price_limits(price.reference, "DERIVATIVES", "future")
    return Instrument(
        symbol=futures.code(contract, calendar),
        feed="",
        seq=_NOWHERE,
        ts_ms=_NOWHERE,
        venue=VENUE,
        exchange="DERIVATIVES",
        kind="future",
        aliases=futures.aliases(contract, day, calendar),
        underlying=contract.underlying,
        first_trading_day=futures.first_trading_day(contract, calendar).isoformat(),
        last_trading_day=futures.last_trading_day(contract, calendar).isoformat(),
        multiplier=INDEX_MULTIPLIER,
        lot=lot("future"),
        price_steps=list(FUTURE_STEPS),
        reference=price.reference if price else None,
        ceiling=limits.ceiling if limits else None,
        floor=limits.floor if limits else None,
    )


def basket(rows: Sequence[WeightRow], day: date) -> Basket:
    """
    An index's members (all of one first day) as they are known on `day`.

    `source` names the columns that are unverified, and the first review since that is missing.
    """
    index, start = rows[0].index, rows[0].effective_date
    source = rows[0].source
    if columns := sorted({column for row in rows for column in row.unverified.split()}):
        source += f"; unverified: {', '.join(columns)}"
    review = next_review(start)
    if review <= day:
        source += f"; unverified since {review}: the review of that day is not in the data"
    return Basket(
        symbol=index,
        feed="",
        seq=_NOWHERE,
        ts_ms=_NOWHERE,
        members=[Member(row.symbol, row.shares, row.free_float, row.cap) for row in rows],
        effective_date=start.isoformat(),
        source=source,
    )


def status(exchange: Exchange, phase: Phase) -> Status:
    """A phase of a whole exchange, for everybody."""
    return Status(
        symbol=BROADCAST,
        feed="",
        seq=_NOWHERE,
        ts_ms=_NOWHERE,
        venue=VENUE,
        exchange=exchange,
        phase=phase,
    )


def restriction(row: InstrumentRow) -> Status | None:
    """What holds all day for this symbol instead of its exchange's phases."""
    if row.restriction is None:
        return None
    return msgspec.structs.replace(status(row.exchange, row.restriction), symbol=row.symbol)


def _given(price: PriceRow) -> Limits | None:
    if price.ceiling is None or price.floor is None:
        return None
    return Limits(price.ceiling, price.floor)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()

"""A symbol's figures into `auction`, `day`, `foreign` and `open_interest` messages."""

from typing import Literal, NamedTuple
from zlib import crc32

from schemas.market import Auction, Day, Foreign, OpenInterest
from services.ingest.core.feed import Output
from services.ingest.core.records import Raw
from services.ingest.core.vn.chains import ForeignChain
from services.ingest.core.vn.phases import AUCTIONS
from services.ingest.core.vn.state import DayFigures, Expected
from services.ingest.core.vn.subject import Subject


class Totals(NamedTuple):
    """The day so far; prices in the quote unit, `value` in VND."""

    open: float | None
    high: float | None
    low: float | None
    average: float | None
    volume: int | None
    value: float | None


class ForeignTotals(NamedTuple):
    """Foreign trading of the day so far; values in VND."""

    buy: int
    sell: int
    buy_value: float | None
    sell_value: float | None
    total_room: int | None
    room: int | None


def tell_auction(
    raw: Raw, out: Output, about: Subject, price: float | None, volume: int | None = None
) -> bool:
    """Give an `auction` message when an auction is on and its estimate changed."""
    symbol, state, at, phase = about.symbol, about.state, about.at, about.phase
    if phase not in AUCTIONS or not price:
        return False
    expected = Expected(at.day, phase, price, volume)
    if expected == state.expected:
        return False
    state.expected = expected
    about.keep()
    out.messages.append(
        Auction(
            symbol=symbol,
            feed=raw.feed,
            seq=out.next_seq(),
            ts_ms=at.ts_ms,
            ts_source=at.source,
            expected_price=price,
            expected_volume=volume,
            phase=phase,
        )
    )
    return True


def tell_day(raw: Raw, out: Output, about: Subject, totals: Totals) -> bool:
    """
    Give a `day` message when open, high or low changed.

    Totals alone give none: each trade carries them.
    """
    symbol, state, at = about.symbol, about.state, about.at
    figures = DayFigures(at.day, totals.open or None, totals.high or None, totals.low or None)
    if figures == state.figures or not (figures.open or figures.high or figures.low):
        return False
    state.figures = figures
    about.keep()
    out.messages.append(
        Day(
            symbol=symbol,
            feed=raw.feed,
            seq=out.next_seq(),
            ts_ms=at.ts_ms,
            ts_source=at.source,
            open=figures.open,
            high=figures.high,
            low=figures.low,
            average=totals.average or None,
            total_volume=totals.volume,
            total_value=totals.value,
        )
    )
    return True


def tell_odd_lots(raw: Raw, out: Output, about: Subject, total: int) -> None:
    """Give a `day` message with the odd-lot board's volume and nothing else."""
    state, at = about.state, about.at
    chain = state.odd_lot
    if chain is None or chain.day != at.day:
        chain = ForeignChain(at.day, 0, 0, 0, -1)
    verdict = chain.judge(total, 0, 0, total)
    state.odd_lot = chain
    about.keep()
    if verdict != "new":
        out.drop(verdict)
        return
    chain.accept(total, 0, 0, total)
    out.messages.append(
        Day(
            symbol=about.symbol,
            feed=raw.feed,
            seq=out.next_seq(),
            ts_ms=at.ts_ms,
            ts_source=at.source,
            odd_lot_volume=total,
        )
    )


def tell_foreign(
    raw: Raw,
    out: Output,
    about: Subject,
    totals: ForeignTotals,
    basis: Literal["vendor", "price_times_volume"],
) -> bool:
    """Give a `foreign` message; volumes that go back, and repeats, are counted drops."""
    state, at = about.state, about.at
    check = crc32(repr(totals).encode())
    chain = state.foreign
    if chain is None or chain.day != at.day:
        chain = ForeignChain(at.day, 0, 0, 0, 0)
    verdict = chain.judge(totals.buy, totals.sell, at.ts_ms, check)
    state.foreign = chain
    about.keep()
    if verdict != "new":
        out.drop(verdict)
        return False
    chain.accept(totals.buy, totals.sell, at.ts_ms, check)
    out.messages.append(
        Foreign(
            symbol=about.symbol,
            feed=raw.feed,
            seq=out.next_seq(),
            ts_ms=at.ts_ms,
            ts_source=at.source,
            total_room=totals.total_room,
            current_room=totals.room,
            buy_volume=totals.buy,
            sell_volume=totals.sell,
            buy_value=totals.buy_value,
            sell_value=totals.sell_value,
            value_basis=basis,
        )
    )
    return True


def tell_open_interest(raw: Raw, out: Output, about: Subject, value: int) -> bool:
    """Give an `open_interest` message when it changed since the last of that day."""
    state, at = about.state, about.at
    if state.open_interest == (at.day, value):
        return False
    state.open_interest = (at.day, value)
    about.keep()
    out.messages.append(
        OpenInterest(
            symbol=about.symbol,
            feed=raw.feed,
            seq=out.next_seq(),
            ts_ms=at.ts_ms,
            ts_source=at.source,
            value=value,
        )
    )
    return True

"""R: foreign trading; OL: odd lots; MI: index values; F: statuses; B: fills."""

from typing import Literal
from zlib import crc32

from schemas.market import Candle, Index, Status
from services.ingest.core.feed import BadFrame, Output
from services.ingest.core.records import Raw
from services.ingest.core.ssi_v2.frames import (
    IndexData,
    bars,
    foreigns,
    indices,
    odd_lots,
    statuses,
)
from services.ingest.core.ssi_v2.subject import subject_of
from services.ingest.core.vn.chains import PRICE_RATIO, TimeChain
from services.ingest.core.vn.codes import session_phase, trading_status
from services.ingest.core.vn.figures import ForeignTotals, tell_foreign, tell_odd_lots
from services.ingest.core.vn.numbers import money, whole, whole_or_none
from services.ingest.core.vn.phases import said
from services.ingest.core.vn.prints import NO_VOLUME, Print, tell_trade
from services.ingest.core.vn.sources import Kind
from services.ingest.core.vn.state import Symbols
from services.ingest.core.vn.subject import Subject, need

INDEX_RATIO = 1.2
"""An index does not move further within a day: its members' limits are 7 to 15 %."""


class Foreigns:
    """
    Makes `foreign` messages.

    HOSE's values are volume x last price, SSI's own approximation (its documentation).
    """

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols

    def decode(self, raw: Raw, out: Output) -> None:
        """One R message."""
        d = foreigns.read(raw.value)
        about = subject_of(raw, out, d, self._symbols)
        if about is None:
            return
        totals = ForeignTotals(
            buy=whole(need(d.BuyVol, "BuyVol"), "BuyVol"),
            sell=whole(need(d.SellVol, "SellVol"), "SellVol"),
            buy_value=money(d.BuyVal),
            sell_value=money(d.SellVal),
            total_room=whole_or_none(d.TotalRoom, "TotalRoom"),
            room=whole_or_none(d.CurrentRoom, "CurrentRoom"),
        )
        basis: Literal["vendor", "price_times_volume"] = (
            "price_times_volume" if about.exchange == "HOSE" else "vendor"
        )
        tell_foreign(raw, out, about, totals, basis)


class OddLots:
    """Makes `day` messages with the odd-lot board's volume, and never anything else."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols

    def decode(self, raw: Raw, out: Output) -> None:
        """One OL message."""
        d = odd_lots.read(raw.value)
        about = subject_of(raw, out, d, self._symbols)
        if about is not None:
            total = whole(need(d.TotalVol, "TotalVol"), "TotalVol")
            tell_odd_lots(raw, out, about, total)


class Indices:
    """Makes `index` messages."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols

    def decode(self, raw: Raw, out: Output) -> None:
        """One MI message."""
        d = indices.read(raw.value)
        about = subject_of(raw, out, d, self._symbols)
        if about is None:
            return
        symbol, state, at = about.symbol, about.state, about.at
        value = need(d.IndexValue, "IndexValue")
        if value <= 0:
            raise BadFrame("bad_number", f"IndexValue must be positive, was {value}")
        chain = state.index
        if chain is None or chain.day != at.day:
            chain = TimeChain(at.day, 0, 0)
            if d.PriorIndexValue:
                chain.price.accept(d.PriorIndexValue, INDEX_RATIO)
        check = crc32(repr((value, d.TotalQtty, d.TotalQttyPt, d.Advances, d.Declines)).encode())
        verdict = chain.judge(at.ts_ms, check)
        state.index = chain
        if verdict != "new":
            out.drop(verdict)
        elif not chain.price.accept(value, INDEX_RATIO):
            out.reject("absurd_price", f"{symbol}: {value}, last believed {chain.price.accepted}")
        else:
            chain.accept(at.ts_ms, check)
            out.messages.append(_index(raw, out, d, about))
        about.keep()


def _index(raw: Raw, out: Output, d: IndexData, about: Subject) -> Index:
    # VN30's breadth is all zeros after the close: nobody knows, rather than nobody moved.
    known = bool(d.Advances or d.Declines or d.NoChanges)
    return Index(
        symbol=about.symbol,
        feed=raw.feed,
        seq=out.next_seq(),
        ts_ms=about.at.ts_ms,
        ts_source=about.at.source,
        value=need(d.IndexValue, "IndexValue"),
        prior=d.PriorIndexValue or None,
        estimated_value=d.IndexValEst or None,
        phase=about.phase,
        advances=whole_or_none(d.Advances, "Advances") if known else None,
        declines=whole_or_none(d.Declines, "Declines") if known else None,
        unchanged=whole_or_none(d.NoChanges, "NoChanges") if known else None,
        ceilings=whole_or_none(d.Ceilings, "Ceilings") if known else None,
        floors=whole_or_none(d.Floors, "Floors") if known else None,
        total_volume=whole_or_none(d.TotalQtty, "TotalQtty"),
        total_value=money(d.TotalValue),
        put_through_volume=whole_or_none(d.TotalQttyPt, "TotalQttyPt"),
        put_through_value=money(d.TotalValuePt),
    )


class Statuses:
    """Makes `status` messages of single symbols, when what is said of one changes."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols

    def decode(self, raw: Raw, out: Output) -> None:
        """One F message."""
        d = statuses.read(raw.value)
        about = subject_of(raw, out, d, self._symbols)
        if about is None:
            return
        symbol, state, at = about.symbol, about.state, about.at
        last = state.phase
        if last is not None and last.day == at.day and at.ts_ms < last.ts_ms:
            out.drop("stale")
            return
        code = trading_status(d.TradingStatus)
        now = said(last, about.hours, at, session_phase(d.TradingSession), code)
        state.phase = now
        about.keep()
        if last is not None and (last.day, last.phase, last.trading_status) == (
            now.day,
            now.phase,
            now.trading_status,
        ):
            out.drop("duplicate")
            return
        out.messages.append(
            Status(
                symbol=symbol,
                feed=raw.feed,
                seq=out.next_seq(),
                ts_ms=at.ts_ms,
                ts_source=at.source,
                venue=raw.venue,
                exchange=about.exchange,
                phase=now.phase,
                trading_status=code,
            )
        )


class Bars:
    """
    Makes `trade` or `candle` messages of B; `kind` is which.

    Each is one fill (an index: its growth). True fills repeat to the letter and nothing
    numbers them, so none is ever taken for a repeat.
    """

    def __init__(self, symbols: Symbols, kind: Kind) -> None:
        self._symbols, self._kind = symbols, kind

    def decode(self, raw: Raw, out: Output) -> None:
        """One B message."""
        d = bars.read(raw.value)
        about = subject_of(raw, out, d, self._symbols)
        if about is None:
            return
        prices = [need(p, "a price") for p in (d.Open, d.High, d.Low, d.Close)]
        volume = whole(need(d.Volume, "Volume"), "Volume")
        if min(prices) <= 0 or prices[1] != max(prices) or prices[2] != min(prices):
            raise BadFrame("bad_number", f"open, high, low, close cannot be {prices}")
        self._believe(about, prices[3])
        if self._kind == "candle":
            out.messages.append(_candle(raw, out, about, prices, volume))
        elif volume == 0:
            out.drop(NO_VOLUME)
        else:
            tell_trade(raw, out, about, Print(prices[3], volume, None, None, None))

    def _believe(self, about: Subject, price: float) -> None:
        symbol, state, at = about.symbol, about.state, about.at
        chain = state.candle
        if chain is None or chain.day != at.day:
            chain = TimeChain(at.day, 0, 0)
            chain.price.accepted = about.facts.reference or 0.0
        state.candle = chain
        about.keep()
        if not chain.price.accept(price, PRICE_RATIO):
            raise BadFrame(
                "absurd_price", f"{symbol}: {price}, last believed {chain.price.accepted}"
            )


def _candle(raw: Raw, out: Output, about: Subject, prices: list[float], volume: int) -> Candle:
    return Candle(
        symbol=about.symbol,
        feed=raw.feed,
        seq=out.next_seq(),
        ts_ms=about.at.ts_ms,
        ts_source=about.at.source,
        interval="tick",
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        volume=volume,
        closed=True,
        source="ssi-b",
    )

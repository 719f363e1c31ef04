"""Replies of SSI's REST service that stand on the tape: minute bars of what a stream lost."""

import msgspec

from schemas.market import Candle
from services.ingest.core.feed import BadFrame, Output
from services.ingest.core.records import Raw
from services.ingest.core.vn.chains import PRICE_RATIO
from services.ingest.core.vn.codes import symbol_of
from services.ingest.core.vn.numbers import Price, Quantity, whole
from services.ingest.core.vn.state import Symbols
from services.ingest.core.vn.subject import STALE_DAY, need
from services.ingest.core.vn.times import Moment, moment

INTRADAY = "IntradayOhlc"
"""The request, and the kind of channel that its replies have: `vn.IntradayOhlc`."""
DAILY_PRICES = "DailyStockPrice"
"""The same of the vendor's official figures, which reports read."""
SOURCE = "rest"
MINUTE_MS = 60_000
NOTHING_LOST = "no_lost_minute"
"""Drop: a reply without a bar of a minute of which something was lost."""


FOR_REPORTS = "for_reports"
"""Drop: a reply that only reports read."""


class Envelope(msgspec.Struct, frozen=True):
    """
    A reply, and what it was asked for.

    Attributes:
        symbol: ours.
        lost: stretches of exchange time, [from, to], ms since the epoch.
        reply: verbatim.
    """

    symbol: str
    lost: list[tuple[int, int]]
    reply: msgspec.Raw


class _Reply(msgspec.Struct):
    data: list[msgspec.Raw] | None


class _Row(msgspec.Struct, rename="pascal"):
    """Numbers are strings. `Value` equals `Close` and is no turnover, so it is not read."""

    symbol: str
    trading_date: str
    time: str
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Quantity


_envelopes = msgspec.json.Decoder(Envelope)
_replies = msgspec.json.Decoder(_Reply)
_rows = msgspec.json.Decoder(_Row, strict=False)


def keep_prices(raw: Raw, out: Output) -> None:
    """
    One reply to DailyStockPrice: nothing of it is `market`'s.

    Raises:
        BadFrame: `malformed` when it is none.
    """
    try:
        _replies.decode(raw.value)
    except (msgspec.DecodeError, ValueError, RecursionError) as e:
        raise BadFrame("malformed", str(e)) from e
    out.drop(FOR_REPORTS)


class MinuteBars:
    """
    Makes `candle` messages of IntradayOhlc's bars, and never trades: no volume is counted twice.

    Only of minutes that were over when the reply came and that a loss touches. `ts_ms` is the
    minute's beginning: the vendor's time is that of the bar's last trade. It keeps no state.
    """

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols

    def decode(self, raw: Raw, out: Output) -> None:
        """One reply; a row that is wrong is dead-lettered, the others stand."""
        try:
            envelope = _envelopes.decode(raw.value)
            rows = _replies.decode(envelope.reply).data or []
        except (msgspec.DecodeError, ValueError, RecursionError) as e:
            raise BadFrame("malformed", str(e)) from e
        symbol, before = symbol_of(envelope.symbol), len(out.messages) + len(out.dead)
        for row in rows:
            try:
                self._bar(raw, out, row, symbol, envelope.lost)
            except BadFrame as e:
                out.reject(e.code, f"{raw.channel} {symbol}: {e.why}")
        if len(out.messages) + len(out.dead) == before and not out.dropped:
            out.drop(NOTHING_LOST)

    def _bar(
        self, raw: Raw, out: Output, row: msgspec.Raw, symbol: str, lost: list[tuple[int, int]]
    ) -> None:
        try:
            d = _rows.decode(row)
        except (msgspec.DecodeError, ValueError, RecursionError) as e:
            raise BadFrame("malformed", str(e)) from e
        if symbol_of(d.symbol) != symbol:
            raise BadFrame("malformed", f"a bar of {d.symbol[:40]!r}")
        at = moment(raw.seq, d.trading_date, d.time)
        if at is None:
            out.drop(STALE_DAY)
            return
        begin_ms = at.ts_ms - at.ts_ms % MINUTE_MS
        over = begin_ms + MINUTE_MS <= raw.seq // 1000
        if over and any(a < begin_ms + MINUTE_MS and begin_ms <= b for a, b in lost):
            out.messages.append(self._candle(raw, out, d, symbol, at, begin_ms))

    def _candle(
        self, raw: Raw, out: Output, d: _Row, symbol: str, at: Moment, begin_ms: int
    ) -> Candle:
        opened, high, low, close = (need(p, "a price") for p in (d.open, d.high, d.low, d.close))
        if low <= 0 or not low <= min(opened, close) <= max(opened, close) <= high:
            raise BadFrame(
                "bad_number", f"open, high, low, close cannot be {[opened, high, low, close]}"
            )
        usual = self._symbols.known.of(symbol).reference
        if usual and not (usual <= low * PRICE_RATIO and high <= usual * PRICE_RATIO):
            raise BadFrame("absurd_price", f"{low} to {high}, the day's reference is {usual}")
        volume = whole(need(d.volume, "Volume"), "Volume")
        return Candle(
            symbol=symbol,
            feed=raw.feed,
            seq=out.next_seq(),
            ts_ms=begin_ms,
            ts_source=at.source,
            interval="1m",
            open=opened,
            high=high,
            low=low,
            close=close,
            volume=volume,
            closed=True,
            source=SOURCE,
        )

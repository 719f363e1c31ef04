"""`bars`: what traded in a span of time, of trades, of volume or of price, and who was active."""

from typing import Literal

from schemas.base import Derived, Phase, Venue, Volume

BarKind = Literal["time", "tick", "volume", "range"]

BarPhase = Phase | Literal["day"]
"""Of a bar of one day `day`: it holds all phases. Every other bar is of one phase."""


class Bar(Derived, frozen=True, kw_only=True, gc=False, tag="bar"):
    """
    One bar of the main board, or of an index's values.

    A bar is named by (symbol, interval, ts_ms, phase, number); a message replaces those before
    it of the same name: the newest `(seq, part)` counts. An open bar comes when it has changed,
    at most once a second; then once as `final`; then only when a late trade corrects it. A bar
    is the fold of its trades in the order of `seq`: `open` is the first that came, `close` the
    last.

    Bars of one interval have no trade in common and miss none: their sums are the sums of the
    trades. An auction stands in bars of its own (phase `ato`, `atc`), beside a bar of
    continuous trading that begins at the same time; trades stamped in the break belong to the
    bar before it. No bar but that of a day spans the break.

    Attributes:
        seq: of the clock, or the trade, that published it.
        ts_ms: where it begins. Time bars: the start of the span (of a day local midnight: VN at
            UTC+7, crypto at UTC); others: the time of the first trade.
        interval: the setting's own word: `5m`, `100t` (trades), `100000v` (volume), `0.5%`
            (range, of the day's reference price).
        phase: of its trades; `continuous` holds those of the break and of a halt, `atc` what HOSE
            stamps after it.
        number: time bars: 0; a trade that comes when its bar is no longer held (30 s after it
            was final) makes a bar beside it with the next free number of the symbol, to be
            added. Others: counts the bars of the day.
        end_ms: time bars: where the span ends (not in it), at the latest where trading does;
            others: the time of the last trade.
        volume, trades: prints, of all sides. Of an index: its volume since the value before,
            and its values.
        vwap: mean price by volume; null without volume, and for an index.
        buy_volume, sell_volume: of trades with an active side; the rest of `volume` has none.
            These and the deltas are null for an index.
        delta: buy - sell. min_delta, max_delta: the least and the most it was within the bar,
            beginning with 0.
        final: the bar is over: a clock of the venue is past its end and the time for which late
            trades are waited for (VN 3 s, crypto 1 s).
        revision: 0; one more with each message after the first final one.
    """

    venue: Venue
    interval: str
    kind: BarKind
    phase: BarPhase
    number: int
    end_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: Volume
    vwap: float | None
    trades: int
    buy_volume: Volume | None
    sell_volume: Volume | None
    delta: Volume | None
    min_delta: Volume | None
    max_delta: Volume | None
    final: bool
    revision: int

"""
Which quote was in force when a trade was made.

Channels outrun each other, a burst is printed up to hundreds of ms after it was matched, and
a quote that already holds the trade's effect flips the quote rule. A *view* is a way to step
back from the newest quote: by a number of quotes, or to the trade's own moment less an
offset. Views are scored, never with a vendor's flag: by the share of prints that meet the
view's best bid or ask, counted negative where the tick rule says the other side. A matching
engine prints at the resting price, so the better a view is aligned the more prints it meets;
a view from after the trade meets them too, at the wrong side, and the tick rule tells. The
best view is used. Offsets are probed around a centre that follows the best of them, at scales
from one tick of the clock (1 ms) up, so no delay is assumed and a drifting one is followed.
"""

from schemas.market import Trade
from services.classifier.core.state import Best, SymbolState

OFFSETS_US = tuple(1000 * ms for ms in (-256, -64, -16, -4, -1, 0, 1, 4, 16, 64, 256))
"""Views by time: the prices in force this long before the trade's moment less the centre."""

LAGS = (0, 1, 2, 3, 5, 8, 13, 21)
"""Views by order: the prices that many quotes before the newest."""

CENTRE = OFFSETS_US.index(0)
TIMED = len(OFFSETS_US)
VIEWS = TIMED + len(LAGS)
NEAREST_FIRST = (*sorted(range(TIMED), key=lambda v: abs(OFFSETS_US[v])), *range(TIMED, VIEWS))
"""The order in which equally good views are preferred."""

_REACH_US, _REACH = OFFSETS_US[-1], LAGS[-1]

MEMORY = 1024
"""
Leads are means of about so many prints, of those that tell views apart.

Views a tick of the clock apart differ on few prints, so it must be long; a change of delay is
still seen within tens of prints, since what varied little before makes the test sharp.
"""

WARM = 16
"""Prints before a test can be made at all."""

CERTAIN = 3.0
"""Standard errors by which a view must lead the one in use to displace it."""

TRANSIT_WINDOW_US = 60_000_000
"""The least transit is over one to two of these: long enough to meet an idle channel, short
enough that free-running clocks (10 to 50 ppm) drift by only a few ms."""


def moment_us(state: SymbolState, trade: Trade) -> int:
    """
    When the trade was made, on the clock of the moments in `best`.

    With stamped quotes that is the trade's stamp. Quotes without a stamp have only arrival:
    then it is the stamp plus the least transit a trade has had lately, which is when the
    trade would have come, had it not waited. A trade without a stamp has its arrival.
    """
    if trade.ts_source != "exchange":
        return trade.seq
    stamp_us = trade.ts_ms * 1000
    return stamp_us if state.stamped else stamp_us + _least_transit_us(state, trade, stamp_us)


def settled(state: SymbolState, moment: int) -> bool:
    """Whether every view sees the newest best prices, so that there is nothing to choose."""
    _, _, since, ordinal = state.best[-1]
    return ordinal <= state.quotes - _REACH and since < moment - state.centre_us - _REACH_US


def align(state: SymbolState, price: float, moment: int) -> int:
    """Index in `best` (not empty) of the prices in force at `moment`; scores the views."""
    best, cut, quotes = state.best, moment - state.centre_us, state.quotes
    if not state.leads:
        state.view = CENTRE
        _begin(state)
    at = []
    i = len(best) - 1
    for offset in OFFSETS_US:
        while i and best[i][2] >= cut - offset:
            i -= 1
        at.append(i)
    i = len(best) - 1
    for lag in LAGS:
        while i and best[i][3] > quotes - lag:
            i -= 1
        at.append(i)
    if state.tick:
        verdicts = [_verdict(best[i], price) for i in at]
        if min(verdicts) != max(verdicts):
            _learn(state, verdicts)
            _choose(state)
    return at[state.view]


def is_timed(state: SymbolState) -> bool:
    """Whether the view in use goes by time, not by order."""
    return state.view < TIMED


def _least_transit_us(state: SymbolState, trade: Trade, stamp_us: int) -> int:
    transit, least = trade.seq - stamp_us, state.transit_us
    if least is None or trade.seq - state.transit_since > TRANSIT_WINDOW_US:
        state.earlier_transit_us, state.transit_us = least, transit
        state.transit_since, least = trade.seq, transit
    elif transit < least:
        state.transit_us = least = transit
    earlier = state.earlier_transit_us
    return least if earlier is None or least < earlier else earlier


def _verdict(held: Best, price: float) -> int:
    return (held[1] == price) - (held[0] == price)


def _begin(state: SymbolState) -> None:
    state.leads, state.squares, state.learned = [0.0] * VIEWS, [0.0] * VIEWS, 0


def _learn(state: SymbolState, verdicts: list[int]) -> None:
    if state.learned < MEMORY:
        state.learned += 1
    rate, tick, leads, squares = 1 / state.learned, state.tick, state.leads, state.squares
    mine = verdicts[state.view]
    for view, verdict in enumerate(verdicts):
        difference = (verdict - mine) * tick
        leads[view] += (difference - leads[view]) * rate
        squares[view] += (difference * difference - squares[view]) * rate


def _choose(state: SymbolState) -> None:
    leads = state.leads
    top = max(leads)
    if state.learned < WARM or top <= 0:
        return
    chosen = next(view for view in NEAREST_FIRST if leads[view] == top)
    if top * top * state.learned <= CERTAIN * CERTAIN * state.squares[chosen]:
        return
    if chosen < TIMED:
        state.centre_us += OFFSETS_US[chosen]
        chosen = CENTRE
    state.view = chosen
    _begin(state)

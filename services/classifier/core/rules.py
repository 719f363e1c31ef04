"""
The aggressor of one print, by the first rule that can tell.

| rule | the side is |
|---|---|
| run | its predecessor's: same price and same instant, or no quote between: one order |
| sweep | the direction of the price: same instant, another price: one order walking the book |
| quote | buy at the best ask, sell at the best bid, of the quote in force (alignment.py) |
| near | the same, of the nearest quote in time that has the price as its best |
| outside | buy above the ask, sell below the bid |
| inside | that of the nearer of bid and ask, on a venue with hidden orders |
| tick | the direction of the last change of price |

Where no quote is newer than the trade itself the prints know the price better than the
quotes, and the tick rule stands before near and outside.
"""

from math import inf

from schemas.market import Trade
from services.classifier.core.alignment import align, is_timed, moment_us, settled
from services.classifier.core.state import Best, SymbolState

BUY, SELL, UNKNOWN = 1, -1, 0

NEAR = 8
"""Changes of the best prices looked at on either side of the aligned one."""

HIDDEN_RATE = 1 / 256
HIDDEN = 0.02
"""Share of prints inside a settled spread from which on a venue is held to have hidden orders.
Without such orders nothing can trade there, and the share is about nil."""

Verdict = tuple[int, str, str]
"""
Side, rule, situation.

The situation is what confidence goes by: a rule and what spoke against it; for a run that of
the print it continues. With an unknown side rule and situation are empty.
"""

NO_VERDICT: Verdict = (UNKNOWN, "", "")


def infer(state: SymbolState, trade: Trade) -> Verdict:
    """
    Judge a print of the main board and remember it.

    A function of the state and of the trade's price, times and order, never of its flag.
    """
    price, last = trade.price, state.price
    _follow(state, price)
    stamped = trade.ts_source == "exchange"
    if stamped and trade.ts_ms % 1000:
        state.whole_seconds = False
    exact = stamped and not state.whole_seconds
    moment = moment_us(state, trade)
    together = trade.ts_ms == state.ts_ms if exact else state.quotes == state.quotes_then
    if not (together and state.side):
        verdict = _first(state, price, last, moment, exact)
    elif price == last:
        verdict = state.side, "run", state.situation
    else:
        verdict = state.tick, "sweep", "sweep"
    state.price, state.ts_ms, state.quotes_then = price, trade.ts_ms, state.quotes
    state.side, _, state.situation = verdict
    return verdict


def pass_over(state: SymbolState, price: float) -> None:
    """Remember a print without an aggressor (an auction's): the tick rule goes on from it."""
    _follow(state, price)
    state.price, state.side, state.situation = price, UNKNOWN, ""


def _follow(state: SymbolState, price: float) -> None:
    if state.price is not None and price != state.price:
        state.tick = BUY if price > state.price else SELL


def _first(
    state: SymbolState, price: float, last: float | None, moment: int, exact: bool
) -> Verdict:
    best, tick = state.best, state.tick
    if not best:
        return _by_tick(tick, "tick alone")
    calm = settled(state, moment)
    i = len(best) - 1 if calm else align(state, price, moment)
    bid, ask, _, _ = best[i]
    if ask == price != bid:
        return BUY, "quote", "quote" if calm else "quote moving"
    if bid == price != ask:
        return SELL, "quote", "quote" if calm else "quote moving"
    if price == last and state.side and state.quotes == state.quotes_then:
        return state.side, "run", state.situation
    between = -inf < bid < price < ask < inf
    if calm:
        state.hidden += (between - state.hidden) * HIDDEN_RATE
    if between and state.hidden > HIDDEN:
        return _inside(bid, ask, price, tick)
    behind = not exact or not is_timed(state) or state.quote_us < moment - state.centre_us
    if behind and tick:
        agrees = price > ask if tick == BUY else price < bid
        return tick, "tick", "tick outside" if agrees else "tick behind"
    return _near(best, i, price) or _outside(best[i], price, tick)


def _near(best: list[Best], i: int, price: float) -> Verdict | None:
    for j in range(i + 1, min(len(best), i + 1 + NEAR)):
        bid, ask, _, _ = best[j]
        if (ask == price) != (bid == price):
            return BUY if ask == price else SELL, "near", "near"
    for j in range(i - 1, max(-1, i - 1 - NEAR), -1):
        bid, ask, _, _ = best[j]
        if (ask == price) != (bid == price):
            return BUY if ask == price else SELL, "near", "near"
    return None


def _outside(held: Best, price: float, tick: int) -> Verdict:
    bid, ask, _, _ = held
    if price > ask and price > bid:
        return BUY, "outside", "outside" if tick == BUY else "outside contrary"
    if price < bid and price < ask:
        return SELL, "outside", "outside" if tick == SELL else "outside contrary"
    return _by_tick(tick, "tick lost")


def _inside(bid: float, ask: float, price: float, tick: int) -> Verdict:
    to_bid, to_ask = price - bid, ask - price
    if to_ask == to_bid:
        return _by_tick(tick, "tick middle")
    side = BUY if to_ask < to_bid else SELL
    return side, "inside", "inside" if side == tick else "inside contrary"


def _by_tick(tick: int, situation: str) -> Verdict:
    return (tick, "tick", situation) if tick else NO_VERDICT

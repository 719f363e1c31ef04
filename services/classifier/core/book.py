"""The history of the best prices, from quotes or, where there are none, from book deltas."""

from bisect import bisect_left, bisect_right
from math import inf

from schemas.base import Level, Phase
from schemas.market import BookDelta, Quote
from services.classifier.core.state import SymbolState

KEPT = 64
"""Changes of the best prices kept at least; trimmed at twice that, so trimming is rare."""

AUCTIONS: frozenset[Phase] = frozenset({"ato", "atc", "periodic"})

LEVELS = 256
"""Book levels kept a side when the book is built from deltas."""


def on_quote(state: SymbolState, quote: Quote) -> None:
    """
    Take the best prices of a quote of the main board; other boards are ignored.

    An auction's quotes are queues that cross, not a book, and what was resting before it is
    matched in it: the book begins anew with the first quote after.
    """
    if quote.board != "main":
        return
    if quote.phase in AUCTIONS:
        if state.best:
            forget(state)
        return
    if not state.quoted:
        forget(state)
        state.quoted = True
    bids, asks = quote.bids, quote.asks
    _remember(state, bids[0][0] if bids else -inf, asks[0][0] if asks else inf, quote)


def on_delta(state: SymbolState, delta: BookDelta) -> None:
    """
    Take changed levels; ignored once quotes are seen, for they are newer and cost less.

    Without a snapshot the book is what the deltas have touched, which after a few of them
    includes the best levels.
    """
    if state.quoted:
        return
    bids, asks = state.bid_levels, state.ask_levels
    if delta.snapshot:
        bids.clear()
        asks.clear()
    _apply(bids, [(-price, volume) for price, volume in delta.bids])
    _apply(asks, delta.asks)
    # A removal that was never sent leaves a crossed book: what was just set is the newer.
    if bids and asks and -bids[0] >= asks[0]:
        top = max((price for price, volume in delta.bids if volume), default=-inf)
        del asks[: bisect_right(asks, top)]
    if bids and asks and -bids[0] >= asks[0]:
        bottom = min((price for price, volume in delta.asks if volume), default=inf)
        del bids[: bisect_right(bids, -bottom)]
    _remember(state, -bids[0] if bids else -inf, asks[0] if asks else inf, delta)


def forget(state: SymbolState) -> None:
    """Drop what is known of the book: after a gap or a new phase it no longer holds."""
    state.best.clear()
    state.bid_levels.clear()
    state.ask_levels.clear()
    state.bid, state.ask, state.quoted = -inf, inf, False


def _remember(state: SymbolState, bid: float, ask: float, message: Quote | BookDelta) -> None:
    # With one side empty at the day's limit the whole queue is on the other; a print at the
    # ceiling is then a buy and one at the floor a sell (the repair of Lu & Wei 2009).
    if ask == inf and bid > -inf and state.ceiling is not None:
        ask = state.ceiling
        bid = bid if bid < ask else -inf
    elif bid == -inf and ask < inf and state.floor is not None:
        bid = state.floor
        ask = ask if ask > bid else inf
    state.quotes += 1
    state.stamped = message.ts_source == "exchange"
    state.quote_us = moment = message.ts_ms * 1000 if state.stamped else message.seq
    if bid == state.bid and ask == state.ask and state.best:
        return
    state.bid, state.ask = bid, ask
    best = state.best
    best.append((bid, ask, moment, state.quotes))
    if len(best) >= 2 * KEPT:
        del best[:KEPT]


def _apply(levels: list[float], changes: list[Level]) -> None:
    for price, volume in changes:
        at = bisect_left(levels, price)
        known = at < len(levels) and levels[at] == price
        if volume and not known:
            levels.insert(at, price)
        elif known and not volume:
            del levels[at]
    del levels[LEVELS:]

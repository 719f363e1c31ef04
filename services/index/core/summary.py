"""Breadth and sums of each scope, kept by adding what changes."""

from schemas.market_partials import Constituents, Share
from schemas.market_summary import MarketSummary, Scope
from services.index.core.figures import (
    COLUMNS,
    FOREIGN_BUY_VALUE,
    FOREIGN_BUY_VOLUME,
    FOREIGN_SELL_VALUE,
    FOREIGN_SELL_VOLUME,
    Market,
    ScopeState,
    figures,
)
from services.index.core.reduce import FEED, VENUE

UNKNOWN = "unknown"
"""The sector of a share whose sector nobody has told."""
_ORDER: dict[Scope, int] = {"market": 0, "exchange": 1, "index": 2, "sector": 3}


def begin_day(market: Market) -> None:
    """Nothing has been named or traded; what an index consists of stays."""
    market.shares = {}
    market.scopes = {name: ScopeState("index", [0] * COLUMNS) for name in market.indices}


def take(market: Market, share: Share) -> None:
    """A share's day as it is now, in place of what was known of it."""
    before = market.shares.get(share.symbol)
    now, old = figures(share), [0] * COLUMNS
    if before is not None:
        old = figures(before)
        if (before.exchange, before.sector) != (share.exchange, share.sector):
            _add(market, before, [(column, -each) for column, each in enumerate(old) if each])
            old = [0] * COLUMNS
    changes = [(c, n - o) for c, (n, o) in enumerate(zip(now, old, strict=True)) if n != o]
    _add(market, share, changes)
    market.shares[share.symbol] = share


def take_basket(market: Market, basket: Constituents) -> None:
    """An index consists of these from now on; before `estimate` is told."""
    sums = [0] * COLUMNS
    for member in {member.symbol for member in basket.members} & market.shares.keys():
        for column, each in enumerate(figures(market.shares[member])):
            sums[column] += each
    shown = market.scopes[basket.symbol].shown if basket.symbol in market.scopes else None
    market.scopes[basket.symbol] = ScopeState("index", sums, shown)


def _add(market: Market, share: Share, changes: list[tuple[int, int]]) -> None:
    for name, scope in _scopes(market, share):
        state = market.scopes.get(name)
        if state is None:
            state = market.scopes[name] = ScopeState(scope, [0] * COLUMNS)
        sums = state.sums
        for column, change in changes:
            sums[column] += change


def _scopes(market: Market, share: Share) -> list[tuple[str, Scope]]:
    found: list[tuple[str, Scope]] = [
        (VENUE, "market"),
        (share.exchange, "exchange"),
        (share.sector or UNKNOWN, "sector"),
    ]
    found += (
        (index.symbol, "index")
        for index in market.indices.values()
        if share.symbol in index.members
    )
    return found


def close(market: Market, seq: int, day: str) -> list[MarketSummary]:
    """The scopes whose sums have changed: the market, exchanges, indices, sectors, by name."""
    changed = [
        (_ORDER[state.scope], name, state)
        for name, state in market.scopes.items()
        if state.sums != state.shown and (state.shown is not None or any(state.sums))
    ]
    rows = []
    for _, name, state in sorted(changed, key=lambda each: each[:2]):
        state.shown = state.sums.copy()
        rows.append(_row(name, state, seq, day))
    return rows


def _row(name: str, state: ScopeState, seq: int, day: str) -> MarketSummary:
    sums = state.sums
    bought, sold = FOREIGN_BUY_VOLUME, FOREIGN_SELL_VOLUME
    bought_value, sold_value = FOREIGN_BUY_VALUE, FOREIGN_SELL_VALUE
    return MarketSummary(
        symbol=name,
        feed=FEED,
        seq=seq,
        ts_ms=seq // 1000,
        venue=VENUE,
        scope=state.scope,
        day=day,
        **dict(zip(_NAMES, sums, strict=True)),
        foreign_net_volume=sums[bought] - sums[sold],
        foreign_net_value=sums[bought_value] - sums[sold_value],
    )


_NAMES = (
    "members", "advances", "declines", "unchanged", "ceilings", "floors", "not_traded", "unpriced",
    "total_volume", "total_value", "unvalued",
    "foreign_buy_volume", "foreign_buy_value", "foreign_sell_volume", "foreign_sell_value",
    "buy_volume", "buy_value", "sell_volume", "sell_value", "unknown_volume",
)  # fmt: skip
"""Of the columns of the sums."""

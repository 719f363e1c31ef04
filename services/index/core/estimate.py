"""The streaming estimate of an index, beside what is published of it."""

from bisect import bisect_left
from collections.abc import Callable
from hashlib import blake2b
from math import fsum
from operator import mul

import msgspec

from schemas.index_estimates import IndexEstimate, WeightsSource
from schemas.market_partials import Constituents, Published, Share
from services.index.core import fit
from services.index.core.figures import IndexState, Market
from services.index.core.reduce import FEED

SETTLING_MS = 2_000
"""So long late prints of before a published value are waited for."""
_DECIMALS = 4
"""Of points: more are noise of the float."""

_encode = msgspec.msgpack.Encoder().encode


def begin_day(market: Market) -> None:
    """Nothing is published and nobody has traded; weights stay."""
    market.paths = {}
    for index in market.indices.values():
        index.prior = index.published = index.published_ts_ms = index.phase = None
        index.published_expected = index.error = index.error_percent = index.error_ts_ms = None
        index.unsettled, index.changed = [], True


def take_basket(market: Market, basket: Constituents) -> None:
    """The members and, where the file says all, weights; learned ones stay while members do."""
    members = [member.symbol for member in basket.members]
    fractions = _fractions(basket)
    known = market.indices.get(basket.symbol)
    if known is not None and known.members == members:
        known.effective_date, known.fractions = basket.effective_date, fractions
        known.changed = True
    elif members:
        alike = [1 / len(members)] * len(members)
        learned = fit.start(alike)
        market.indices[basket.symbol] = IndexState(
            basket.symbol, basket.effective_date, members, fractions, learned
        )


def _fractions(basket: Constituents) -> list[float] | None:
    found = []
    for member in basket.members:
        if member.shares is None or member.free_float is None:
            return None
        cap = 1.0 if member.cap is None else member.cap
        found.append(member.shares * member.free_float * cap)
    return found


def take_share(market: Market, share: Share) -> None:
    """A member has changed; where its price went in this second."""
    member_of = [index for index in market.indices.values() if share.symbol in index.members]
    for index in member_of:
        index.changed = True
    if member_of and share.path:
        path = market.paths.setdefault(share.symbol, [])
        path += share.path
        if len(path) > len(share.path) and path[-len(share.path) - 1][0] >= share.path[0][0]:
            # Of one exchange second some prints come later than others: the last one counts.
            path[:] = sorted(dict(path).items())


def take_published(market: Market, said: Published) -> None:
    """A published value; of an index without a basket it is of no use here."""
    index = market.indices.get(said.symbol)
    if index is None:
        return
    index.prior = said.prior if said.prior is not None else index.prior
    index.published, index.published_ts_ms = said.value, said.ts_ms
    index.published_expected, index.phase = said.expected, said.phase
    index.unsettled.append((said.ts_ms, said.value))
    index.changed = True


def close(market: Market, seq: int, day: str) -> list[IndexEstimate]:
    """Settle what has settled; the estimates that have changed, by index."""
    rows = []
    for _, index in sorted(market.indices.items()):
        _settle(market, index, seq // 1000 - SETTLING_MS)
        if not index.changed:
            continue
        index.changed = False
        _forget(market)
        row = _row(market, index, seq, day)
        said = msgspec.structs.replace(row, seq=0, ts_ms=0)
        shown = blake2b(_encode(said), digest_size=8).digest()
        if shown != index.shown and (index.shown or row.published is not None or row.traded):
            index.shown = shown
            rows.append(row)
    return rows


def _settle(market: Market, index: IndexState, until_ms: int) -> None:
    """Compare with, then learn from, the published values up to an exchange time."""
    while index.unsettled and index.unsettled[0][0] <= until_ms:
        ts_ms, value = index.unsettled.pop(0)
        index.changed = True
        references = _references(market, index)
        if references is None or not index.prior:
            continue
        fit.rebase(index.fit, references)
        returns = [
            _before(market, member, ts_ms, reference) / reference - 1
            for member, reference in zip(index.members, references, strict=True)
        ]
        error = _value(index, references, returns) - value
        index.error, index.error_ts_ms = round(error, _DECIMALS), ts_ms
        index.error_percent = round(error / value * 100, 6) if value else None
        fit.learn(index.fit, returns, value / index.prior - 1)


def _before(market: Market, member: str, ts_ms: int, reference: float) -> float:
    """The price of the last print stamped before an exchange time."""
    path = market.paths.get(member, [])
    place = bisect_left(path, (ts_ms,))
    return path[place - 1][1] if place else reference


def _references(market: Market, index: IndexState) -> list[float] | None:
    found = []
    for member in index.members:
        share = market.shares.get(member)
        if share is None or not share.reference:
            return None
        found.append(share.reference)
    return found


def _value(index: IndexState, references: list[float], returns: list[float]) -> float:
    """Points; `prior` is known."""
    assert index.prior is not None
    if index.fractions is None:
        return index.prior * (1 + fit.predicted(index.fit, returns))
    capital = list(map(mul, index.fractions, references))
    return index.prior * (1 + fsum(map(mul, capital, returns)) / fsum(capital))


def _row(market: Market, index: IndexState, seq: int, day: str) -> IndexEstimate:
    shares = [market.shares.get(member) for member in index.members]
    value = expected = None
    references = _references(market, index)
    if references is not None and index.prior:
        value = _by(index, references, shares, _last)
        if any(share is not None and share.expected is not None for share in shares):
            expected = _by(index, references, shares, _expected)
    source: WeightsSource = "fitted" if index.fit.samples else "equal"
    return IndexEstimate(
        symbol=index.symbol,
        feed=FEED,
        seq=seq,
        ts_ms=seq // 1000,
        day=day,
        value=value,
        expected_value=expected,
        prior=index.prior,
        published=index.published,
        published_ts_ms=index.published_ts_ms,
        published_expected=index.published_expected,
        phase=index.phase,
        error=index.error,
        error_percent=index.error_percent,
        error_ts_ms=index.error_ts_ms,
        weights_source=source if index.fractions is None else "file",
        fitted_from=index.fit.samples if index.fractions is None else 0,
        effective_date=index.effective_date,
        members=len(index.members),
        traded=sum(share is not None and share.last is not None for share in shares),
        without_reference=sum(share is None or not share.reference for share in shares),
    )


def _by(
    index: IndexState,
    references: list[float],
    shares: list[Share | None],
    price: Callable[[Share], float | None],
) -> float:
    prices = [price(share) if share is not None else None for share in shares]
    returns = [
        p / reference - 1 if p is not None else 0.0
        for p, reference in zip(prices, references, strict=True)
    ]
    return round(_value(index, references, returns), _DECIMALS)


def _last(share: Share) -> float | None:
    return share.last


def _expected(share: Share) -> float | None:
    return share.last if share.expected is None else share.expected


def _forget(market: Market) -> None:
    """What no published value to come can need: all but the last print of long ago."""
    pending = [ts for index in market.indices.values() for ts, _ in index.unsettled[:1]]
    ends = [path[-1][0] for path in market.paths.values() if path]
    if not ends:
        return
    keep_ms = min([*pending, max(ends) - 60_000])
    for path in market.paths.values():
        place = bisect_left(path, (keep_ms,)) - 1
        if place > 0:
            del path[:place]

"""Which instruments trade on a day, and what each is."""

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from services.simulator.core import futures
from services.simulator.core.day import BOARDS_NS, Day, Exchange
from services.simulator.core.draws import Draws
from services.simulator.core.listings import (
    ETF,
    HALTED,
    LOCKED,
    WARRANT,
    WARRANT_UNDERLYING,
    Listing,
    listings,
)
from services.simulator.core.prices import TENTHS, step_at

Kind = Literal["stock", "etf", "cw", "future"]
INDICES = ("VNINDEX", "VN30", "HNXIndex", "HNXUpcomIndex")
MAX_SYMBOLS = 1_600
OTHERS = 70
"""Of the default universe, beside VN30 and the futures; an ETF and a warrant among them."""

VN30_PRIOR = 1909_23
"""Hundredths of a point, of the value of SSI's sample of 14 August 2026."""
_CAP_PERMILLE = 100
_FUTURE_WEIGHTS = (240, 14, 5, 3)
_WARRANT_BAND = 40


class UniverseError(ValueError):
    """No such universe; the text says which there are."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """
    Attributes:
        number: from 0, its own; see `day.QUANTUM_NS`.
        reference: of the day, in VND, tenths of a point for a future.
        weight: its share of the day's orders, relative.
        beta: thousandths of the market's moves that it makes.
        cap: of its capital in VN30, per mille; 0 when it is no member.
        band: of its limits in %, 0 for the exchange's own.
        leads: what it follows: of a warrant its share, of a future and an ETF VN30.
    """

    number: int
    symbol: str
    exchange: Exchange
    kind: Kind
    reference: int
    shares: int
    free_float: int
    weight: int
    beta: int = 1000
    cap: int = 0
    band: int = 0
    leads: str = ""
    expiry: date | None = None
    halted: bool = False
    locked: bool = False

    @property
    def lot(self) -> int:
        """Of the main board."""
        return 1 if self.kind == "future" else 100

    @property
    def unit(self) -> int:
        """VND that one unit of price and one of quantity are."""
        return futures.MULTIPLIER // TENTHS if self.kind == "future" else 1


def universe(
    which: str, members: Sequence[str], day: Day, holidays: Set[date], seed: int
) -> list[Instrument]:
    """
    The instruments of `day`, by number.

    Args:
        which: `vn30` (members and futures), `default` (70 more), or a number of symbols
            from 40 to 1,600, futures included.
        members: of VN30 on that day.

    Raises:
        UniverseError: `which` is none of these.
    """
    known = {listing.symbol: listing for listing in listings()}
    draws = Draws(seed, "universe")
    core = [known.get(symbol) or _made_up(symbol, "HOSE", draws) for symbol in sorted(members)]
    contracts = futures.listed(day.date, holidays)
    count = _count(which, len(core), len(contracts)) - len(contracts) - len(core)
    others = _others(count, {listing.symbol for listing in core}, draws)
    order = {symbol: place for place, symbol in enumerate(known)}
    chosen = sorted(core + others, key=lambda each: order.get(each.symbol, len(order)))
    caps = _caps(core)
    made = [
        _share(number, listing, chosen, caps.get(listing.symbol, 0), draws)
        for number, listing in enumerate(chosen)
    ]
    return made + _futures(contracts, len(made), sum(each.weight for each in made), day)


def _count(which: str, members: int, contracts: int) -> int:
    if which == "vn30":
        return members + contracts
    if which == "default":
        return members + contracts + OTHERS
    least = members + contracts
    if not which.isdecimal() or not least <= int(which) <= MAX_SYMBOLS:
        raise UniverseError(
            f"a universe is vn30, default or a number from {least} to {MAX_SYMBOLS}, was {which!r}"
        )
    return int(which)


def _others(count: int, members: Set[str], draws: Draws) -> list[Listing]:
    """So many beside the members: ETF, warrant, the odd ones, then round the exchanges."""
    known = [each for each in listings() if each.symbol not in members]
    first = [ETF, WARRANT, *(each for each in known if each.symbol in (HALTED, LOCKED))]
    rest = [each for each in known if each.symbol not in (HALTED, LOCKED)]
    hose = [each for each in rest if each.exchange == "HOSE"]
    found = first + hose[:36] + [each for each in rest if each.exchange != "HOSE"] + hose[36:]
    taken = {each.symbol for each in found} | members
    place = 0
    while len(found) < count:
        symbol = "".join(chr(65 + place // 26**k % 26) for k in (2, 1, 0))
        place += 7  # 7 and 26^3 have no common factor: every code comes once
        if symbol not in taken and place < 7 * 26**3:
            exchange = ("HOSE", "HNX", "UPCOM")[place % 3]
            found.append(_made_up(symbol, exchange, draws))
            taken.add(symbol)
    return found[:count]


def _made_up(symbol: str, exchange: str, draws: Draws) -> Listing:
    price = 6_000 + draws.one(48_000)
    return Listing(symbol, exchange, price, (20 + draws.one(400)) * 1_000_000, 20 + draws.one(70))


def _share(
    number: int, listing: Listing, chosen: Sequence[Listing], cap: int, draws: Draws
) -> Instrument:
    exchange: Exchange = listing.exchange  # type: ignore[assignment]
    kind: Kind = "etf" if listing is ETF else "cw" if listing is WARRANT else "stock"
    step = step_at(listing.price, exchange, kind)
    codes = {each.symbol for each in chosen}
    made = Instrument(
        number=number,
        symbol=listing.symbol,
        exchange=exchange,
        kind=kind,
        reference=listing.price - listing.price % step,
        shares=listing.shares,
        free_float=listing.free_float,
        # Zipf's law, a little flatter.
        weight=10_000 // (number + 6),
        beta=700 + draws.one(700),
        cap=cap,
        halted=listing.symbol == HALTED,
        locked=listing.symbol == LOCKED,
    )
    if kind == "etf":
        return replace(made, beta=1000, leads="VN30")
    if kind == "cw":
        leads = WARRANT_UNDERLYING if WARRANT_UNDERLYING in codes else ""
        return replace(made, beta=4000, band=_WARRANT_BAND, leads=leads)
    return made


def _futures(
    contracts: Sequence[futures.Contract], first: int, weights: int, day: Day
) -> list[Instrument]:
    return [
        Instrument(
            number=first + place,
            symbol=contract.code,
            exchange="DERIVATIVES",
            kind="future",
            reference=VN30_PRIOR // 10 + (contract.expiry - day.date).days // 8,
            shares=0,
            free_float=0,
            weight=max(1, weights * share // 2000),
            leads="VN30",
            expiry=contract.expiry,
        )
        for place, (contract, share) in enumerate(zip(contracts, _FUTURE_WEIGHTS, strict=True))
    ]


def _caps(members: Sequence[Listing]) -> dict[str, int]:
    """Per mille of each member's free-float capital that count, so that none is above 10 %."""
    capital = {each.symbol: each.price * each.shares * each.free_float // 100 for each in members}
    caps = dict.fromkeys(capital, 1000)
    for _ in range(40):
        total = sum(capital[symbol] * caps[symbol] for symbol in capital)
        for symbol, own in capital.items():
            if own * caps[symbol] * 1000 > total * _CAP_PERMILLE:
                caps[symbol] = max(1, total * _CAP_PERMILLE // (own * 1000))
    return caps


assert math.gcd(7, 26) == 1
assert MAX_SYMBOLS + len(INDICES) < BOARDS_NS

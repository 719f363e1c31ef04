"""Order flow is clustered, values share a factor, channels have delays."""

from itertools import pairwise

import numpy as np
import pytest

from services.simulator.core import factor
from services.simulator.core.day import (
    NS,
    QUANTUM_NS,
    SLOT_NS,
    SPANS,
    Exchange,
    clock,
    trading_day,
)
from services.simulator.core.draws import Draws
from services.simulator.core.flow import NEVER, flow
from services.simulator.core.prices import ladder
from services.simulator.core.transit import LATENCY_NS, Transit
from services.simulator.core.universe import Instrument, universe
from tests.unit.simulator.exchange_day import FRIDAY, MEMBERS

SHARES = universe("default", MEMBERS, trading_day(FRIDAY, set()), set(), 7)


def of(exchange: Exchange) -> Instrument:
    return next(each for each in SHARES if each.exchange == exchange)


@pytest.mark.parametrize("exchange", list(SPANS))
def test_orders_come_within_the_spans_strictly_one_after_the_other(exchange: Exchange) -> None:
    about = of(exchange)
    times = flow(about, 20_000, 7).times
    assert len(times) == pytest.approx(20_000, rel=0.03)
    assert (np.diff(times) >= QUANTUM_NS).all()
    assert (times % QUANTUM_NS == about.number).all()
    inside = sum((times >= s.start) & (times < s.end) for s in SPANS[exchange])
    assert (inside == 1).all()


def test_orders_are_clustered_and_those_of_a_cluster_lean_to_one_side() -> None:
    found = flow(of("HOSE"), 50_000, 7)
    times = found.times[(found.times > clock("10:00")) & (found.times < clock("11:00"))]
    counts = np.bincount((times - clock("10:00")) // NS, minlength=3600)
    # Of a Poisson process it would be 1.
    assert counts.var() / counts.mean() > 2
    found = flow(of("HOSE"), 10_000, 7)  # fewer, so that clusters seldom mix
    near = np.diff(found.times) < NS // 10
    same = (found.sides[1:] > 2**15) == (found.sides[:-1] > 2**15)
    assert same[near].mean() > same[~near].mean() + 0.05


def test_events_end_with_never() -> None:
    found = flow(of("UPCOM"), 100, 7)
    events = found.events()
    seen = [next(events) for _ in range(len(found.times) + 2)]
    assert [event.time for event in seen[:-2]] == found.times.tolist()
    assert seen[-2:] == [NEVER, NEVER]


def test_values_of_shares_go_with_the_markets() -> None:
    market = factor.common(7)
    first, last = clock("09:00") // SLOT_NS, clock("14:45") // SLOT_NS
    minutes = np.diff(market[first:last:12])
    correlations = []
    for about in SHARES[:30]:
        rungs = ladder(about.reference, about.exchange, about.kind)
        places = factor.targets(about, rungs, market, factor.own(about, 7))
        worth = np.array([rungs.prices[place] for place in places])
        moves = np.diff(worth[first:last:12])
        correlations.append(np.corrcoef(moves, minutes)[0, 1])
    assert 0.3 < np.mean(correlations) < 0.9
    assert 0.005 < np.ptp(market[first:last]) / factor.BILLION < 0.05


@pytest.mark.parametrize("overtaking", [0.0, 0.1])
def test_channels_are_queues_of_their_own(overtaking: float) -> None:
    transit = Transit(Draws(7, "transit"), overtaking)
    trades, quotes, late = [], [], 0
    for n in range(20_000):
        time = n * 50_000_000
        transit.order(time)
        trades += [transit.trade(), transit.trade()]
        quotes.append(transit.quote(time))
        assert quotes[-1] >= time + LATENCY_NS
        late += trades[-1] > quotes[-1]
    assert all(a < b for a, b in pairwise(trades))
    assert all(a < b for a, b in pairwise(quotes))
    # Held prints also hold up the next ones, so a little more than told.
    assert late / 20_000 == pytest.approx(overtaking * 1.3, rel=0.35)

"""Laws over any input of each topic: cut anywhere, repeated, framed otherwise: the same bytes."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alerts import Alert
from tests.unit.analytics.support import (
    DAY,
    SECOND,
    T0,
    Rules,
    basis,
    estimate,
    flow,
    foreign,
    future,
    gap,
    index,
    printed,
    row,
    trade,
)

SYMBOLS = st.sampled_from(["HPG", "FPT", "41I1G8000", "BTCUSDT.BN"])
PRICES = st.sampled_from([1.0, 30.0, 51.0, 30_550.0])
VOLUMES = st.sampled_from([1, 100, 700, 0.5])
STEPS = st.sampled_from([1, 400_000, SECOND, 30 * SECOND, 61 * SECOND, DAY])
Draw = st.DrawFn


def a_print(draw: Draw, seq: int) -> Any:
    limits = draw(st.sampled_from([{}, {"ceiling": 51.0, "floor": 1.0}]))
    side = draw(st.sampled_from(["buy", "sell", "neutral"]))
    return printed(seq, draw(PRICES), draw(VOLUMES), draw(SYMBOLS), side=side, **limits)


def a_flow(draw: Draw, seq: int) -> Any:
    values = st.none() | st.sampled_from([0, 100, 1000, 50_000])
    volumes = {"buy_volume": draw(VOLUMES), "sell_volume": draw(VOLUMES)}
    phase = draw(st.sampled_from(["day", "day", "continuous"]))
    return flow(seq, draw(values), draw(values), draw(SYMBOLS), phase=phase, **volumes)


def a_row(draw: Draw, seq: int) -> Any:
    return row(seq, draw(st.none() | PRICES), draw(SYMBOLS))


def of_market(draw: Draw, seq: int) -> Any:
    match draw(st.sampled_from("tttigf")):
        case "t":
            total = draw(st.none() | st.sampled_from([100, 500, 900]))
            return trade(seq, draw(PRICES), draw(SYMBOLS), total_volume=total)
        case "i":
            return index(seq, draw(PRICES))
        case "g":
            return gap(seq, 3, draw(st.sampled_from(["restart", "silence", "late_start"])))
        case _:
            name = draw(st.sampled_from(["VN30F1M", "VN30F2608"]))
            return future(seq, draw(st.sampled_from(["41I1G8000", "41I1G9000"])), name)


def a_foreign(draw: Draw, seq: int) -> Any:
    numbers = st.none() | st.sampled_from([-50_000.0, -0.9, 0.0, 0.7, 11.0, 2000.0])
    names = ("speed_value_1m", "speed_value_15m", "acceleration_value_5m", "correlation_15m")
    return foreign(seq, draw(SYMBOLS), **{name: draw(numbers) for name in names})


def a_basis(draw: Draw, seq: int) -> Any:
    numbers = st.none() | st.sampled_from([-3.0, 0.0, 0.2, 2.5])
    name = draw(st.sampled_from([None, "VN30F1M"]))
    return basis(seq, z_score=draw(numbers), divergence=draw(numbers), continuous=name)


def an_estimate(draw: Draw, seq: int) -> Any:
    return estimate(seq, draw(st.none() | st.sampled_from([-0.1, 0.001, 0.02])), 0.5)


TOPICS: dict[str, Callable[[Draw, int], Any]] = {
    "trades-classified": a_print,
    "session-flow": a_flow,
    "board": a_row,
    "market": of_market,
    "foreign-flow": a_foreign,
    "basis": a_basis,
    "index-estimates": an_estimate,
}


@st.composite
def tapes(draw: Draw, topic: str) -> list[Any]:
    seq, tape = T0, []
    for step in draw(st.lists(STEPS, max_size=50)):
        seq += step
        tape.append(TOPICS[topic](draw, seq))
    return tape


@pytest.mark.parametrize("topic", TOPICS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_cut_anywhere_restored_and_repeated_it_goes_on_with_the_same_bytes(
    topic: str, data: st.DataObject
) -> None:
    tape = data.draw(tapes(topic))
    cuts = data.draw(st.sets(st.integers(0, len(tape)), max_size=4))
    whole = Rules(topic)
    whole.take(*tape)
    crew = Rules(topic)
    for count, message in enumerate(tape):
        if count in cuts:
            crew.restart()
            crew.take(*tape[:count])
        crew.take(message)
    assert crew.records == whole.records
    assert crew.state.encode() == whole.state.encode()


@pytest.mark.parametrize("topic", TOPICS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_seq_and_part_strictly_increase_within_rule_and_symbol(
    topic: str, data: st.DataObject
) -> None:
    crew = Rules(topic)
    alerts = crew.take(*data.draw(tapes(topic)))
    last: dict[tuple[str, str], tuple[int, int]] = {}
    for alert in alerts:
        stream = alert.rule, alert.symbol
        assert (alert.seq, alert.part) > last.get(stream, (-1, 0))
        last[stream] = alert.seq, alert.part
        assert msgspec.json.decode(msgspec.json.encode(alert), type=Alert) == alert

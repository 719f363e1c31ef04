"""Both steps: whoever comes last, however often cut, the market's flow is one."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.market import Clock, Trade
from services.analytics.core.busd_lines import read
from services.analytics.core.busd_replay import Replay
from services.analytics.core.busd_rules import Rules
from tests.support.busd import document_line, lanes, real_line
from tests.unit.analytics.busd_support import Merged, Reduced, market

TAPE = market(2500)
while not isinstance(TAPE[-1], Clock):
    TAPE.pop()
LANES = lanes(TAPE)


def partials() -> list[list[bytes]]:
    out = []
    for number, messages in enumerate(LANES):
        reduced = Reduced(number)
        reduced.take(*messages)
        out.append(reduced.partials)
    return out


PARTIALS = partials()


def merged(order: list[bytes]) -> list[bytes]:
    found = Merged()
    found.take(*order)
    return found.values


CALM = merged([each for of_second in zip(*PARTIALS, strict=True) for each in of_second])


def shuffled(rng: random.Random) -> list[bytes]:
    """Each partition's in its order, between them any."""
    rest = [list(lane) for lane in PARTIALS]
    out: list[bytes] = []
    while any(rest):
        lane = rng.choice([lane for lane in rest if lane])
        run = rng.randint(1, 60)
        out += lane[:run]
        del lane[:run]
    return out


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32).map(random.Random))
def test_the_market_is_the_same_whichever_partition_comes_last(rng: random.Random) -> None:
    assert merged(shuffled(rng)) == CALM


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32).map(random.Random))
def test_the_merge_cut_anywhere_and_given_old_partials_again_writes_the_same_bytes(
    rng: random.Random,
) -> None:
    order = shuffled(rng)
    cuts = sorted(rng.sample(range(len(order)), 3))
    found = Merged()
    for begin, end in zip([0, *cuts], [*cuts, len(order)], strict=True):
        found.take(*order[max(0, begin - 50) : end])
        found.restart()
    assert found.values == CALM


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_step_one_cut_anywhere_and_repeated_writes_the_same_bytes(data: st.DataObject) -> None:
    number = max(range(len(LANES)), key=lambda n: len(LANES[n]))
    tape = LANES[number][:1200]
    whole, cut = Reduced(number), Reduced(number)
    whole.take(*tape)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(tape)), max_size=4)))
    for begin, end in zip([0, *cuts], [*cuts, len(tape)], strict=True):
        cut.take(*tape[max(0, begin - 100) : end])
        cut.restart()
    assert (cut.patterns, cut.partials) == (whole.patterns, whole.partials)
    assert cut.state.encode() == whole.state.encode()
    assert len(whole.patterns) > 50


def test_sums_of_the_market_are_those_of_all_patterns() -> None:
    bought = sold = count = 0
    for number, messages in enumerate(LANES):
        reduced = Reduced(number)
        for pattern in reduced.take(*messages):
            bought += pattern.value * (pattern.side == "buy")
            sold += pattern.value * (pattern.side == "sell")
            count += 1
    last = Merged()
    last.take(*(each for of_second in zip(*PARTIALS, strict=True) for each in of_second))
    (*_, end) = last.forecasts
    assert (end.bu_current, end.sd_current) == (bought / 1e9, sold / 1e9)
    assert end.busd_current == pytest.approx((bought - sold) / 1e9)
    assert end.trades == count > 300


@pytest.mark.parametrize("form", [real_line, document_line])
def test_recorded_lines_of_either_form_give_what_their_tape_gives(form: Any) -> None:
    """The same trades as lines and as messages: every row, to the last digit."""
    replay, rows = Replay(Rules()), []
    for message in TAPE:
        if isinstance(message, Trade):
            trade = read(form(message))
            assert trade is not None
            rows += replay.take(trade)
    rows += replay.end()
    assert [msgspec.json.encode(row) for row in rows] == CALM

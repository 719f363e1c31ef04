"""The streaming estimate: by hand, with late prints, and weights that know no later value."""

import random
from typing import Any

import pytest

from schemas.index_estimates import IndexEstimate
from schemas.market import MarketMessage
from services.index.core.calculator import Holding, capital, effective_shares
from services.index.core.fit import learn, predicted, start
from tests.support.index_run import Merged, in_step, partials
from tests.unit.index.calculator_support import what
from tests.unit.index.support import (
    DAY,
    SECOND,
    T0,
    auction,
    basket,
    clock,
    index,
    instrument,
    status,
    trade,
)

HPG, VCB = 20_000.0, 60_000.0
"""References; with the same weight each moves the index by its own share of the two capitals."""


def estimates(*messages: MarketMessage, until_s: int = 30) -> list[IndexEstimate]:
    """With a clock at each second of the first `until_s` and after each message."""
    clocks = {clock(m.seq).seq: clock(m.seq) for m in messages}
    clocks |= {T0 + n * SECOND: clock(T0 + n * SECOND - 1) for n in range(1, until_s)}
    ordered = sorted([*messages, *clocks.values()], key=lambda m: m.seq)
    return Merged(in_step(partials(ordered))).estimates()


def at(rows: list[IndexEstimate], second: float) -> IndexEstimate:
    """The newest row that holds everything before a second of the tape."""
    return [row for row in rows if row.seq <= T0 + round(second * SECOND)][-1]


def morning(weights: tuple[int, float] | None = (100, 0.5), day: int = 0) -> list[MarketMessage]:
    at = T0 + day * DAY
    return [
        instrument(at + 1, "HPG", HPG),
        instrument(at + 2, "VCB", VCB),
        basket(at + 3, "HPG", "VCB", weights=weights),
        index(at + 4, 1000.0),
    ]


def test_with_the_files_weights_it_is_the_prior_moved_by_the_members() -> None:
    """(100 x 0.5) shares each: HPG + 10 % of 20,000 is + 2,000 of 80,000, or 2.5 % of 1,000."""
    rows = estimates(*morning(), trade(T0 + SECOND + 1, "HPG", 22_000.0))
    assert (at(rows, 1).value, at(rows, 1).traded) == (1000.0, 0)
    row = at(rows, 2)
    assert (row.value, row.traded, row.members) == (1025.0, 1, 2)
    assert (row.weights_source, row.effective_date, row.fitted_from) == ("file", "2026-02-02", 0)


def test_caps_count() -> None:
    from schemas.market import Basket, Member

    capped = Basket(
        symbol="VN30", feed="f", seq=T0 + 5, ts_ms=T0 // 1000, effective_date="2026-02-02",
        source="s", members=[Member("HPG", 100, 0.5, 0.5), Member("VCB", 100, 0.5)],
    )  # fmt: skip
    rows = estimates(*morning(), capped, trade(T0 + SECOND + 1, "HPG", 22_000.0))
    assert at(rows, 2).value == pytest.approx(1000 * (1 + 1000 / 70_000), abs=1e-3)


def test_the_error_is_of_one_exchange_time_when_late_prints_are_in() -> None:
    """
    Published at :05, with HPG's print of :04 in it, that of :05 not. The first comes after the
    published value, the second before it.
    """
    at_5 = (T0 + 5 * SECOND) // 1000
    rows = estimates(
        *morning(),
        trade(T0 + 5 * SECOND + 1, "HPG", 24_000.0, ts_ms=at_5),
        index(T0 + 5 * SECOND + 2, 1025.3, ts_ms=at_5),
        trade(T0 + 5 * SECOND + 3, "VCB", 60_000.0, ts_ms=at_5 - 1000),
        trade(T0 + 6 * SECOND + 4, "HPG", 22_000.0, ts_ms=at_5 - 1000),
    )
    assert at(rows, 6.5).published == 1025.3
    assert at(rows, 6.5).error_ts_ms == T0 // 1000, "of the value before: not yet two seconds"
    settled = at(rows, 8)
    assert (settled.error, settled.error_ts_ms) == (-0.3, at_5)
    assert settled.error_percent == pytest.approx(-0.3 / 1025.3 * 100, abs=1e-6)


@pytest.mark.parametrize(
    ("missing", "without_reference"),
    [("prior", 0), ("reference", 1), ("instrument", 1)],
)
def test_what_is_unknown_is_null(missing: str, without_reference: int) -> None:
    told = morning()
    if missing == "prior":
        told[3] = index(T0 + 4, 1000.0, None)
    elif missing == "reference":
        told[1] = instrument(T0 + 2, "VCB", None)
    else:
        del told[1]
    row = at(estimates(*told, trade(T0 + SECOND + 1, "HPG", 22_000.0)), 20)
    assert (row.value, row.expected_value, row.error) == (None, None, None)
    assert (row.published, row.without_reference) == (1000.0, without_reference)


def test_an_index_without_a_basket_has_no_estimate() -> None:
    told = morning()
    assert estimates(told[0], told[1], told[3]) == []


def test_in_an_auction_the_expected_prices_have_an_estimate_of_their_own() -> None:
    rows = estimates(
        status(T0, "ato"), *morning(),
        auction(T0 + SECOND + 1, "HPG", 18_000.0),
        index(T0 + SECOND + 2, 1000.0, phase="ato", estimated_value=975.1),
        status(T0 + 4 * SECOND + 1, "continuous"),
    )  # fmt: skip
    row = at(rows, 2)
    assert (row.value, row.expected_value, row.published_expected) == (1000.0, 975.0, 975.1)
    assert row.phase == "ato"
    assert at(rows, 6).expected_value is None


def test_the_estimate_and_the_calculator_say_the_same_of_any_two_moments() -> None:
    rng = random.Random(4)
    prices, tape, levels = {"HPG": HPG, "VCB": VCB}, list[MarketMessage](), list[float]()
    holdings = [Holding("HPG", 100, 0.5), Holding("VCB", 100, 0.5)]
    weights = effective_shares(holdings, what())
    for n in range(2, 20):
        symbol = rng.choice(["HPG", "VCB"])
        prices[symbol] = float(rng.randrange(100, 1200) * 50)
        tape.append(trade(T0 + n * SECOND + 1, symbol, prices[symbol]))
        levels.append(capital(prices, weights))
    rows = estimates(*morning(), *tape)
    for n, level in enumerate(levels):
        assert at(rows, n + 3).value == pytest.approx(1000 * level / (50 * 80_000), abs=1e-3)


def fitting_tape(seed: int, members: int = 6, values: int = 200) -> list[MarketMessage]:
    """
    Members of unequal weight move in steps; each second the index is published, to 0.01.

    A value of an exchange second holds all prints stamped before it.
    """
    rng = random.Random(seed)
    names = [f"M{n}" for n in range(members)]
    true = [1 / (n + 2) for n in range(members)]
    true = [w / sum(true) for w in true]
    prices = dict.fromkeys(names, 100.0)
    tape: list[MarketMessage] = [instrument(T0 + n + 1, m, 100.0) for n, m in enumerate(names)]
    tape += [basket(T0 + 90, *names), index(T0 + 91, 1000.0)]
    for second in range(1, values):
        seq = T0 + second * SECOND
        value = sum(w * prices[m] / 100 for w, m in zip(true, names, strict=True)) * 1000
        tape.append(index(seq + 1, round(value, 2)))
        for k in range(rng.randrange(3)):
            name = rng.choice(names)
            prices[name] += rng.choice([-0.5, 0.5])
            tape.append(trade(seq + 2 + k, name, prices[name]))
    return tape


def errors(rows: list[IndexEstimate]) -> list[float]:
    """Of each settled value, once, in their order."""
    return list({r.error_ts_ms: r.error for r in rows if r.error is not None}.values())


def test_without_weights_they_are_learned_until_the_error_is_that_of_rounding() -> None:
    rows = estimates(*fitting_tape(1))
    sources = list(dict.fromkeys(row.weights_source for row in rows))
    assert sources == ["equal", "fitted"]
    found = errors(rows)
    assert max(abs(e) for e in found[5:20]) > 0.02, "nothing was to be learned"
    assert max(abs(e) for e in found[-60:]) < 0.01, "a published value is rounded to 0.01"
    assert rows[-1].fitted_from > 100


@pytest.mark.parametrize("cut", [40, 120])
def test_weights_know_no_later_value(cut: int) -> None:
    """All later published values are replaced: nothing before them changes."""
    tape = fitting_tape(2)
    end = T0 + cut * SECOND
    wild: Any = [
        index(m.seq, 1e6 / (n + 1)) if m.seq > end and m.symbol == "VN30" else m
        for n, m in enumerate(tape)
    ]
    before = [row for row in estimates(*tape) if row.seq <= end]
    assert before == [row for row in estimates(*wild) if row.seq <= end]
    assert len(before) > cut / 2


def test_the_error_of_a_value_does_not_know_the_value_itself() -> None:
    """The last one is a point too high: its error says so, whole."""
    tape = fitting_tape(3)
    last = max(n for n, m in enumerate(tape) if m.symbol == "VN30")
    true = errors(estimates(*tape, until_s=205))[-1]
    shifted = index(tape[last].seq, tape[last].value + 1)  # type: ignore[union-attr]
    wrong = errors(estimates(*tape[:last], shifted, *tape[last + 1 :], until_s=205))[-1]
    assert wrong == pytest.approx(true - 1, abs=1e-3)


def test_learned_weights_are_carried_to_a_day_with_other_references() -> None:
    """A split of M0 by two: its weight falls by its reference, the others' rise."""
    tape = fitting_tape(1)
    tomorrow: list[MarketMessage] = [
        instrument(T0 + DAY + n + 1, f"M{n}", 100.0 + 10 * n) for n in range(6)
    ]
    tomorrow += [
        index(T0 + DAY + 90, 1000.0),
        index(T0 + DAY + 5 * SECOND, 1000.0),
        trade(T0 + DAY + 9 * SECOND, "M5", 151.0),
    ]
    rows = estimates(*tape, *tomorrow)
    true = [1 / (n + 2) for n in range(6)]
    moved = [w * (100.0 + 10 * n) for n, w in enumerate(true)]
    by_hand = 1000 * (1 + moved[5] / sum(moved) * (151 / 150 - 1))
    assert rows[-1].day == "2026-07-21"
    assert rows[-1].weights_source == "fitted"
    assert rows[-1].value == pytest.approx(by_hand, abs=0.01)


def test_another_basket_is_learned_anew_and_the_same_one_is_not() -> None:
    tape = fitting_tape(1, values=60)
    same, other = T0 + 70 * SECOND, T0 + 80 * SECOND
    rows = estimates(
        *tape,
        basket(same, *[f"M{n}" for n in range(6)]),
        trade(same + 1, "M1", 90.0),
        basket(other, *[f"M{n}" for n in range(5)]),
        trade(other + 1, "M1", 91.0),
    )
    assert at(rows, 75).weights_source == "fitted"
    assert (at(rows, 85).weights_source, at(rows, 85).members) == ("equal", 5)


def test_weights_sum_to_one_and_one_equation_is_met_by_the_surest_change() -> None:
    fit = start([0.25] * 4)
    learn(fit, [0.1, 0.0, 0.0, 0.0], 0.04)
    assert sum(fit.weights) == pytest.approx(1)
    assert predicted(fit, [0.1, 0.0, 0.0, 0.0]) == pytest.approx(0.04, abs=1e-6)
    assert fit.weights[1:] == pytest.approx([0.2] * 3, abs=1e-3)
    assert fit.samples == 1
    learn(fit, [0.1, 0.0, 0.0, 0.0], 0.04)
    learn(fit, [0.0] * 4, 0.0)
    assert fit.samples == 1, "the same again, and nothing that moved, teach nothing"


def test_an_empty_second_changes_nothing_that_was_said() -> None:
    rows = estimates(*morning(), until_s=200)
    assert len(rows) <= 3

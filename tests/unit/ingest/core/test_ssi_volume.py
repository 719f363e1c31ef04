"""The day's volume chains prints: what is missing, repeated, late or damaged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.market import Gap, Trade
from services.ingest.core.engine import Engine
from tests.unit.ingest.core.support import codes, drops, messages
from tests.unit.ingest.core.vietnam import NOON, made, ms, raws, run, trade, us


def test_a_hole_is_a_gap_of_exactly_what_is_missing() -> None:
    done = run([trade(100, 100), trade(300, 1000, 21700.0, Time="13:36:02")])
    first, gap, second = messages(done)
    assert isinstance(first, Trade)
    assert isinstance(gap, Gap)
    assert isinstance(second, Trade)
    assert (gap.cause, gap.missing_volume) == ("volume_chain", 600)
    assert gap.missing_value == 900 * 21750 - 300 * 21700
    assert (gap.from_ts_ms, gap.to_ts_ms) == (ms("13:36:00"), ms("13:36:02"))
    assert first.volume + gap.missing_volume + second.volume == second.total_volume


def test_a_start_in_mid_day_says_what_traded_before_it() -> None:
    gap, trade_ = made(trade(100, 5000))
    assert (gap.cause, gap.missing_volume) == ("late_start", 4900)
    assert gap.missing_value == 4900 * 21750
    assert (gap.from_ts_ms, gap.to_ts_ms) == (ms("09:00:00"), ms("13:36:00"))
    assert gap.seq < trade_.seq


def test_who_was_there_before_the_first_print_lost_something() -> None:
    done = run([trade(0, 0), trade(100, 500)])
    assert drops(done) == ["no_volume"]
    assert [m.cause for m in messages(done) if isinstance(m, Gap)] == ["volume_chain"]


def test_a_repeat_is_counted_and_true_equal_prints_are_not() -> None:
    done = run([trade(100, 100), trade(100, 200), trade(100, 200), trade(100, 300)])
    assert drops(done) == ["duplicate"]
    assert [m.total_volume for m in messages(done)] == [100, 200, 300]


def test_a_late_one_is_dropped_and_leaves_no_trace() -> None:
    done = run([trade(100, 100), trade(100, 200), trade(100, 100), trade(100, 300)])
    assert drops(done) == ["stale"]
    assert [m for m in messages(done) if isinstance(m, Gap)] == []


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (trade(500, 300), "bad_number"),
        (trade(300, 400), "broken_chain"),
        (trade(100, 900_000_000_000), "absurd_id"),
        (trade(100, 300, 99_000.0), "absurd_price"),
        (trade(100.5, 300), "bad_number"),
        (trade(100, 300, 0.0), "bad_number"),
        (trade(-100, 300), "bad_number"),
        (trade(100, 300, Time="25:00:00"), "bad_time"),
        (trade(100, 300, TradingDate="2026-07-20"), "bad_time"),
        (trade(100, 300, LastVol="many"), "malformed"),
        (trade(100, 300, Symbol=None), "malformed"),
        (trade(100, 300, TotalVol=None), "malformed"),
    ],
)
def test_a_refused_print_never_moves_the_chain(bad: bytes, code: str) -> None:
    """What it carried shows as a gap at the next good one."""
    done = run([trade(200, 200), bad, trade(100, 400)])
    assert codes(done) == [code]
    [gap] = [m for m in messages(done) if isinstance(m, Gap)]
    assert gap.missing_volume == 100


def test_an_auction_that_is_told_again_counts_once() -> None:
    """A second connection, or a hub that repeats: a run of prints that chains with itself."""
    uncross = [trade(100, 100 * n, Time="14:45:00") for n in range(1, 23)]
    done = run([*uncross, *uncross])
    assert drops(done) == ["stale"] * 21 + ["duplicate"]
    assert [m.total_volume for m in messages(done)] == [100 * n for n in range(1, 23)]


def test_cancelled_trades_are_believed_when_five_later_prints_agree() -> None:
    later = (trade(100, 500 + i * 100, Time="13:36:01") for i in range(6))
    done = run([trade(100, 1000), *later])
    assert drops(done) == ["stale"] * 4
    kept = [m.total_volume for m in messages(done) if isinstance(m, Trade)]
    assert kept == [1000, 900, 1000]


def test_a_new_day_begins_at_nothing() -> None:
    engine = Engine(["VN"])
    later = trade(100, 100, TradingDate="21/07/2026", Time="09:15:00")
    lines = [(NOON, "ssi", trade(500, 500)), (us("09:15:00.2", "2026-07-21"), "ssi", later)]
    done = [engine.decode(raw) for raw in raws(lines)]
    assert [m for m in messages(done) if isinstance(m, Gap)] == []
    assert drops(done) == []


prints = st.lists(
    st.tuples(st.integers(1, 50), st.sampled_from(["kept", "kept", "lost", "twice", "late"])),
    min_size=1,
    max_size=40,
)


@given(prints)
def test_whatever_is_lost_or_repeated_prints_and_gaps_make_up_the_days_volume(
    fates: list[tuple[int, str]],
) -> None:
    total, values, late = 0, [], []
    for lots, fate in fates:
        total += lots * 100
        message = trade(lots * 100, total)
        if fate in ("kept", "twice"):
            values += [message] * (1 + (fate == "twice")) + late[:1]
            late.clear()
        elif fate == "late":
            late.append(message)
    found = messages(run(values))
    sums = sum(m.volume for m in found if isinstance(m, Trade))
    sums += sum(m.missing_volume for m in found if isinstance(m, Gap))
    assert sums == (found[-1].total_volume if found else 0)

"""A step that fails: named the first time, its message left out without a trace the second."""

import pytest

from schemas.base import BROADCAST
from schemas.market import Clock, Trade
from schemas.trades_classified import TradeClassified
from services.runtime.partition import StepFailedError
from tests.support.counting import BEAST, Counted, service
from tests.unit.runtime.partitions import T0, Bench, clock, trade


def test_a_failing_step_names_its_message_and_emits_nothing_of_it() -> None:
    bench = Bench()
    with pytest.raises(StepFailedError) as failed:
        bench.run(trade("AAA", T0 + 1), trade("AAA", T0 + 2, price=BEAST))
    assert (failed.value.index, failed.value.symbol, failed.value.seq) == (1, "AAA", T0 + 2)
    assert bench.said == [("count", "AAA", T0 + 1, 0)]
    assert bench.partition.next_offset == 0


def test_a_struck_message_that_fails_again_is_left_out_without_a_trace() -> None:
    good = [trade("AAA", T0 + 1), trade("BBB", T0 + 2), trade("AAA", T0 + 4)]
    clean, struck = Bench(), Bench(strikes=frozenset({(0, 2)}))
    clean.run(*good)
    left_out = struck.run(*good[:2], trade("AAA", T0 + 3, price=BEAST), good[2])
    assert [(q.index, q.symbol, q.seq) for q in left_out] == [(2, "AAA", T0 + 3)]  # type: ignore[attr-defined]
    assert struck.out == clean.out
    assert list(struck.partition.suspects) == ["AAA"]


def test_a_struck_message_that_is_well_after_all_is_taken() -> None:
    clean, struck = Bench(), Bench(strikes=frozenset({(0, 0)}))
    for bench in (clean, struck):
        assert bench.run(trade("AAA", T0 + 1)) == []
    assert struck.out == clean.out
    assert not struck.partition.suspects


def test_an_output_that_cannot_be_encoded_leaves_the_others_of_its_message_out_too() -> None:
    """Otherwise a reader keeps half of a message that is quarantined later."""

    def half(state: Counted, message: Trade) -> list[object]:
        del state
        good = TradeClassified(
            symbol=message.symbol, feed="t", seq=message.seq, ts_ms=1, price=1.0, volume=1,
            side="unknown", rule=None, vendor_side=None, inferred_side=None, confidence=None,
            phase="continuous", board="main",
        )  # fmt: skip
        return [good, message]

    bench = Bench(step=half)
    with pytest.raises(StepFailedError):
        bench.run(trade("AAA", T0 + 1))
    assert bench.out == []
    struck = Bench(strikes=frozenset({(0, 0)}), step=half)
    assert len(struck.run(trade("AAA", T0 + 1))) == 1
    assert struck.out == []


def test_a_trade_that_says_it_is_a_broadcast_is_quarantined_the_second_time() -> None:
    """It belongs to no unit; a worker that only ever restarted would never get past it."""
    odd = trade(BROADCAST, T0 + 1)
    with pytest.raises(StepFailedError):
        Bench().run(odd)
    struck = Bench(strikes=frozenset({(0, 0)}))
    assert len(struck.run(odd)) == 1
    assert struck.partition.next_offset == 1


def test_a_broadcast_that_fails_in_one_unit_reaches_the_others() -> None:
    def only_aaa_fails(state: Counted, message: object) -> list[TradeClassified]:
        if type(message) is Clock and state.symbol == "AAA":
            raise ArithmeticError
        return list(service().step(state, message))

    bench = Bench(strikes=frozenset({(1, 0)}), step=only_aaa_fails)
    bench.run(trade("AAA", T0 + 1), trade("BBB", T0 + 2))
    assert len(bench.run(clock("VN", 1))) == 1
    second = T0 + 1_000_000
    assert bench.said[-2:] == [("clock", "BBB", second, 0), ("clock", BROADCAST, second, 0)]
    assert list(bench.partition.suspects) == ["AAA"]


def test_suspects_survive_a_restore() -> None:
    struck, after = Bench(strikes=frozenset({(0, 0)})), Bench()
    struck.run(trade("AAA", T0 + 3, price=BEAST))
    after.partition.restore(struck.partition.encode(), 1)
    assert list(after.partition.suspects) == ["AAA"]

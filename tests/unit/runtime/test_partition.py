"""The synchronous section: state and outputs are a function of the messages alone."""

import dataclasses
import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import BROADCAST
from schemas.market import Clock, Gap, MarketMessage, Status, Trade
from schemas.topics import TRADES_CLASSIFIED
from schemas.trades_classified import TradeClassified
from services.runtime.partition import Partition, StepFailedError
from tests.support.counting import BEAST, Counted, service
from tests.support.load import Output

T0 = 1_700_000_000_000_000
SYMBOLS = ("AAA", "BBB", "CCC.BN", "DDD.BN")


def trade(symbol: str, seq: int, volume: int = 100, price: float = 10.0) -> Trade:
    return Trade(symbol=symbol, feed="t", seq=seq, ts_ms=seq // 1000, price=price, volume=volume)


def clock(venue: str, second: int) -> Clock:
    at = T0 + second * 1_000_000
    return Clock(symbol=BROADCAST, feed="t", seq=at, ts_ms=at // 1000, venue=venue)


def gap(venue: str, seq: int) -> Gap:
    return Gap(
        symbol=BROADCAST, feed="t", seq=seq, ts_ms=seq // 1000, venue=venue, channel="x",
        cause="disconnect", from_ts_ms=0, to_ts_ms=1,
    )  # fmt: skip


class Bench:
    """A partition with its outputs in a list."""

    def __init__(self, strikes: frozenset[tuple[int, int]] = frozenset(), **changes: object):
        self.out: list[Output] = []
        kind = dataclasses.replace(service(), **changes)
        self.partition: Partition[Counted] = Partition(
            kind, {TradeClassified: self._sink}, [self._sink], strikes
        )

    def _sink(self, key: bytes, value: bytes) -> None:
        self.out.append((key, value))

    def run(self, *messages: MarketMessage, offset: int | None = None) -> list[object]:
        at = self.partition.next_offset if offset is None else offset
        return list(self.partition.run(at, messages))

    @property
    def said(self) -> list[tuple[str, str, int, int]]:
        """(type or rule, symbol, seq, part) of each output."""
        heads = [msgspec.json.decode(value) for _, value in self.out]
        return [(h.get("rule", h["type"]), h["symbol"], h["seq"], h.get("part", 0)) for h in heads]


@st.composite
def tapes(draw: st.DrawFn) -> list[MarketMessage]:
    """A stretch of the tape: two venues, trades, clocks, gaps and statuses, in seq order."""
    out: list[MarketMessage] = []
    seq = T0
    for kind in draw(st.lists(st.integers(0, 9), min_size=1, max_size=60)):
        seq += draw(st.integers(1, 400_000))
        venue = draw(st.sampled_from(("VN", "BN")))
        if kind == 0:
            seq = (seq // 1_000_000 + 1) * 1_000_000
            out.append(clock(venue, (seq - T0) // 1_000_000))
        elif kind == 1:
            out.append(gap(venue, seq))
        elif kind == 2:
            symbol = draw(st.sampled_from((BROADCAST, "AAA")))
            out.append(
                Status(
                    symbol=symbol, feed="t", seq=seq, ts_ms=1, venue="VN", exchange="HOSE",
                    phase="atc",
                )
            )  # fmt: skip
        else:
            out.append(trade(draw(st.sampled_from(SYMBOLS)), seq, draw(st.integers(1, 9))))
    return out


def undisturbed(tape: list[MarketMessage]) -> Bench:
    bench = Bench()
    bench.run(*tape)
    return bench


@given(tapes(), st.data())
def test_cut_anywhere_and_restored_it_gives_the_same_bytes(
    tape: list[MarketMessage], data: st.DataObject
) -> None:
    whole = undisturbed(tape)
    cut = data.draw(st.integers(0, len(tape)))
    first, second = Bench(), Bench()
    first.run(*tape[:cut])
    second.partition.restore(first.partition.encode(), first.partition.next_offset)
    second.run(*tape[cut:])
    assert first.out + second.out == whole.out
    assert second.partition.encode() == whole.partition.encode()


@given(tapes(), st.data())
def test_where_a_frame_ends_changes_nothing(tape: list[MarketMessage], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(tape)))) | {0, len(tape)})
    framed = Bench()
    for begin, end in itertools.pairwise(cuts):
        framed.run(*tape[begin:end])
    whole = undisturbed(tape)
    assert framed.out == whole.out
    assert framed.partition.encode() == whole.partition.encode()


@given(tapes(), st.data())
def test_a_run_delivered_again_gives_nothing_new(
    tape: list[MarketMessage], data: st.DataObject
) -> None:
    begin = data.draw(st.integers(0, len(tape)))
    end = data.draw(st.integers(begin, len(tape)))
    bench = Bench()
    bench.run(*tape[:end])
    before = list(bench.out)
    bench.run(*tape[begin:end])
    assert bench.out == before
    assert bench.partition.repeats == end - begin
    bench.run(*tape[end:])
    assert bench.out == undisturbed(tape).out


@given(tapes())
def test_two_venues_in_one_partition_do_not_disturb_each_other(tape: list[MarketMessage]) -> None:
    def of(bench: Bench, venue: str) -> list[Output]:
        def is_mine(value: bytes) -> bool:
            head = msgspec.json.decode(value)
            return head.get("venue", "BN" if head["symbol"].endswith(".BN") else "VN") == venue

        return [output for output in bench.out if is_mine(output[1])]

    def venue_of(message: MarketMessage) -> str:
        found: str = getattr(message, "venue", "BN" if message.symbol.endswith(".BN") else "VN")
        return found

    both = undisturbed(tape)
    for venue in ("VN", "BN"):
        alone = undisturbed([m for m in tape if venue_of(m) == venue])
        assert of(both, venue) == alone.out


@given(tapes())
@settings(max_examples=30)
def test_parts_of_one_input_are_told_apart(tape: list[MarketMessage]) -> None:
    """`(seq, part)` strictly increases in each stream of the outputs."""
    last: dict[str, tuple[int, int]] = {}
    for _, value in undisturbed(tape).out:
        head = msgspec.json.decode(value)
        stream = head["symbol"] + (head["venue"] if head["symbol"] == BROADCAST else "")
        place = (head["seq"], head.get("part", 0))
        assert place > last.get(stream, (-1, 0))
        last[stream] = place


def test_a_clock_visits_open_units_of_its_venue_in_name_order_and_is_forwarded_last() -> None:
    bench = Bench()
    bench.run(trade("BBB", T0 + 1), trade("AAA", T0 + 2), trade("CCC.BN", T0 + 3))
    bench.out.clear()
    second = T0 + 1_000_000
    bench.run(clock("VN", 1))
    clocks = [("clock", "AAA", second, 0), ("clock", "BBB", second, 0)]
    assert bench.said == [*clocks, ("clock", BROADCAST, second, 0)]
    bench.out.clear()
    bench.run(clock("VN", 2))
    assert bench.said == [("clock", BROADCAST, T0 + 2_000_000, 0)], "nothing was open any more"


def test_an_open_unit_is_open_after_a_restore() -> None:
    first, second = Bench(), Bench()
    first.run(trade("AAA", T0 + 1))
    second.partition.restore(first.partition.encode(), 1)
    second.run(clock("VN", 1))
    assert ("clock", "AAA", T0 + 1_000_000, 0) in second.said


def test_a_service_without_windows_never_sees_a_clock() -> None:
    bench = Bench(is_open=None)
    bench.run(trade("AAA", T0 + 1), clock("VN", 1))
    assert [rule for rule, *_ in bench.said] == ["count", "clock"]
    assert bench.said[-1][1] == BROADCAST


def test_a_gap_visits_every_unit_of_its_venue() -> None:
    bench = Bench()
    bench.run(trade("AAA", T0 + 1), clock("VN", 1), trade("CCC.BN", T0 + 1_000_001))
    bench.run(gap("VN", T0 + 1_000_002))
    bench.out.clear()
    bench.run(trade("AAA", T0 + 1_000_003), trade("CCC.BN", T0 + 1_000_004))
    assert [msgspec.json.decode(v)["total_volume"] for _, v in bench.out] == [1, 0]


def test_input_of_a_derived_topic_is_told_apart_by_part() -> None:
    """The pump is a reader too: the second part of one seq is new, a repeat of it is not."""

    def classified(part: int) -> TradeClassified:
        return TradeClassified(
            symbol="AAA", feed="t", seq=T0, ts_ms=1, part=part, price=1.0, volume=1,
            side="unknown", rule=None, vendor_side=None, inferred_side=None, confidence=None,
            phase="continuous", board="main",
        )  # fmt: skip

    seen: list[int] = []

    def remember(_state: Counted, message: TradeClassified) -> list[TradeClassified]:
        seen.append(message.part)
        return []

    bench = Bench(step=remember, input=TRADES_CLASSIFIED)
    bench.partition.run(0, [classified(0), classified(1), classified(1), classified(0)])
    bench.partition.run(1, [classified(2), classified(1)])
    assert seen == [0, 1, 2]


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

"""The synchronous section: state and outputs are a function of the messages alone."""

import itertools

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import BROADCAST
from schemas.market import MarketMessage, Status
from schemas.topics import TRADES_CLASSIFIED
from schemas.trades_classified import TradeClassified
from tests.support.counting import Counted
from tests.support.load import Output
from tests.unit.runtime.partitions import T0, Bench, clock, gap, trade

SYMBOLS = ("AAA", "BBB", "CCC.BN", "DDD.BN")


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

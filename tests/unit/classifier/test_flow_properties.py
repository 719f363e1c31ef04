"""Laws of session-flow, whatever comes, in whatever order, however interrupted."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas.market import MarketMessage, Trade
from schemas.session_flow import SessionFlow
from tests.unit.classifier.flow_support import Bench, crypto, rows, tick, vietnamese
from tests.unit.classifier.support import SECOND

TAPES = vietnamese() | crypto()


def ended(tape: Sequence[MarketMessage]) -> list[MarketMessage]:
    """The tape and the clock that closes its last second."""
    if not tape:
        return []
    symbol = next((m.symbol for m in tape if m.symbol != "*"), "HPG")
    seq = tape[-1].seq // SECOND * SECOND + SECOND
    return [*tape, tick(seq, "BN" if symbol.endswith(".BN") else "VN")]


def day_of(seq: int, symbol: str) -> str:
    """Another way than the classifier's."""
    east = timedelta(hours=0 if symbol.endswith(".BN") else 7)
    return (datetime.fromtimestamp(seq / 1e6, UTC) + east).date().isoformat()


def exact(volume: float) -> Decimal:
    return Decimal(repr(volume))


@given(TAPES)
def test_in_every_row_the_parts_are_the_total(tape):
    for r in rows(ended(tape)):
        parts = (r.buy_volume, r.sell_volume, r.neutral_volume, r.unknown_volume)
        if r.venue == "VN":
            assert sum(parts) == r.total_volume
        # A float has 53 bits: 10^13 coins are told to about 0.002.
        assert abs(sum(map(exact, parts)) - exact(r.total_volume)) <= Decimal(2) ** -50 * 10**13


@given(TAPES)
def test_the_last_row_of_a_day_is_what_an_independent_count_of_its_prints_gives(tape):
    bench = Bench()
    bench.run(ended(tape))
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for t in bench.trades:
        if t.board == "main":
            day = day_of(t.seq, t.symbol)
            for phase in (t.phase, "day"):
                sums[day, phase, t.side] += exact(t.volume)
                counts[day, phase, t.side] += 1
    newest = {(r.day, r.phase): r for r in bench.rows}
    assert newest.keys() == {key[:2] for key in sums}
    for (day, phase), row in newest.items():
        for side in ("buy", "sell", "neutral"):
            wanted = float(sums[day, phase, side])
            assert getattr(row, f"{side}_volume") == wanted
            assert getattr(row, f"{side}_count") == counts[day, phase, side]
        assert row.unknown_count == counts[day, phase, "unknown"]


@given(TAPES)
def test_a_day_s_total_is_the_vendor_s_or_the_sum_of_the_prints(tape):
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for message in tape:
        if isinstance(message, Trade) and message.board == "main":
            day, vendor = day_of(message.seq, message.symbol), message.total_volume
            more = totals[day] + exact(message.volume)
            totals[day] = more if vendor is None else exact(vendor)
    newest = {r.day: r for r in rows(ended(tape)) if r.phase == "day"}
    assert newest.keys() == totals.keys()
    for day, row in newest.items():
        assert row.total_volume == float(totals[day])


@given(TAPES)
def test_a_day_has_at_least_what_its_phases_have_and_only_cancelled_volume_less(tape):
    rows_ = rows(ended(tape))
    newest = {(r.day, r.phase): r for r in rows_}
    for day in {r.day for r in rows_}:
        phases = [r for (d, p), r in newest.items() if d == day and p != "day"]
        unknown = sum(exact(r.unknown_volume) for r in phases)
        assert exact(newest[day, "day"].unknown_volume) >= unknown - cancelled(tape, day)
        for r in phases:
            assert r.unknown_volume >= 0
            assert r.unexplained_volume == 0


def cancelled(tape: Sequence[MarketMessage], day: str) -> Decimal:
    """Volume that the vendor took back on a day."""
    taken, total = Decimal(0), Decimal(0)
    for m in tape:
        if isinstance(m, Trade) and m.board == "main" and day_of(m.seq, m.symbol) == day:
            after = total + exact(m.volume)
            total = exact(m.total_volume) if m.total_volume is not None else after
            taken += max(Decimal(0), after - total)
    return taken


@given(vietnamese())
def test_what_is_unexplained_is_where_the_total_and_prints_with_gaps_differ(tape):
    found = {r.day: r for r in rows(ended(tape)) if r.phase == "day"}
    counted: dict[str, int] = defaultdict(int)
    told = 0
    day = None
    for m in tape:
        if day != day_of(m.seq, "HPG"):
            day, told = day_of(m.seq, "HPG"), 0
        if isinstance(m, Trade) and m.board == "main":
            counted[day] += m.volume + told
            told = 0
        elif m.symbol == "HPG" and getattr(m, "missing_volume", None):
            told += m.missing_volume
    for day, row in found.items():
        assert row.unexplained_volume == row.total_volume - counted[day]


@given(TAPES, st.data())
def test_frames_repeats_and_restarts_change_no_byte(tape, data):
    tape = ended(tape)
    whole = Bench()
    whole.run(tape)
    bench, begin = Bench(), 0
    while begin < len(tape):
        end = data.draw(st.integers(begin + 1, len(tape)))
        again = data.draw(st.integers(0, begin))
        if data.draw(st.booleans()):
            bench.restart()
        bench.run(tape[again:end])
        begin = end
    assert bench.out == whole.out
    bench.partition.next_offset = whole.partition.next_offset
    assert bench.partition.encode() == whole.partition.encode()


@given(TAPES)
def test_rows_of_a_stream_increase_and_a_second_has_at_most_one_of_a_phase(tape):
    bench = Bench()
    bench.run(ended(tape))
    heads = [(r.seq, r.part) for r in bench.rows]
    assert heads == sorted(set(heads))
    at_clocks = [(r.seq, r.day, r.phase) for r in bench.rows]
    assert len(at_clocks) == len(set(at_clocks))
    by_seq: dict[int, list[SessionFlow]] = defaultdict(list)
    for r in bench.rows:
        by_seq[r.seq].append(r)
    for group in by_seq.values():
        assert [r.part for r in group] == list(range(len(group)))
        assert [r.phase == "day" for r in group] == [False] * (len(group) - 1) + [True]


@given(TAPES)
def test_a_row_differs_from_the_one_before_it_and_a_past_day_is_final(tape):
    last: dict[tuple[str, str], SessionFlow] = {}
    for r in rows(ended(tape)):
        before = last.get((r.day, r.phase))
        if before is not None and r.phase != "day":
            assert (before.buy_count, before.sell_count, before.neutral_count,
                    before.unknown_count, before.final) != (
                r.buy_count, r.sell_count, r.neutral_count, r.unknown_count, r.final)  # fmt: skip
        assert all(r.day >= day for day, _ in last)
        last[r.day, r.phase] = r
    newest = max((day for day, _ in last), default="")
    assert all(row.final for (day, _), row in last.items() if day < newest)

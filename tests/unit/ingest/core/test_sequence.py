"""The counters of a venue: numbers are a function of receive times, clocks are exact."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.market import Clock, MarketMessage
from services.ingest.core.sequence import (
    MAX_HOLE,
    MINUTE,
    SECOND,
    ReceiveCounter,
    Sequencer,
)

T0 = 1_723_161_600 * SECOND

Numbers = list[tuple[str, int]]


def number(raws: list[tuple[int, int]], sequencer: Sequencer | None = None) -> Numbers:
    """("clock" or "message", seq) of raw records given as (raw seq, how many messages)."""
    sequencer = sequencer or Sequencer("BN")
    out: Numbers = []
    for raw_seq, count in raws:
        clocks: list[MarketMessage] = []
        sequencer.begin(raw_seq, clocks)
        for _ in range(count):
            seq = sequencer.next(clocks)
            out += [("clock", c.seq) for c in clocks]
            out.append(("message", seq))
            clocks.clear()
        out += [("clock", c.seq) for c in clocks]
    return out


def clocks(raws: list[tuple[int, int]]) -> list[float]:
    """Clocks in s after T0."""
    return [(seq - T0) / SECOND for kind, seq in number(raws) if kind == "clock"]


gaps = st.one_of(
    st.integers(1, 3),
    st.sampled_from([SECOND - 1, SECOND, SECOND + 1, MINUTE - 1, MINUTE, MINUTE + 1]),
    st.integers(1, 3 * SECOND),
    st.integers(1, 5 * MINUTE),
)
counts = st.one_of(st.integers(0, 3), st.integers(0, 200))


@st.composite
def raw_records(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Raw records that like to stand near whole seconds and minutes."""
    seq = T0 + draw(st.sampled_from([-1, 0, 1, SECOND - 50, SECOND, 59 * SECOND + 999_990]))
    made = [(seq, draw(counts))]
    for gap, count in draw(st.lists(st.tuples(gaps, counts), max_size=12)):
        seq += gap
        if draw(st.integers(0, 4)) == 0:
            seq = (seq // SECOND + 1) * SECOND
        made.append((seq, count))
    return made


@given(raw_records())
def test_numbers_strictly_increase_and_whole_seconds_are_clocks(
    raws: list[tuple[int, int]],
) -> None:
    out = number(raws)
    seqs = [seq for _, seq in out]
    assert all(a < b for a, b in pairwise(seqs))
    assert all((seq % SECOND == 0) == (kind == "clock") for kind, seq in out)


@given(raw_records())
def test_a_message_has_the_lowest_free_number_not_before_its_record(
    raws: list[tuple[int, int]],
) -> None:
    at, last = 0, 0
    given_ = [seq for kind, seq in number(raws) if kind == "message"]
    for raw_seq, count in raws:
        for _ in range(count):
            expected = max(last + 1, raw_seq)
            expected += expected % SECOND == 0
            assert given_[at] == expected
            at, last = at + 1, expected
    assert at == len(given_)


@given(raw_records())
def test_each_clock_that_is_due_comes_exactly_once_and_no_other(
    raws: list[tuple[int, int]],
) -> None:
    out = number(raws)
    found = [seq for kind, seq in out if kind == "clock"]
    due = {raws[0][0]} if raws[0][0] % SECOND == 0 else set()
    for (before, _), (after, _) in pairwise(raws):
        seconds = range((before // SECOND + 1) * SECOND, after + 1, SECOND)
        if after - before < MINUTE:
            due.update(seconds)
        else:
            due.update(s for s in seconds if s % MINUTE == 0)
            due.add(seconds[-1])
    # The numbering itself passes a second: every number from the record to the last is taken.
    last = 0
    for raw_seq, count in raws:
        for _ in range(count):
            seq = max(last + 1, raw_seq)
            if seq % SECOND == 0:
                due.add(seq)
                seq += 1
            last = seq
    assert sorted(due) == found


@given(raw_records(), st.data())
def test_cut_anywhere_and_restored_gives_the_same_numbers(
    raws: list[tuple[int, int]], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(raws)))
    first = Sequencer("BN")
    head = number(raws[:cut], first)
    second = Sequencer("BN", first.state())
    assert head + number(raws[cut:], second) == number(raws)


@given(st.lists(st.integers(T0 - 10, T0 + 10), min_size=1))
def test_raw_numbers_increase_by_one_when_the_receive_clock_runs_backwards(
    times: list[int],
) -> None:
    counter, last = ReceiveCounter(), None
    for time in times:
        seq = counter.next(time)
        assert seq == (time if last is None else max(last + 1, time))
        last = seq


def test_no_clock_stands_before_the_first_raw_record() -> None:
    assert number([(T0 + 5 * SECOND + 7, 1)]) == [("message", T0 + 5 * SECOND + 7)]


def test_a_record_on_a_whole_second_has_the_clock_first() -> None:
    assert number([(T0, 1)]) == [("clock", T0), ("message", T0 + 1)]
    assert number([(T0 - 5, 1), (T0, 1)])[1:] == [("clock", T0), ("message", T0 + 1)]


def test_a_record_without_messages_advances_the_clock() -> None:
    assert clocks([(T0 + 1, 1), (T0 + 2 * SECOND + 1, 0), (T0 + 3 * SECOND, 0)]) == [1, 2, 3]


def test_59_seconds_of_silence_have_every_second() -> None:
    assert clocks([(T0 + 1, 1), (T0 + MINUTE, 1)]) == list(range(1, 61))


def test_a_minute_of_silence_has_whole_minutes_and_the_last_second() -> None:
    assert clocks([(T0 + 1, 1), (T0 + 2 * MINUTE + 5 * SECOND + 1, 1)]) == [60, 120, 125]
    assert clocks([(T0 + 1, 1), (T0 + 2 * MINUTE, 1)]) == [60, 120]


def test_thousands_of_messages_of_one_record_meet_their_clock_once() -> None:
    out = number([(T0 + SECOND - 1000, 3000), (T0 + SECOND + 5, 1)])
    assert [entry for entry in out if entry[0] == "clock"] == [("clock", T0 + SECOND)]
    assert out[1000:1002] == [("clock", T0 + SECOND), ("message", T0 + SECOND + 1)]
    assert out[-1] == ("message", T0 + SECOND + 2001)


def test_a_record_that_is_not_newer_moves_no_clock() -> None:
    assert number([(T0 + SECOND + 1, 1), (T0, 2)]) == [
        ("message", T0 + SECOND + 1),
        ("message", T0 + SECOND + 2),
        ("message", T0 + SECOND + 3),
    ]


def test_a_hole_of_a_century_costs_a_month_of_clocks() -> None:
    century = 100 * 365 * 24 * 60 * MINUTE
    found = clocks([(T0 + 1, 1), (T0 + century + 1, 1)])
    assert len(found) == MAX_HOLE / MINUTE
    assert found[-1] == century / SECOND


@pytest.mark.parametrize("venue", ["BN", "VN"])
def test_a_clock_is_a_broadcast_of_its_venue(venue: str) -> None:
    out: list[MarketMessage] = []
    Sequencer(venue).begin(T0, out)
    [clock] = out
    assert isinstance(clock, Clock)
    assert (clock.symbol, clock.venue, clock.seq, clock.ts_ms) == ("*", venue, T0, T0 // 1000)

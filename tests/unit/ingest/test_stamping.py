"""Giving arrivals their seq again after a crash."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.stamping import FeedMismatchError, Slot, Stamper

Fed = tuple[Slot, int, bytes]


def fed(steps: list[tuple[int, int]]) -> list[Fed]:
    """Arrivals over two venues and several partitions, times as given, values all different."""
    now, out = 1_700_000_000_000_000, []
    for n, (partition, step) in enumerate(steps):
        now += step
        venue = "BN" if partition % 2 else "BNF"
        out.append((("binance", partition, venue), now, b"%d" % n))
    return out


def first_run(arrivals: list[Fed]) -> list[int]:
    """The seqs of a run that nothing disturbs."""
    stamper = Stamper({}, recorded=True)
    return [stamper.stamp(*arrival)[0] for arrival in arrivals]


STEPS = st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 3)), max_size=60)


@given(STEPS, st.data())
def test_recorded_seqs_are_the_same_whatever_prefix_of_each_partition_stands(
    steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    """What stands is not sent again, what is missing is, and every seq is the first run's."""
    arrivals = fed(steps)
    seqs = first_run(arrivals)
    slots: dict[Slot, list[tuple[int, bytes]]] = defaultdict(list)
    for (slot, _, value), seq in zip(arrivals, seqs, strict=True):
        slots[slot].append((seq, value))
    stamper = Stamper({}, recorded=True)
    standing = set()
    for slot, records in slots.items():
        prefix = records[: data.draw(st.integers(0, len(records)))]
        stamper.expect(slot, prefix)
        standing |= {value for _, value in prefix}
    assert [stamper.stamp(*a) for a in arrivals] == [
        (seq, value in standing) for seq, (_, _, value) in zip(seqs, arrivals, strict=True)
    ]
    assert stamper.left == 0


@given(STEPS, st.data())
def test_on_the_wall_clock_what_is_missing_is_numbered_between_what_stands(
    steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Seqs of a venue increase in the order of the file, and what stands keeps its own."""
    arrivals = fed(steps)
    seqs = first_run(arrivals)
    slots: dict[Slot, list[tuple[int, bytes]]] = defaultdict(list)
    for (slot, _, value), seq in zip(arrivals, seqs, strict=True):
        slots[slot].append((seq, value))
    stamper = Stamper({}, recorded=False)
    standing = {}
    for slot, records in slots.items():
        prefix = records[: data.draw(st.integers(0, len(records)))]
        stamper.expect(slot, prefix)
        standing |= {value: seq for seq, value in prefix}
    last: dict[str, int] = {}
    for slot, _, value in arrivals:
        seq, stands = stamper.stamp(slot, 1_800_000_000_000_000, value)
        assert stands == (value in standing)
        assert not stands or seq == standing[value]
        assert seq > last.get(slot[2], -1)
        last[slot[2]] = seq
    assert stamper.last == last


def test_another_value_or_time_in_the_place_of_what_stands_is_refused() -> None:
    """Another recording must not be mixed into a tape."""
    slot = ("binance", 0, "BN")
    for value, us in ((b"other", 7), (b"same", 8)):
        stamper = Stamper({}, recorded=True)
        stamper.expect(slot, [(7, b"same")])
        with pytest.raises(FeedMismatchError, match="is not what the feed gives again"):
            stamper.stamp(slot, us, value)


def test_numbering_goes_on_after_the_position_and_after_what_was_replayed() -> None:
    """A receive time that is not newer than the last seq gives the next number."""
    slot = ("binance", 0, "BN")
    stamper = Stamper({"BN": 100}, recorded=True)
    assert stamper.stamp(slot, 50, b"a") == (101, False)
    stamper.moved_to("BN", 200)
    assert stamper.stamp(slot, 50, b"b") == (201, False)
    assert stamper.last == {"BN": 201}

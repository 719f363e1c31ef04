"""Partitions read in any order and in any portions give one order: that of seq."""

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.archive.line import decode, encode
from services.ingest.archive.merge import Held, Merge
from services.ingest.core.records import Raw


@st.composite
def partitions(draw: st.DrawFn) -> list[list[int]]:
    seqs = draw(st.lists(st.integers(0, 500), unique=True, max_size=60))
    places = draw(st.lists(st.integers(0, 3), min_size=len(seqs), max_size=len(seqs)))
    return [sorted(s for s, p in zip(seqs, places, strict=True) if p == n) for n in range(4)]


def portion(merge: Merge[int], place: int, log: list[int], size: int) -> None:
    at = read[place]
    some = log[at : at + size]
    read[place] = at + len(some)
    held = [Held(seq, at + n, "ssi-x", b"%d\n" % seq) for n, seq in enumerate(some)]
    merge.add(place, at + len(some), held)


read: dict[int, int] = {}


@given(partitions(), st.integers(0, 500), st.integers(1, 7))
def test_what_is_sure_comes_in_order_whatever_the_portions_and_the_rest_later(
    logs: list[list[int]], sure: int, size: int
) -> None:
    read.update(dict.fromkeys(range(4), 0))
    ends = {place: len(log) for place, log in enumerate(logs)}
    merge = Merge(dict.fromkeys(range(4), 0))
    given_: list[int] = []

    def rounds(upto: int) -> None:
        while True:
            while behind := merge.behind(ends):
                for place in behind:
                    portion(merge, place, logs[place], size)
            before = len(given_)
            given_.extend(held.seq for held in merge.ready(upto, ends))
            if len(given_) == before and not merge.behind(ends):
                return

    everything = sorted(seq for log in logs for seq in log)
    rounds(sure)
    assert given_ == [seq for seq in everything if seq <= sure]
    positions = merge.positions()
    assert positions == {place: sum(seq <= sure for seq in log) for place, log in enumerate(logs)}
    rounds(500)
    assert given_ == everything


@given(st.binary(max_size=60))
def test_a_line_keeps_the_vendors_bytes_whatever_they_are(value: bytes) -> None:
    raw = Raw("VN", 5, "ssi", "vn.X", "HPG", value)
    line = encode("ssi-x", raw)
    assert line.count(b"\n") == 1
    assert decode(line, "VN") == ("ssi-x", raw)

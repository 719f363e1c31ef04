"""Which state is taken out of a snapshot partition."""

from dataclasses import dataclass

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.snapshots import RefusedSnapshotError, choose


@dataclass
class Record:
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def snapshot(next_offset: int, state: bytes, chunks: int = 1, version: int = 1) -> list[Record]:
    data = zstandard.ZstdCompressor().compress(state)
    size = -(-len(data) // chunks)
    return [
        Record(
            b"snapshot",
            data[n * size : (n + 1) * size],
            [
                ("version", str(version).encode()),
                ("next_offset", str(next_offset).encode()),
                ("id", f"{next_offset}-{state.hex()}".encode()),
                ("chunk", f"{n}/{chunks}".encode()),
            ],
        )
        for n in range(chunks)
    ]


def strike(offset: int, index: int) -> Record:
    return Record(b"strike", b"", [("version", b"1"), ("place", f"{offset}/{index}".encode())])


def taken(records: list[Record], version: int = 1) -> tuple[int, bytes] | None:
    found = choose(records, version).snapshot  # type: ignore[arg-type]
    return None if found is None else (found.next_offset, found.body())


def test_the_highest_next_offset_wins_although_an_older_one_was_written_last() -> None:
    """A zombie writes its old state after its successor's; it must not count."""
    assert taken([*snapshot(500, b"new"), *snapshot(300, b"old")]) == (500, b"new")


@given(st.permutations(range(6)))
def test_chunks_of_two_writers_may_be_interleaved(order: list[int]) -> None:
    mine, other = snapshot(7, b"mine" * 50, chunks=3), snapshot(5, b"other" * 50, chunks=3)
    both = mine + other
    assert taken([both[i] for i in order]) == (7, b"mine" * 50)


def test_an_incomplete_snapshot_is_no_snapshot() -> None:
    cut = snapshot(900, b"cut" * 50, chunks=3)[:2]
    assert taken([*snapshot(100, b"whole"), *cut]) == (100, b"whole")
    assert taken(cut) is None
    assert taken([]) is None


def test_another_state_version_is_refused_with_both_named() -> None:
    with pytest.raises(RefusedSnapshotError, match=r"state version 2, this service is version 1"):
        taken(snapshot(10, b"x", version=2))


def test_an_older_snapshot_of_another_version_does_not_matter() -> None:
    assert taken([*snapshot(10, b"x", version=2), *snapshot(20, b"y")]) == (20, b"y")


def test_strikes_at_or_above_the_state_are_remembered_others_are_over() -> None:
    records = [strike(90, 1), *snapshot(100, b"x"), strike(100, 0), strike(120, 3)]
    assert choose(records, 1).strikes == {(100, 0), (120, 3)}  # type: ignore[arg-type]
    assert choose([strike(0, 5)], 1).strikes == {(0, 5)}  # type: ignore[list-item]

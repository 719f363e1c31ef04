"""The book that the classifier builds from deltas where there are no quotes."""

from math import inf

from schemas.market import BookDelta
from services.classifier.core.book import KEPT, LEVELS, on_delta, on_quote
from services.classifier.core.state import SymbolState, initial
from tests.unit.classifier.support import quote


def delta(seq: int, bids=(), asks=(), *, snapshot: bool = False) -> BookDelta:
    return BookDelta(
        symbol="X",
        feed="test",
        seq=seq,
        ts_ms=seq,
        bids=list(bids),
        asks=list(asks),
        first_id=seq,
        last_id=seq,
        snapshot=snapshot,
    )


def after(*deltas: BookDelta) -> SymbolState:
    state = initial("X")
    for each in deltas:
        on_delta(state, each)
    return state


def test_the_best_levels_are_followed_as_they_come_and_go():
    state = after(
        delta(1, [(98.0, 1), (99.0, 1)], [(102.0, 1), (101.0, 1)]),
        delta(2, [(99.0, 0)], [(101.0, 0)]),
    )
    assert (state.bid, state.ask) == (98.0, 102.0)
    assert [(bid, ask) for bid, ask, _, _ in state.best] == [(99.0, 101.0), (98.0, 102.0)]


def test_an_unknown_level_can_be_removed():
    state = after(delta(1, [(99.0, 1)], [(101.0, 1)]), delta(2, [(97.0, 0)], [(100.5, 0)]))
    assert (state.bid, state.ask) == (99.0, 101.0)


def test_of_a_crossed_book_the_side_just_written_is_believed():
    state = after(delta(1, [(99.0, 1)], [(101.0, 1), (103.0, 1)]), delta(2, [(101.0, 1)]))
    assert (state.bid, state.ask) == (101.0, 103.0)
    state = after(delta(1, [(99.0, 1), (97.0, 1)], [(101.0, 1)]), delta(2, asks=[(99.0, 1)]))
    assert (state.bid, state.ask) == (97.0, 99.0)


def test_a_snapshot_replaces_all_levels():
    state = after(delta(1, [(99.0, 1)], [(101.0, 1)]), delta(2, [(90.0, 1)], snapshot=True))
    assert (state.bid, state.ask) == (90.0, inf)


def test_deltas_are_ignored_once_there_are_quotes():
    state = after(delta(1, [(99.0, 1)], [(101.0, 1)]))
    on_quote(state, quote(2, 95.0, 96.0))
    on_delta(state, delta(3, [(95.5, 1)]))
    assert (state.bid, state.ask, state.bid_levels) == (95.0, 96.0, [])


def test_history_and_levels_are_bounded():
    state = initial("X")
    for i in range(10 * KEPT):
        on_quote(state, quote(i + 1, 100.0 + i % 7, 110.0 + i % 5))
        assert len(state.best) < 2 * KEPT
    assert len(state.best) >= KEPT
    state = after(delta(1, [(float(i), 1) for i in range(1, 2 * LEVELS)]))
    assert len(state.bid_levels) == LEVELS
    assert state.bid == 2 * LEVELS - 1

"""Chains, repeats, gaps and prices: what is missing is said, what is repeated is dropped."""

import pytest

from schemas.market import BookDelta, Gap, MarketMessage, Quote, Trade
from tests.unit.ingest.core.support import (
    codes,
    depth,
    drops,
    messages,
    run,
    snapshot,
    ticker,
    trade,
)

Seen = list[str | int]


def seen(made: list[MarketMessage]) -> list[str]:
    """Short names in order."""
    names = []
    for m in made:
        if isinstance(m, Trade):
            names.append(f"trade {m.trade_id}")
        elif isinstance(m, Gap):
            names.append(f"gap {m.cause} {m.missing_count}")
        elif isinstance(m, BookDelta):
            names.append(f"{'book' if m.snapshot else 'delta'} {m.last_id}")
        else:
            names.append(type(m).__name__.lower())
    return names


def test_a_skipped_trade_id_is_a_gap_before_the_trade_that_revealed_it() -> None:
    made = messages(run([trade(1), trade(4)]))
    assert seen(made) == ["trade 1", "gap trade_id 2", "trade 4"]
    gap = made[1]
    assert isinstance(gap, Gap)
    assert (gap.symbol, gap.venue, gap.channel) == ("BTCUSDT.BN", "BN", "spot.trade")
    assert (gap.from_ts_ms, gap.to_ts_ms) == (1723161600001, 1723161600004)
    assert gap.seq < made[2].seq


def test_a_true_repeat_is_dropped_and_an_older_trade_is_stale() -> None:
    done = run([trade(1), trade(2), trade(2), trade(1), trade(3)])
    assert seen(messages(done)) == ["trade 1", "trade 2", "trade 3"]
    assert drops(done) == ["duplicate", "stale"]


def test_the_same_trade_id_with_other_content_is_no_repeat() -> None:
    done = run([trade(1), trade(1, q="9"), trade(2)])
    assert codes(done) == ["conflicting_id"]
    assert seen(messages(done)) == ["trade 1", "trade 2"]


def test_a_refused_trade_leaves_a_gap_where_it_stood() -> None:
    done = run([trade(1), trade(2, "-1"), trade(3)])
    assert codes(done) == ["bad_number"]
    assert seen(messages(done)) == ["trade 1", "gap trade_id 1", "trade 3"]


def test_an_absurd_price_is_refused_and_five_that_agree_are_believed() -> None:
    values = [trade(1), trade(2, "1001"), trade(3, "100"), trade(4, "9.9")]
    done = run(values)
    assert codes(done) == ["absurd_price", "absurd_price"]
    changed = [trade(i, "100000") for i in range(2, 8)]
    done = run([trade(1), *changed])
    assert codes(done) == ["absurd_price"] * 4
    assert seen(messages(done)) == ["trade 1", "gap trade_id 4", "trade 6", "trade 7"]


def test_absurd_prices_that_disagree_are_never_believed() -> None:
    wild = [trade(i, f"1e{i % 2 * 3 + 5}") for i in range(2, 30)]
    assert codes(run([trade(1), *wild])) == ["absurd_price"] * 28


def test_a_price_at_the_limit_is_believed() -> None:
    assert codes(run([trade(1), trade(2, "1000"), trade(3, "100")])) == []


def test_absurd_quotes_are_refused_on_either_side() -> None:
    done = run([ticker(1), ticker(2, bid="1"), ticker(3, ask="9999"), ticker(4)])
    assert codes(done) == ["absurd_price", "absurd_price"]
    assert len([m for m in messages(done) if isinstance(m, Quote)]) == 2


def test_far_levels_of_a_book_are_no_fault() -> None:
    assert codes(run([depth(1, 2), depth(3, 3, b=[["0.01", "1"]], a=[["90000", "1"]])])) == []


def test_quotes_repeat_grow_old_and_conflict() -> None:
    done = run([ticker(5), ticker(5), ticker(4), ticker(5, bid="99"), ticker(90)])
    assert drops(done) == ["duplicate", "stale"]
    assert codes(done) == ["conflicting_id"]
    assert seen(messages(done)) == ["quote", "quote"]


def test_a_broken_update_chain_is_a_gap_on_spot() -> None:
    done = run([depth(1, 2), depth(3, 5), depth(7, 8), depth(8, 9)])
    assert seen(messages(done)) == [
        "delta 2",
        "delta 5",
        "gap update_id None",
        "delta 8",
        "gap update_id None",
        "delta 9",
    ]


def test_futures_updates_are_linked_by_the_previous_final_id() -> None:
    done = run([depth(1, 5, pu=0), depth(9, 12, pu=5), depth(13, 15, pu=11)], "BNF")
    assert seen(messages(done)) == ["delta 5", "delta 12", "gap update_id None", "delta 15"]


def test_updates_repeat_grow_old_and_conflict() -> None:
    again = depth(3, 4, b=[])
    done = run([depth(1, 2), depth(3, 4), depth(3, 4), depth(1, 2), again, depth(5, 5)])
    assert drops(done) == ["duplicate", "stale"]
    assert codes(done) == ["conflicting_id"]
    assert seen(messages(done)) == ["delta 2", "delta 4", "delta 5"]


@pytest.mark.parametrize(
    ("venue", "updates", "expected"),
    [
        # The stream has passed the snapshot: the chain goes on as it was.
        ("BN", [(11, 12, {})], ["delta 12"]),
        # Spot: updates up to the snapshot are old, the first new one reaches back to it.
        ("BN", [(18, 20, {}), (19, 22, {}), (23, 23, {})], ["delta 22", "delta 23"]),
        ("BN", [(21, 22, {})], ["delta 22"]),
        ("BN", [(22, 23, {})], ["gap update_id None", "delta 23"]),
        # Futures: an update that ends on the snapshot is already its successor.
        ("BNF", [(17, 19, {"pu": 10}), (18, 20, {"pu": 1})], ["delta 20"]),
        ("BNF", [(21, 25, {"pu": 20})], ["delta 25"]),
        ("BNF", [(22, 25, {"pu": 21})], ["gap update_id None", "delta 25"]),
    ],
)
def test_the_first_update_after_a_snapshot(
    venue: str, updates: list[tuple[int, int, dict[str, int]]], expected: list[str]
) -> None:
    last = 9 if updates[0][0] == 11 else 20
    values = [depth(1, 10, **({"pu": 0} if venue == "BNF" else {})), snapshot(last)]
    values += [depth(first, final, **over) for first, final, over in updates]
    assert seen(messages(run(values, venue))) == ["delta 10", f"book {last}", *expected]


def test_snapshots_repeat_and_grow_old() -> None:
    done = run([depth(1, 10), snapshot(20), snapshot(20), snapshot(15), snapshot(25)])
    assert drops(done) == ["duplicate", "stale"]
    assert seen(messages(done)) == ["delta 10", "book 20", "book 25"]


def test_a_snapshot_far_ahead_is_given_up_after_a_minute() -> None:
    late = {"E": 1723161600500 + 60_001}
    done = run([depth(1, 10), snapshot(9000), depth(11, 12), depth(13, 14, **late), depth(15, 16)])
    assert drops(done) == ["stale"]
    assert seen(messages(done)) == [
        "delta 10",
        "book 9000",
        "gap update_id None",
        "delta 14",
        "delta 16",
    ]


def test_a_damaged_id_does_not_silence_a_symbol() -> None:
    for make in (trade, ticker, lambda i: depth(i, i)):
        done = run([make(1), make(2), make(2**50), make(3), make(4)])
        assert codes(done) == ["absurd_id"]
        assert len(messages(done)) == 4
        assert not any(isinstance(m, Gap) for m in messages(done))


def test_a_numbering_that_starts_again_is_believed_after_five() -> None:
    later = [trade(i, T=1723200000000 + i) for i in range(1, 8)]
    done = run([trade(5_000_000), *later])
    assert drops(done) == ["stale"] * 4
    assert seen(messages(done)) == [
        "trade 5000000",
        "gap trade_id None",
        "trade 5",
        "trade 6",
        "trade 7",
    ]


def test_a_replayed_stretch_is_stale_however_long_it_is() -> None:
    values = [make(i) for i in range(1, 300) for make in (trade, ticker)]
    done = run(values + values)
    assert len(messages(done)) == len(values)
    assert len(drops(done)) == len(values)


def test_symbols_and_venues_have_chains_of_their_own() -> None:
    other = trade(70, s="ETHUSDT").replace(b"btcusdt", b"ethusdt")
    assert seen(messages(run([trade(1), other, trade(2)]))) == ["trade 1", "trade 70", "trade 2"]


def test_a_believed_message_between_suspects_begins_their_count_again() -> None:
    far = {"price": "100000"}
    values = [trade(1), *(trade(i, **far) for i in range(2, 6)), trade(6), trade(7, **far)]
    assert codes(run(values)) == ["absurd_price"] * 5


def test_ids_that_leap_and_go_on_from_there_are_believed_after_five() -> None:
    done = run([trade(1), *(trade(2**40 + i) for i in range(6))])
    assert codes(done) == ["absurd_id"] * 4
    assert seen(messages(done)) == [
        "trade 1",
        "gap trade_id None",
        f"trade {2**40 + 4}",
        f"trade {2**40 + 5}",
    ]

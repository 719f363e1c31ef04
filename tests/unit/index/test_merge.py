"""Step 2: a second is what all partitions said of it, whoever was last, however often it died."""

from collections import defaultdict
from itertools import groupby, islice
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.market import Gap, MarketMessage
from schemas.market_partials import MarketPartial, Share
from schemas.market_summary import Leader, MarketLeaders, MarketSummary
from schemas.topic import PARTITIONS
from services.index.core.merge import initial, merge
from services.index.merge_app import SERVICE as MERGE
from services.runtime.metrics import Metrics
from services.runtime.partition import Partition
from tests.support.index_run import Merged, in_step, partials, shuffled
from tests.support.price_tape import price_messages
from tests.unit.index.support import DAY, SECOND, T0

Lanes = list[list[bytes]]


@pytest.fixture(scope="module")
def tape() -> list[MarketMessage]:
    """Forty seconds of sixty shares on two exchanges, with VN30."""
    return list(islice(price_messages(60, 5, 40_009), 1100))


@pytest.fixture(scope="module")
def lanes(tape: list[MarketMessage]) -> Lanes:
    return partials(tape)


@pytest.fixture(scope="module")
def calm(lanes: Lanes) -> Merged:
    return Merged(in_step(lanes))


def decoded(value: bytes) -> MarketPartial:
    return msgspec.json.decode(value, type=MarketPartial)


def test_all_kinds_of_output_come_out(calm: Merged) -> None:
    kinds = defaultdict(int)
    for message in calm.messages():
        kinds[type(message).__name__] += 1
    assert kinds.keys() == {"IndexEstimate", "MarketSummary", "MarketLeaders"}
    assert min(kinds.values()) > 20


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_the_partitions_changes_nothing(lanes: Lanes, calm: Merged, seed: int) -> None:
    """Byte for byte, also when one is half a minute ahead of another."""
    merged = Merged(shuffled(lanes, seed))
    assert (merged.values, merged.keys) == (calm.values, calm.keys)


def test_one_partition_after_the_other_gives_the_same(lanes: Lanes, calm: Merged) -> None:
    order = [value for lane in reversed(lanes) for value in lane]
    assert Merged(order).values == calm.values


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_cut_anywhere_restored_and_repeated_it_goes_on_with_the_same_bytes(
    lanes: Lanes, calm: Merged, data: st.DataObject
) -> None:
    order = shuffled(lanes, 1)
    cuts = data.draw(st.sets(st.integers(0, len(order) - 1), max_size=3))
    values: list[bytes] = []
    sinks: dict[type[Any], Any] = dict.fromkeys(MERGE.outputs, lambda _, v: values.append(v))
    part = Partition(MERGE, sinks, [])
    for place, value in enumerate(order):
        if place in cuts:
            state = part.encode()
            part = Partition(MERGE, sinks, [])
            part.restore(state, place)
            repeated = data.draw(st.integers(0, place))
            part.run(place, [decoded(v) for v in order[repeated:place]])
        part.run(place, [decoded(value)])
    assert values == calm.values


def test_a_second_waits_for_the_last_partition(lanes: Lanes) -> None:
    merged = Merged(value for lane in lanes[:-1] for value in lane)
    assert merged.values == []
    first = decoded(lanes[-1][0])
    merged.step2.run(10**6, [first])
    assert {m.seq for m in merged.messages()} == {first.seq}


def test_a_partition_that_lost_seconds_has_passed_them(lanes: Lanes, calm: Merged) -> None:
    """Its input expired and the loss was accepted: the market goes on without what it would say."""
    cut = [lanes[0][:3] + lanes[0][9:], *lanes[1:]]
    merged = Merged([value for lane in cut for value in lane])
    assert merged.messages()[-1].seq == calm.messages()[-1].seq
    seqs = {m.seq for m in merged.messages()}
    assert {decoded(value).seq for value in lanes[1][4:8]} <= seqs


def test_a_gap_and_anything_else_of_a_venue_is_passed_over() -> None:
    span = {"from_ts_ms": 0, "to_ts_ms": 1, "cause": "accepted_loss", "channel": "*"}
    gap = Gap(symbol="*", feed="f", seq=5, ts_ms=0, venue="VN", **span)  # type: ignore[arg-type]
    assert merge(initial("VN"), gap) == []


def test_seqs_are_those_of_clocks_and_increase_with_part_in_each_stream(calm: Merged) -> None:
    last: dict[tuple[str, str], tuple[int, int]] = {}
    for message in calm.messages():
        assert message.seq % SECOND == 0
        topic = MERGE.outputs[type(message)].name
        at = (message.seq, message.part)
        assert at > last.get((topic, message.symbol), (-1, 0))
        last[topic, message.symbol] = at


def test_sums_are_those_of_the_shares_counted_anew(lanes: Lanes, calm: Merged) -> None:
    """Adding what changes, second by second, against adding up all shares at the end."""
    shares = {s.symbol: s for value in in_step(lanes) for s in decoded(value).shares}
    for name in ("VN", "HOSE", "HNX", "VN30", "unknown"):
        last = calm.summaries(name)[-1]
        mine = [
            s
            for s in shares.values()
            if name in ("VN", s.exchange, s.sector or "unknown")
            or (name == "VN30" and s.symbol in {f"S{n:04d}" for n in range(30)})
        ]
        traded = [s for s in mine if s.last is not None]
        assert last.members == len(mine)
        assert last.not_traded == len(mine) - len(traded)
        assert last.advances == sum((s.last or 0) > (s.reference or 0) for s in traded)
        assert last.declines == sum((s.last or 0) < (s.reference or 0) for s in traded)
        assert last.ceilings == sum(s.last == s.ceiling for s in traded)
        assert last.total_volume == sum(s.total_volume for s in mine)
        assert last.total_value == sum(s.total_value for s in mine)
        assert last.buy_value == sum(s.buy_value for s in mine)
        assert last.foreign_net_volume == sum(s.foreign_buy_volume for s in mine)


def test_a_share_that_moves_takes_all_it_has_along() -> None:
    """To another exchange, and into a sector; nothing of it stays behind."""
    head = {"feed": "f", "ts_ms": 0, "venue": "VN", "symbol": "VN.0", "partition": 0}
    first = Share("A", "HNX", None, 10.0, last=11.0, total_volume=5)
    moved = Share("A", "HOSE", "banks", 10.0, last=9.0, total_volume=7)
    state, seq = initial("VN"), T0
    for share in (first, moved):
        seq += SECOND
        for number in range(1, PARTITIONS):
            said = {"partition": number, "symbol": f"VN.{number}"}
            assert merge(state, MarketPartial(**head | said, seq=seq)) == []
        rows = merge(state, MarketPartial(**head, seq=seq, shares=[share]))
    sums = {row.symbol: row for row in rows if isinstance(row, MarketSummary)}
    assert {s: (r.members, r.total_volume) for s, r in sums.items()} == {
        "VN": (1, 7), "HOSE": (1, 7), "HNX": (0, 0), "banks": (1, 7), "unknown": (0, 0)
    }  # fmt: skip
    assert (sums["HOSE"].declines, sums["HNX"].advances) == (1, 0)


def test_breadth_always_adds_up(calm: Merged) -> None:
    rows = [m for m in calm.messages() if isinstance(m, MarketSummary)]
    for row in rows:
        counted = row.advances + row.declines + row.unchanged + row.not_traded + row.unpriced
        assert counted == row.members
        assert row.ceilings <= row.advances
        assert row.floors <= row.declines
    by_second: dict[int, dict[str, MarketSummary]] = defaultdict(dict)
    for row in rows:
        by_second[row.seq][row.symbol] = row
    whole = [s for s in by_second.values() if {"VN", "HOSE", "HNX"} <= s.keys()]
    assert len(whole) > 20
    for second in whole:
        assert second["VN"].total_value == second["HOSE"].total_value + second["HNX"].total_value


def test_a_summary_comes_only_when_it_says_something_new(calm: Merged) -> None:
    seen: dict[str, MarketSummary] = {}
    for row in (m for m in calm.messages() if isinstance(m, MarketSummary)):
        said = msgspec.structs.replace(row, seq=0, ts_ms=0)
        assert seen.get(row.symbol) != said
        seen[row.symbol] = said


def test_leaders_are_at_each_second_the_ten_largest_by_net_value(
    lanes: Lanes, calm: Merged
) -> None:
    told = {m.seq: m for m in calm.leaders()}
    shares: dict[str, Share] = {}
    newest: MarketLeaders | None = None
    by_second = sorted(map(decoded, in_step(lanes)), key=lambda p: p.seq)
    for seq, partials_ in groupby(by_second, key=lambda p: p.seq):
        shares |= {share.symbol: share for partial in partials_ for share in partial.shares}
        newest = told.get(seq, newest)
        if newest is None:
            continue
        assert newest.active_buyers == largest(shares, "buy_value", "sell_value", 1)
        assert newest.active_sellers == largest(shares, "buy_value", "sell_value", -1)
        foreign = ("foreign_buy_value", "foreign_sell_value")
        assert newest.foreign_buyers == largest(shares, *foreign, 1)
        assert newest.foreign_sellers == largest(shares, *foreign, -1)
    assert len(told) > 20
    assert newest is not None
    assert len(newest.active_buyers) == len(newest.active_sellers) == 10


def largest(shares: dict[str, Share], buy: str, sell: str, sign: int) -> list[Leader]:
    """One list of leaders, made anew."""
    found = []
    for share in shares.values():
        value = getattr(share, buy) - getattr(share, sell)
        volumes = (getattr(share, name.replace("value", "volume")) for name in (buy, sell))
        bought, sold = volumes
        if value * sign > 0:
            found.append(Leader(share.symbol, bought - sold, value))
    return sorted(found, key=lambda one: (-one.net_value * sign, one.symbol))[:10]


def test_a_new_day_begins_with_nothing_traded(tape: list[MarketMessage]) -> None:
    tomorrow = [
        msgspec.structs.replace(m, seq=m.seq + DAY, ts_ms=m.ts_ms + DAY // 1000) for m in tape[:400]
    ]
    rows = Merged(in_step(partials([*tape, *tomorrow]))).summaries("VN")
    today = [row for row in rows if row.day == "2026-07-20"]
    again = [row for row in rows if row.day == "2026-07-21"]
    assert [(r.total_volume, r.not_traded) for r in again] == [
        (r.total_volume, r.not_traded) for r in today[: len(again)]
    ]
    assert len(again) > 3


def test_state_of_the_merge_is_small(lanes: Lanes, calm: Merged) -> None:
    """Sixty shares and a basket of thirty: what a snapshot costs."""
    assert len(calm.step2.encode()) < 40_000
    assert len(lanes) == PARTITIONS
    assert decoded(lanes[0][0]).seq > T0


def test_metrics_say_the_error_of_the_index_and_how_long_a_partition_is_waited_for(
    lanes: Lanes, calm: Merged
) -> None:
    metrics = Metrics("index-merge")
    calm.step2.measure(metrics)
    value = metrics.registry.get_sample_value
    labels = {"service": "index-merge", "index": "VN30"}
    settled = next(e for e in reversed(calm.estimates()) if e.error_percent is not None)
    found = value("vntape_index_error_ratio", labels)
    assert found == pytest.approx((settled.error_percent or 0) / 100)
    assert (
        value("vntape_index_error_timestamp_seconds", labels) == (settled.error_ts_ms or 0) / 1000
    )
    assert value("vntape_merge_waiting_seconds", {"service": "index-merge"}) == 0
    Merged([lanes[0][0], *[lane[0] for lane in lanes[2:]], lanes[0][1]]).step2.measure(metrics)
    assert value("vntape_merge_waiting_seconds", {"service": "index-merge"}) == 1

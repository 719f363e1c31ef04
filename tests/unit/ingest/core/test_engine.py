"""The engine: the same raw records give the same messages, wherever it was stopped."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.control import Tick
from services.ingest.core.binance import FEED
from services.ingest.core.engine import MAX_LINE_BYTES, SURELY_SHORT_BYTES, Engine
from services.ingest.core.feed import Output
from services.ingest.core.records import Decoded, Raw
from tests.unit.ingest.core.support import (
    NOON,
    codes,
    depth,
    messages,
    raws,
    recorded,
    run,
    snapshot,
    ticker,
    trade,
)

ids = st.integers(1, 12)
frames = st.one_of(
    st.builds(trade, ids, st.sampled_from(["100", "101", "5000", "-1"])),
    st.builds(trade, ids, X=st.sampled_from(["MARKET", "ADL"])),
    st.builds(ticker, ids, bid=st.sampled_from(["99.5", "0", "1"])),
    st.builds(depth, ids, ids),
    st.builds(depth, ids, ids, pu=ids),
    st.builds(snapshot, ids),
    st.sampled_from([b"", b"{}", b'{"id":1}', trade(2**50), trade(1, s="ETHUSDT")]),
)
steps = st.one_of(st.integers(-5, 50), st.integers(0, 3_000_000), st.just(70_000_000))


@st.composite
def records(draw: st.DrawFn) -> list[Raw]:
    """Raw records of two venues, ticks among them."""
    made: list[Raw] = []
    for venue in ("BN", "BNF"):
        time, lines = NOON, []
        for step, value in draw(st.lists(st.tuples(steps, frames), max_size=25)):
            time += step
            lines.append((time, value))
        made += raws(venue, lines)
        if made:
            tick = msgspec.json.encode(Tick(venue=venue))
            made.append(Raw(venue, made[-1].seq + 5_000_000, "ingest", "tick", venue, tick))
    return made


def through_json(state: Any) -> Any:
    """As a `position` keeps it."""
    return msgspec.json.decode(msgspec.json.encode(state))


@given(records(), st.data())
@settings(max_examples=150)
def test_cut_anywhere_and_restored_gives_the_same_messages(
    made: list[Raw], data: st.DataObject
) -> None:
    undisturbed = Engine(["BN", "BNF"])
    expected = [undisturbed.decode(raw) for raw in made]
    cut = data.draw(st.integers(0, len(made)))
    first, second = Engine(["BN", "BNF"]), Engine(["BN", "BNF"])
    head = [first.decode(raw) for raw in made[:cut]]
    second.restore(through_json(first.state()))
    assert head + [second.decode(raw) for raw in made[cut:]] == expected
    assert msgspec.json.encode(second.state()) == msgspec.json.encode(undisturbed.state())


def test_a_capture_cut_at_every_thousandth_record_gives_the_same_messages() -> None:
    made = raws("BNF", recorded("usdm_btcusdt_20240808.gz")[:12_000])
    undisturbed, restarted = Engine(["BNF"]), Engine(["BNF"])
    for at, raw in enumerate(made):
        if at % 1000 == 0:
            state = through_json(restarted.state())
            restarted = Engine(["BNF"])
            restarted.restore(state)
        assert restarted.decode(raw) == undisturbed.decode(raw)


@given(records())
@settings(max_examples=50)
def test_venues_do_not_influence_each_other(made: list[Raw]) -> None:
    both, one = Engine(["BN", "BNF"]), Engine(["BNF"])
    alone = [one.decode(raw) for raw in made if raw.venue == "BNF"]
    assert [
        d for raw, d in zip(made, map(both.decode, made), strict=True) if raw.venue == "BNF"
    ] == alone


class Faulty:
    """A decoder with a fault: it takes numbers, says things, and breaks."""

    def decode(self, raw: Raw, out: Output) -> None:
        for _ in range(3_000):
            out.next_seq()
        out.drop("unknown_event")
        out.reject("malformed", "half way")
        raise KeyError(raw.key)

    def state(self) -> Any:
        return None

    def restore(self, state: Any) -> None:
        raise AssertionError("this engine is restored by nobody")


def test_a_fault_in_a_decoder_is_a_dead_letter_that_leaves_no_other_trace() -> None:
    feeds = {"binance": FEED, "faulty": FEED._replace(decoder=lambda _: Faulty())}
    plain, hit = Engine(["BN"], feeds), Engine(["BN"], feeds)
    near = NOON + 499_000
    [before, broken, after] = raws("BN", [(near, trade(1)), (near, b""), (near, trade(2))])
    assert plain.decode(before) == hit.decode(before)
    done = hit.decode(broken._replace(feed="faulty"))
    assert (done.messages, codes([done]), done.dropped) == ([], ["unforeseen"], [])
    plain.decode(broken)
    assert plain.decode(after) == hit.decode(after)


def test_records_of_foreign_venues_and_feeds_are_dead_letters() -> None:
    engine = Engine(["BN"])
    [raw] = raws("BN", [(NOON, trade(1))])
    assert codes([engine.decode(raw._replace(venue="BNF"))]) == ["wrong_venue"]
    assert codes([engine.decode(raw._replace(feed="ftx"))]) == ["unknown_feed"]


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (None, "damaged"),
        ({"sequencers": {"BNC": {"raw": 1, "last": 1}}, "decoders": {}}, "venues"),
        ({"sequencers": {}, "decoders": {"BN": {"ftx": {}}}}, "ftx"),
        ({"sequencers": {}, "decoders": {"BN": {"binance": 7}}}, "damaged"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(state: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Engine(["BN"]).restore(state)


def test_two_hundred_bad_messages_in_a_row_and_the_next_good_one_is_decoded() -> None:
    engine = Engine(["BN"])
    made = raws("BN", [(NOON, b"\xff" * i) for i in range(200)] + [(NOON, trade(1))])
    done: list[Decoded] = [engine.decode(raw) for raw in made]
    assert codes(done) == ["malformed"] * 200
    assert len(messages(done)) == 1


def test_a_message_too_long_for_market_is_a_dead_letter_and_its_loss_a_gap() -> None:
    """6 MB of short numbers become 18 MB of long ones; the next update finds them missing."""
    huge = depth(2, 3, b=["@"]).replace(b'"@"', b",".join([b"[9e14,9e17]"] * 500_000))
    assert len(huge) < MAX_LINE_BYTES
    decoded = run([depth(1, 1), huge, depth(4, 4), depth(5, 5)])
    assert codes(decoded) == ["too_long_decoded"]
    assert [type(m).__name__ for m in messages(decoded)] == [
        "BookDelta", "Gap", "BookDelta", "BookDelta"
    ]  # fmt: skip


def test_a_long_message_that_fits_its_line_passes() -> None:
    """1.7 MB as a vendor writes them."""
    long = depth(2, 3, b=[["61800.20", "0.5"]] * 90_000)
    assert len(long) > SURELY_SHORT_BYTES
    decoded = run([depth(1, 1), long, depth(4, 4)])
    assert codes(decoded) == []
    assert len(messages(decoded)) == 3

"""Whatever Vietnamese feeds send, nothing escapes, all is accounted for, any cut is invisible."""

import json
import random
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.frames import encode, messages
from schemas.market import Clock, Status
from services.ingest.core.engine import Engine
from services.ingest.core.feed import MAX_REASON, Feed
from services.ingest.core.iboard import IboardDecoder
from services.ingest.core.records import Raw
from services.ingest.core.registry import FEEDS
from services.ingest.core.ssi_v2 import SsiDecoder
from services.ingest.core.ssi_v2.route import TOPIC_OF
from services.ingest.core.vn.sources import PRIMARY, Sources
from tests.unit.ingest.core.test_fuzz import ODD, cut, doubled, excised, flipped
from tests.unit.ingest.core.test_iboard_decoder import l_frame, s_frame
from tests.unit.ingest.core.vietnam import (
    DATA,
    NOON,
    foreign,
    index,
    quote,
    raws,
    recording,
    status,
    trade,
    us,
)

CODES = {
    "malformed", "bad_number", "bad_time", "absurd_price", "absurd_id", "broken_chain",
}  # fmt: skip
DROPS = {
    "stale_day", "not_primary", "unknown_event", "duplicate", "stale", "no_volume", "went_back",
    "other_board",
}  # fmt: skip
ON_B: Sources = {**PRIMARY, "trade": ("ssi", "B")}
ON_IBOARD: Sources = {
    "trade": ("iboard", "L"),
    **dict.fromkeys(("quote", "auction", "foreign", "open_interest", "day"), ("iboard", "S")),
}  # type: ignore[dict-item]
ON_X: Sources = {**PRIMARY, **dict.fromkeys(("trade", "auction", "day", "quote"), ("ssi", "X"))}  # type: ignore[dict-item]
CHOICES = {"usual": PRIMARY, "b": ON_B, "x": ON_X, "iboard": ON_IBOARD}


def engine_on(sources: Sources) -> Engine:
    feeds: dict[str, Feed] = {
        "ssi": FEEDS["ssi"]._replace(decoder=lambda venue: SsiDecoder(venue, sources)),
        "iboard": FEEDS["iboard"]._replace(decoder=lambda venue: IboardDecoder(venue, sources)),
    }
    return Engine(["VN"], feeds)


def account(engine: Engine, raw: Raw, last_seq: int) -> int:
    """Decode a feed's record; check that it is accounted for; the last seq."""
    done = engine.decode(raw)
    made = [m for m in done.messages if m.feed == raw.feed]
    assert made or done.dead or done.dropped, raw
    assert {reason.partition(": ")[0] for reason in done.dead} <= CODES, (raw, done.dead)
    assert set(done.dropped) <= DROPS
    for reason in done.dead:
        assert len(reason.encode()) <= 4 * MAX_REASON
    for message in done.messages:
        assert isinstance(message, Clock | Status) or message.feed == raw.feed
        assert message.seq > last_seq
        last_seq = message.seq
        json.dumps(msgspec.to_builtins(message), allow_nan=False)
        assert messages(encode(message)) == [message]
    return last_seq


LINES = [("ssi", line) for name in ("hpg_ato_20260720", "hpg_fills_20260720", "vnindex_20260720")
         for line in (DATA / f"{name}.jsonl").read_bytes().splitlines()[-20:]]  # fmt: skip
OTHERS = [quote((21700, 5), (21750, 9)), foreign(100, 50), index(1746.0), trade(100, 98_000)]
OTHERS += [status("LO", "13:30:00"), status("HALT", "13:31:00", "H")]
LINES += [("ssi", line) for line in OTHERS]
LINES += [("iboard", line.encode()) for line in (l_frame(500, 500), s_frame(), l_frame(100, 600))]


def replaced(rng: random.Random, line: bytes) -> bytes:
    """A field of the envelope or of what is in it has an odd value, or is gone."""
    try:
        envelope = json.loads(line)
        content = json.loads(envelope["Content"])
    except (ValueError, TypeError, KeyError):
        fields = line.split(b"|")
        fields[rng.randrange(len(fields))] = str(rng.choice(ODD)).encode("utf-8", "replace")
        return b"|".join(fields)
    target: dict[str, Any] = content if rng.random() < 0.9 else envelope
    key = rng.choice(list(target))
    if rng.random() < 0.2:
        del target[key]
    else:
        target[key] = rng.choice([*ODD, *content.values()])
    if "Content" in envelope and target is content:
        inner = rng.random() < 0.8
        envelope["Content"] = json.dumps(content) if inner else content
    return json.dumps(envelope).encode()


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("seed", range(2))
def test_damaged_messages_are_accounted_for(choice: str, seed: int) -> None:
    rng = random.Random(seed)
    ways = [partial(way, rng) for way in (flipped, cut, doubled, excised, replaced, replaced)]
    found = []
    for i in range(3000):
        feed, line = rng.choice(LINES)
        found.append((NOON + i * 500, feed, rng.choice(ways)(line) if rng.random() < 0.6 else line))
    engine, last = engine_on(CHOICES[choice]), 0
    for raw in raws(found):
        last = account(engine, raw, last)
    msgspec.json.decode(msgspec.json.encode(engine.state()))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = "Symbol symbol IndexId TradingDate Time Exchange LastPrice LastVol TotalVol TotalVal"
NAMES += " BidPrice1 BidVol1 BuyVol SellVol IndexValue Open High Low Close Volume"
NAMES += " TradingSession TradingStatus EstMatchedPrice"
names = st.sampled_from(NAMES.split())
contents = st.dictionaries(
    names,
    anything | st.sampled_from(["HPG", "20/07/2026", "13:36:00", "ATO", "1", 1.0]),
    max_size=9,
)
envelopes = st.builds(
    lambda kind, content, text: json.dumps(
        {"DataType": kind, "Content": json.dumps(content) if text else content}
    ).encode(),
    st.sampled_from([*TOPIC_OF, "z"]),
    contents,
    st.booleans(),
)
pipes = st.builds(
    lambda kind, fields: f"MAIN|{kind}#HPG|{'|'.join(fields)}".encode("utf-8", "replace"),
    st.sampled_from("LSI"),
    st.lists(
        st.text(max_size=6) | st.sampled_from(["1", "13:36:00", str(NOON // 1000)]), max_size=103
    ),
)


@given(
    st.sampled_from(sorted(CHOICES)),
    st.lists(st.binary(max_size=100) | envelopes | pipes, max_size=6),
    st.sampled_from(["ssi", "iboard"]),
)
@settings(max_examples=300, deadline=None)
@example("usual", [b"{" * 500_000], "ssi")
@example("usual", [b'{"DataType":"X-TRADE","Content":' + b"[" * 500_000], "ssi")
@example("usual", [b'{"DataType":"X-TRADE","Content":"' + b"[" * 500_000 + b'"}'], "ssi")
@example("usual", [trade(1, 1, Time="9" * 100_000), trade(1, 1, Symbol="A" * 100_000)], "ssi")
@example("usual", [trade(1, 1).replace(b"21750.0", b"9" * 100_000)], "ssi")
@example("usual", [trade(1, 1, Symbol="\ud800"), status("\ud800", "13:36:00", "\ud800")], "ssi")
@example("usual", [trade(1, 1, Time="١٣:٣٦:٠٠"), trade(1, 1, TradingDate="٢٠/٠٧/٢٠٢٦")], "ssi")
@example(
    "usual", [trade(1, 1, TradingDate="20/07/0000"), trade(1, 1, TradingDate="99/99/9999")], "ssi"
)
@example("iboard", [l_frame(1, 1, f12="9" * 5000).encode(), b"MAIN|L#" + b"A" * 100_000], "iboard")
def test_whatever_comes_is_accounted_for(choice: str, values: list[bytes], feed: str) -> None:
    engine, last = engine_on(CHOICES[choice]), 0
    for raw in raws((NOON, feed, value) for value in values):
        last = account(engine, raw, last)


@given(
    st.sampled_from([*TOPIC_OF, "other", "L", "S", ""]), contents | anything, st.text(max_size=5)
)
def test_a_record_on_any_channel_is_accounted_for(kind: str, content: Any, key: str) -> None:
    for feed in ("ssi", "iboard"):
        raw = Raw("VN", NOON, feed, f"vn.{kind}", key, json.dumps(content).encode())
        account(engine_on(PRIMARY), raw, 0)


@pytest.mark.parametrize("choice", CHOICES)
def test_a_cut_anywhere_is_invisible(choice: str) -> None:
    """Restored from its state as JSON, an engine gives the same bytes as one that went on."""
    rng = random.Random(7)
    lines = [(us("13:35:00") + i * 40_000, *rng.choice(LINES)) for i in range(600)]
    records = [*recording("manifest-20260720.json"), *raws(lines)]
    engine, cut_engine = engine_on(CHOICES[choice]), engine_on(CHOICES[choice])
    for raw in records:
        if rng.random() < 0.2:
            state = json.loads(json.dumps(cut_engine.state()))
            cut_engine = engine_on(CHOICES[choice])
            cut_engine.restore(state)
        assert engine.decode(raw) == cut_engine.decode(raw)
    assert engine.state() == cut_engine.state()

"""Whatever comes in, nothing escapes and everything is accounted for."""

import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.frames import encode, messages
from schemas.market import Clock
from services.ingest.core.control import CHANNELS
from services.ingest.core.engine import Engine
from services.ingest.core.feed import MAX_REASON
from services.ingest.core.records import Raw
from tests.unit.ingest.core.support import NOON, raws, recorded, snapshot, ticker, trade

FILES = {
    "BN": "spot_btcusdt_20240808.gz",
    "BNF": "usdm_btcusdt_20240808.gz",
    "BNC": "cm_btcusd_perp_20240808.gz",
}
CODES = {
    "malformed",
    "bad_number",
    "wrong_symbol",
    "conflicting_id",
    "absurd_id",
    "absurd_price",
    "ambiguous_snapshot",
    "unreadable_line",
}
DROPS = {"unknown_event", "duplicate", "stale", "not_market", "not_primary"}


def account(engine: Engine, raw: Raw, last_seq: int) -> int:
    """Decode a feed's record; check that it is accounted for; the last seq."""
    done = engine.decode(raw)
    made = [m for m in done.messages if not isinstance(m, Clock)]
    assert made or done.dead or done.dropped, raw
    assert {reason.partition(": ")[0] for reason in done.dead} <= CODES, done.dead
    assert set(done.dropped) <= DROPS
    for reason in done.dead:
        assert len(reason.encode()) <= 4 * MAX_REASON
    for message in done.messages:
        assert message.seq > last_seq
        last_seq = message.seq
        # Python's encoder refuses what JSON cannot carry, which msgspec would write as null.
        json.dumps(msgspec.to_builtins(message), allow_nan=False)
        assert messages(encode(message)) == [message]
    return last_seq


def flipped(rng: random.Random, line: bytes) -> bytes:
    at = rng.randrange(len(line))
    return line[:at] + bytes([line[at] ^ (1 << rng.randrange(8))]) + line[at + 1 :]


def cut(rng: random.Random, line: bytes) -> bytes:
    return line[: rng.randrange(len(line))]


def doubled(rng: random.Random, line: bytes) -> bytes:
    a, b = sorted((rng.randrange(len(line)), rng.randrange(len(line))))
    return line[:b] + line[a:b] + line[b:]


def excised(rng: random.Random, line: bytes) -> bytes:
    a, b = sorted((rng.randrange(len(line)), rng.randrange(len(line))))
    return line[:a] + line[b:]


ODD: list[Any] = [
    None,
    [],
    {},
    "",
    "x",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "-1",
    "0",
    0,
    -1,
    2**63,
    2**64,
    10**400,
]
ODD += [1.5, 1e308, True, "\ud800", "٣", "1_0", " 1", [[]], [["1"]], {"a": 1}, "A" * 5000, "*", "."]


def replaced(rng: random.Random, line: bytes) -> bytes:
    frame = json.loads(line)
    data = frame.get("data", frame) if rng.random() < 0.9 else frame
    key = rng.choice(list(data))
    fate = rng.random()
    if fate < 0.15:
        del data[key]
    elif fate < 0.3:
        data[rng.choice(list(data))] = data[key]
    else:
        data[key] = rng.choice(ODD)
    return json.dumps(frame, allow_nan=True, ensure_ascii=rng.random() < 0.5).encode(
        "utf-8", "surrogatepass"
    )


def mutations(rng: random.Random, lines: list[bytes], count: int) -> Iterator[bytes]:
    """Some lines in their order, damaged one way or another, repeated, swapped."""
    ways: list[Callable[[bytes], bytes]] = [
        partial(way, rng) for way in (flipped, cut, doubled, excised, replaced, replaced)
    ]
    for at in range(count):
        line = lines[at % len(lines)]
        fate = rng.random()
        if fate < 0.6:
            yield rng.choice(ways)(line)
        elif fate < 0.65:
            yield lines[rng.randrange(len(lines))]
        else:
            yield line


@pytest.mark.parametrize("venue", FILES)
@pytest.mark.parametrize("seed", range(3))
def test_damaged_captures_are_accounted_for(venue: str, seed: int) -> None:
    rng = random.Random(seed)
    lines = [value for _, value in recorded(FILES[venue])[:3000] if len(value) < 20_000]
    engine, last = Engine([venue]), 0
    times = ((NOON + i * 500, value) for i, value in enumerate(mutations(rng, lines, 6000)))
    for raw in raws(venue, times):
        last = account(engine, raw, last)
    msgspec.json.decode(msgspec.json.encode(engine.state()))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
keys = st.sampled_from([*"eEsTtpqXmuUbaBA", "pu", "a", "lastUpdateId", "bids", "asks", "symbol"])
streams = st.sampled_from(
    ["btcusdt@trade", "btcusdt@bookTicker", "btcusdt@depth", "x@depthSnapshot"]
)
near_frames = st.builds(
    lambda stream, data: json.dumps({"stream": stream, "data": data}).encode(),
    streams | st.text(max_size=20),
    st.dictionaries(keys, json_values, max_size=10),
)


@given(st.lists(st.binary(max_size=300) | near_frames, max_size=8))
@settings(max_examples=200)
@example([b"{" * 500_000])
@example([b'{"stream":"btcusdt@trade","data":{"x":' + b"[" * 500_000])
@example([b'{"e":"trade","s":"' + b"A" * 1_000_000 + b'"}'])
@example([b'{"u":' + b"9" * 1_000_000 + b"}"])
@example([trade(1, "9" * 1_000_000)])
@example([trade(1).replace(b'"100.0"', b"9" * 1_000_000)])
@example([snapshot(1, symbol="\udcff")])
@example([ticker(1), snapshot(2), snapshot(2**53), ticker(2**53), ticker(2**53)])
def test_random_bytes_and_near_frames_are_accounted_for(values: list[bytes]) -> None:
    engine, last = Engine(["BN"]), 0
    for raw in raws("BN", [(NOON, value) for value in values]):
        last = account(engine, raw, last)


channels = st.sampled_from(
    [
        "trade",
        "aggTrade",
        "bookTicker",
        "depth",
        "depthSnapshot",
        "other",
        "unreadable_line",
        "x",
        "",
    ]
)


@given(channels, near_frames | st.binary(max_size=100), st.text(max_size=10))
def test_a_frame_on_any_channel_is_accounted_for(kind: str, value: bytes, key: str) -> None:
    account(Engine(["BN"]), Raw("BN", NOON, "binance", f"spot.{kind}", key, value), 0)


@given(st.sampled_from(sorted(CHANNELS)), st.binary(max_size=100) | near_frames)
def test_bad_control_records_never_raise(channel: str, value: bytes) -> None:
    done = Engine(["BN"]).decode(Raw("BN", NOON, "ingest", channel, "BN", value))
    assert done.dead
    assert done.messages == []

"""Frames: NDJSON in and out, and bad lines that stay where they stood."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import BROADCAST
from schemas.frames import (
    MAX_BYTES,
    MAX_MESSAGES,
    BadLine,
    encode,
    encode_frame,
    messages,
    messages_and_errors,
)
from schemas.market import BookDelta, Clock, Gap, Instrument, MarketMessage, Quote, Trade

PRICES = st.floats(0, 1e12, allow_nan=False)
VOLUMES = st.one_of(st.integers(0, 2**53), st.floats(0, 1e15, allow_nan=False))
LEVELS = st.lists(st.tuples(PRICES, VOLUMES), max_size=10)
HEADS = {
    "symbol": st.text(min_size=1, max_size=20),
    "feed": st.text(max_size=10),
    "seq": st.integers(0, 2**53 - 1),
    "ts_ms": st.integers(0, 2**41),
    "ts_source": st.sampled_from(["exchange", "receive"]),
}
MESSAGES: st.SearchStrategy[MarketMessage] = st.one_of(
    st.builds(
        Trade,
        **HEADS,
        price=PRICES,
        volume=VOLUMES,
        vendor_side=st.sampled_from([None, "buy", "sell"]),
        trade_id=st.none() | st.text(max_size=30),
    ),
    st.builds(Quote, **HEADS, bids=LEVELS, asks=LEVELS),
    st.builds(
        BookDelta,
        **HEADS,
        bids=LEVELS,
        asks=LEVELS,
        first_id=st.integers(0, 2**53),
        last_id=st.integers(0, 2**53),
        snapshot=st.booleans(),
    ),
    st.builds(
        Instrument,
        **HEADS,
        venue=st.just("VN"),
        exchange=st.text(max_size=8),
        kind=st.just("stock"),
        aliases=st.lists(st.text(max_size=9), max_size=3),
        name_vi=st.none() | st.text(max_size=30),
        price_steps=st.lists(st.tuples(PRICES, PRICES), max_size=4),
    ),
    st.builds(
        Gap,
        **HEADS,
        venue=st.just("BN"),
        channel=st.text(max_size=10),
        cause=st.just("silence"),
        from_ts_ms=st.integers(0, 2**41),
        to_ts_ms=st.integers(0, 2**41),
    ),
    st.builds(Clock, **(HEADS | {"symbol": st.just(BROADCAST)}), venue=st.just("BNF")),
)


@given(st.lists(MESSAGES, max_size=20))
def test_a_frame_gives_back_what_went_in(sent: list[MarketMessage]) -> None:
    record = encode_frame(sent)
    assert messages(record) == sent
    assert messages_and_errors(record) == sent


@given(st.lists(MESSAGES, max_size=20), st.data())
def test_where_a_frame_ends_never_changes_a_result(
    sent: list[MarketMessage], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(sent)))
    assert messages(encode_frame(sent[:cut])) + messages(encode_frame(sent[cut:])) == sent


@given(MESSAGES)
def test_a_line_holds_no_line_break_and_is_plain_json(message: MarketMessage) -> None:
    line = encode(message)
    assert b"\n" not in line
    assert json.loads(line)["type"] == message.__struct_config__.tag


def trade(seq: int, **fields: object) -> Trade:
    known: dict[str, object] = {"symbol": "SSI", "feed": "t", "ts_ms": 0, "price": 1.5, "volume": 1}
    return msgspec.convert({"type": "trade", "seq": seq} | known | fields, Trade)


BAD = [
    b"not json",
    b"\xff\xfe",
    b"{}",
    b"[]",
    b"null",
    b'{"type":"trade"}',
    b'{"type":"strange","symbol":"X","feed":"f","seq":1,"ts_ms":1}',
    encode(trade(7))[:-1],
    encode(trade(7)).replace(b'"price":1.5', b'"price":"1.5"'),
    encode(trade(7)).replace(b'"price":1.5', b'"price":1e999'),
    encode(trade(7)).replace(b'"price":1.5', b'"price":NaN'),
    encode(trade(7)).replace(b'"seq":7', b'"seq":-1'),
    encode(trade(7)).replace(b'"seq":7', b'"seq":%d' % 2**53),
    encode(trade(7)).replace(b'"symbol":"SSI"', b'"symbol":"\xc3\x28"'),
    b"[" * 5000,
    encode(trade(7))[:-1] + b',"strange":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
]


@pytest.mark.parametrize("line", BAD, ids=[repr(b[:60]) for b in BAD])
def test_a_bad_line_stays_verbatim_in_its_place_and_spoils_no_other(line: bytes) -> None:
    record = encode(trade(1)) + b"\n" + line + b"\n" + encode(trade(2)) + b"\n"
    first, bad, last = messages_and_errors(record)
    assert (first, last) == (trade(1), trade(2))
    assert isinstance(bad, BadLine)
    assert (bad.index, bad.line) == (1, line)
    assert bad.reason
    with pytest.raises(msgspec.DecodeError):
        messages(record)


@given(st.lists(st.one_of(MESSAGES.map(encode), st.binary(max_size=60)), max_size=12))
def test_no_bytes_make_the_reader_raise_and_every_line_is_accounted_for(lines: list[bytes]) -> None:
    record = b"\n".join(lines)
    found = messages_and_errors(record)
    assert len(found) == sum(bool(line.strip()) for line in record.split(b"\n"))


@pytest.mark.parametrize("record", [b"", b"\n", b"\n\n\n", b" \r\n"])
def test_an_empty_record_holds_nothing(record: bytes) -> None:
    assert messages_and_errors(record) == []
    assert messages(record) == []


def test_empty_lines_between_messages_are_nothing() -> None:
    record = b"\n" + encode(trade(1)) + b"\n\n" + encode(trade(2)) + b"\n\n"
    assert messages(record) == messages_and_errors(record) == [trade(1), trade(2)]


def test_lines_may_end_with_a_carriage_return() -> None:
    record = encode(trade(1)) + b"\r\n" + encode(trade(2)) + b"\r\n"
    assert messages(record) == messages_and_errors(record) == [trade(1), trade(2)]


def test_a_line_larger_than_a_frame_goes_alone() -> None:
    huge = trade(1, trade_id="x" * (MAX_BYTES + 1))
    assert messages(encode_frame([huge])) == [huge]


def test_a_full_frame_is_read_whole() -> None:
    sent: list[MarketMessage] = [trade(n) for n in range(1, MAX_MESSAGES + 1)]
    assert messages(encode_frame(sent)) == sent

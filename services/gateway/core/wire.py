"""Frames of `vntape.v1` as text: payloads are spliced into them, never encoded again."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec

Position = tuple[int, int]
"""(seq, part): the place of a message in its stream."""

NOTHING: Position = (0, 0)
"""Before the first message of a stream."""

MAX_SEQ = 2**53 - 1
"""A seq is also a number of JavaScript."""
MAX_PART = 2**31

VERSION = 1


class Head(msgspec.Struct, gc=False):
    """The fields of a message that decide where it goes; the rest is not looked at."""

    type: str
    symbol: str
    seq: int
    part: int = 0
    venue: str = ""
    board: str = "main"
    interval: str = ""
    source: str = ""
    phase: str | None = None
    exchange: str | None = None
    day: str = ""
    final: bool = False
    rule: str | None = None
    aliases: list[str] = []


_head = msgspec.json.Decoder(Head)


def heads(record: bytes, *, frame: bool) -> tuple[list[tuple[Head, bytes]], int]:
    """
    The messages of a record of Kafka, each with its own bytes, and how many lines were bad.

    frame: NDJSON, as in `market`; otherwise one message.
    """
    lines = record.split(b"\n") if frame else [record]
    try:
        found = _head.decode_lines(record) if frame else [_head.decode(record)]
        if len(found) == len(lines):
            return list(zip(found, lines, strict=True)), 0
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    return _one_by_one(lines)


def _one_by_one(lines: list[bytes]) -> tuple[list[tuple[Head, bytes]], int]:
    good, bad = [], 0
    for line in (stripped for raw in lines if (stripped := raw.strip())):
        try:
            good.append((_head.decode(line), line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            bad += 1
    return good, bad


def is_position(at: Position) -> bool:
    """Whether a message can stand there, or before all of them; not whether one does."""
    return 0 <= at[0] <= MAX_SEQ and 0 <= at[1] <= MAX_PART


def place(name: str, at: Position | None) -> str:
    """
    `"name":seq`, and `"name_part":part` where that is not 0; null when `at` is unknown.

    >>> place("prev", (7, 0)), place("prev", (7, 2)), place("last", None)
    ('"prev":7', '"prev":7,"prev_part":2', '"last":null')
    """
    if at is None:
        return f'"{name}":null'
    return f'"{name}":{at[0]}' + (f',"{name}_part":{at[1]}' if at[1] else "")


def event(channel: str, broadcast: str, prev: Position | None, payload: bytes) -> str:
    """A message of an event channel; `broadcast` is its stream when its symbol is `*`."""
    return f'{{"ch":"{channel}",{_stream(broadcast)}{place("prev", prev)},{_tail(payload)}'


def state(channel: str, broadcast: str, payload: bytes) -> str:
    """A message of a state channel."""
    return f'{{"ch":"{channel}",{_stream(broadcast)}{_tail(payload)}'


def _stream(broadcast: str) -> str:
    return f'"stream":"{broadcast}",' if broadcast else ""


def _tail(payload: bytes) -> str:
    return payload[1:].decode()


def control(op: str, **fields: Any) -> str:
    """A control message; fields that are None are left out."""
    return json.dumps(
        {"op": op, **{k: v for k, v in fields.items() if v is not None}},
        separators=(",", ":"),
        ensure_ascii=False,
    )


def sync(
    channel: str,
    symbol: str,
    mode: str,
    why: str,
    epoch: str,
    last: Position | None,
    live: bool,
    items: Iterable[str] = (),
) -> str:
    """
    The start of a subscription to one stream.

    `mode` snapshot: replace what you have by `items`; resume: keep it, what you missed
    follows as ordinary data. `live` false: an `op:live` will say when that is done.
    """
    reason = f'"why":"{why}",' if why else ""
    return (
        f'{{"op":"sync","ch":"{channel}","symbol":{json.dumps(symbol)},"mode":"{mode}",{reason}'
        f'"epoch":"{epoch}",{place("last", last)},"live":{"true" if live else "false"},'
        f'"items":[{",".join(items)}]}}'
    )


def live(channel: str, symbol: str, last: Position | None) -> str:
    """Catch-up of one stream is finished."""
    return f'{{"op":"live","ch":"{channel}","symbol":{json.dumps(symbol)},{place("last", last)}}}'

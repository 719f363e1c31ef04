"""Follows a typed topic in Kafka: every message once, as text."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from schemas.topic import Topic
from services.runtime import kafka

Show = Callable[[dict[str, Any], str], None]
"""Gets a message, decoded, and its own text."""

QUIET_S = 2.0
"""When nothing has come for so long, it is said what is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to show; None: all, and without end."""

    topic: Topic
    symbol: str | None = None
    type: str | None = None
    count: int | None = None
    from_start: bool = False


class Once:
    """Tells repeats by (seq, part) of a stream (design §2): one topic's."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, str], tuple[int, int]] = {}

    def is_new(self, message: dict[str, Any]) -> bool:
        """Whether it is newer than all before it in its stream; remembers it."""
        symbol = str(message["symbol"])
        # A broadcast stands in every partition, in order: the first copy to come is shown.
        kind = message["type"]
        broadcast = f"{kind} {message['venue']}" if symbol == "*" else ""
        # The stream of an alert is its rule and symbol; the rule of a trade is another thing.
        stream = (symbol, broadcast, str(message["rule"]) if kind == "alert" else "")
        at = (int(message["seq"]), int(message.get("part", 0)))
        if at <= self._last.get(stream, (-1, 0)):
            return False
        self._last[stream] = at
        return True


def lines(topic: Topic, record: bytes) -> list[bytes]:
    """The messages of a record: those of a frame, or the one."""
    found = record.split(b"\n") if topic.codec == "frames" else [record]
    return [line for line in found if line.strip()]


def waiting(tape: str, wanted: Wanted) -> str:
    """What `follow` waits for, and what may help, as a sentence."""
    kind = f" {wanted.type}" if wanted.type else ""
    symbol = f" of {wanted.symbol}" if wanted.symbol else ""
    hint = "" if wanted.from_start else "; --from-start shows what is there"
    return f"waiting for {wanted.topic.name}{kind}{symbol} on tape {tape}{hint}"


async def follow(
    bootstrap: str, tape: str, wanted: Wanted, show: Show, quiet: Callable[[str], None]
) -> None:
    """
    Show messages as they come, until `wanted.count` or cancelled.

    `quiet` gets the sentence of `waiting`, once, when nothing has been shown for QUIET_S.

    Raises:
        LookupError: the tape has no such topic.
    """
    once, shown = Once(), 0
    client = kafka.consumer(bootstrap, "vntape-tail", fetch_max_wait_ms=100)
    await client.start()
    try:
        span = await kafka.bounds(client, wanted.topic.on(tape))
        client.assign(list(span))
        for tp, (first, end) in span.items():
            client.seek(tp, first if wanted.from_start else end)
        deadline = asyncio.get_running_loop().time() + QUIET_S
        while True:
            if not shown and deadline and asyncio.get_running_loop().time() > deadline:
                quiet(waiting(tape, wanted))
                deadline = 0.0
            for records in (await client.getmany(timeout_ms=200)).values():
                for record in records:
                    for line in lines(wanted.topic, record.value):
                        shown += _one(line, wanted, once, show)
                        if shown == wanted.count:
                            return
    finally:
        await client.stop()


def _one(line: bytes, wanted: Wanted, once: Once, show: Show) -> bool:
    try:
        message = msgspec.json.decode(line, type=dict[str, Any])
        new = once.is_new(message)
    except (msgspec.DecodeError, KeyError, ValueError):
        show({"type": "unreadable"}, line.decode(errors="replace"))
        return True
    kind = message["type"]
    hidden = kind == "clock" if wanted.type is None else kind != wanted.type
    if not new or hidden or (wanted.symbol and message["symbol"] != wanted.symbol):
        return False
    show(message, line.decode())
    return True

"""What a topic is: one contract of name, type, order, keys and who writes and reads it."""

import re
from dataclasses import dataclass
from typing import Any, Literal

LIVE = "live"
_TAKEN = {"public", "information"}
"""Schemas that a database has, like all that begin with pg."""
PARTITIONS = 12
"""Of `market` and all derived topics: fixed for a tape's life; divides by 1, 2, 3, 4, 6, 12."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Codec = Literal["raw", "frames", "json", "snapshot", "dead_letter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """
    One topic's contract.

    Attributes:
        value: the type of a message, for decoders; None where the value is opaque bytes.
        codec: raw vendor bytes, frames (NDJSON, only `market`), one JSON message a record,
            a chunk of a snapshot, or a dead letter.
        stream: which field, or pair, names the stream in which `(seq, part)` increases.
        key: what the record key is.
        retention_ms: on the tape `live`; elsewhere a tape is kept until it is dropped.
        compression: of the producers' batches.
        compacted: the last record of each key is kept for ever.
        clocked: clocks, gaps and statuses of the input are forwarded into it.
    """

    name: str
    value: Any
    codec: Codec
    stream: str
    key: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    partitions: int = PARTITIONS
    retention_ms: int = 7 * DAY_MS
    compression: Literal["none", "lz4", "zstd"] = "none"
    compacted: bool = False
    clocked: bool = False

    def on(self, tape: str) -> str:
        """The name of this topic in Kafka on `tape`."""
        return self.name if tape == LIVE else f"{tape}.{self.name}"

    @property
    def table(self) -> str:
        """The name with `_`: its table, its module, its metric label."""
        return self.name.replace("-", "_")


def check_tape(tape: str) -> str:
    """
    The tape's name, when it is one.

    Raises:
        ValueError: when it is not a letter followed by letters and digits, all lower case, or
            when a database has that schema for itself.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]{0,39}", tape):
        raise ValueError(f"a tape's name is [a-z][a-z0-9]*, at most 40 characters; it was {tape!r}")
    if tape in _TAKEN or tape.startswith("pg"):
        raise ValueError(f"a tape cannot be named {tape!r}: the database has that name for itself")
    return tape

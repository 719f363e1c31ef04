"""Records of Kafka gathered into the rows of one transaction."""

import struct
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from schemas import frames
from schemas.frames import BadLine
from schemas.topic import Topic
from schemas.topics import BY_NAME, DEAD_LETTERS
from services.writer.core import refused
from services.writer.core.positions import HoleError, Place
from services.writer.core.rows import TO_ROW, Row

STORED_TOPICS: tuple[Topic, ...] = (*(BY_NAME[name] for name in TO_ROW), DEAD_LETTERS)

_decode_one = {t.name: msgspec.json.Decoder(t.value).decode for t in STORED_TOPICS if t.value}
_SECOND_US = 1_000_000
"""Whole seconds are of clocks (design §2), which nobody received."""
_UNUSABLE = (OverflowError, struct.error, ValueError)


class Record(Protocol):
    """What the writer wants of a Kafka record."""

    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Any: ...


Origin = tuple[str, Record, int]


@dataclass(frozen=True, slots=True)
class Refused:
    """One message that is not stored: `index` is its line in the record."""

    reason: str
    line: bytes
    topic: str
    partition: int
    offset: int
    index: int


@dataclass(slots=True)
class Batch:
    """
    Rows by table, and how far each partition has been read.

    Attributes:
        positions: partition -> where it begins.
        rows: table -> its rows, in the order of the records.
        old: partition -> the offset at which this batch begins, for those it advances.
        new: the same partitions -> the first offset after it.
        refused: messages that gave no row.
        origins: table -> for each of its rows the topic, the record and the line it came from.
        count: messages; bytes: of the records.
        oldest_seq: of what ingest received: of each record its first message; 0: none.
    """

    positions: Mapping[Place, int]
    rows: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    old: dict[Place, int] = field(default_factory=dict)
    new: dict[Place, int] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    origins: defaultdict[str, list[Origin]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0
    bytes: int = 0
    oldest_seq: int = 0

    def add(self, topic: str, record: Record) -> None:
        """
        Take one record; `topic` is its name without the tape.

        Raises:
            HoleError: it is not the next one of its partition (of a compacted topic: not later
                than the one before).
        """
        place, offset = (topic, record.partition), record.offset
        expected = self.new.get(place)
        if expected is None:
            expected = self.old[place] = self.positions[place]
        if offset != expected and not (offset > expected and BY_NAME[topic].compacted):
            raise HoleError(topic, record.partition, expected, offset)
        self.new[place] = offset + 1
        messages = _messages(topic, record)
        rules = TO_ROW.get(topic, {})
        self.count += len(messages)
        self.bytes += len(record.value or b"")
        seq = getattr(messages[0], "seq", 0) if messages else 0
        if seq % _SECOND_US and (seq < self.oldest_seq or not self.oldest_seq):
            self.oldest_seq = seq
        # The only spelling of NUL in JSON; most records have none, and no string is looked at.
        suspicious = rb"\u0000" in (record.value or b"")
        for index, message in enumerate(messages):
            if type(message) is BadLine:
                reason = f"undecodable: {message.reason}"
                self.refused.append(_refuse(reason, topic, record, index))
                continue
            target = _LETTER_TO_ROW if message is LETTER else rules.get(type(message))
            if target is None:
                continue
            table, to_row = target
            try:
                if suspicious and message is not LETTER:
                    _check_text(msgspec.to_builtins(message))
                row = to_row(record if message is LETTER else message)
            except _UNUSABLE as e:
                self.refused.append(_refuse(f"no row: {e}", topic, record, index))
                continue
            self.rows[table].append(row)
            self.origins[table].append((topic, record, index))

    def origin(self, table: str, number: int, reason: str) -> Refused:
        """The message that gave row `number` (from 0) of a table, as one refused."""
        return _refuse(reason, *self.origins[table][number])

    def __bool__(self) -> bool:
        return bool(self.new)


LETTER = object()
"""Stands for the one message of a dead letter: the record itself."""
_LETTER_TO_ROW = (DEAD_LETTERS.table, refused.row)


def _check_text(value: Any) -> None:
    """
    Raises:
        UnicodeError: a string in it holds NUL, which neither text nor jsonb can.
    """
    if isinstance(value, str):
        if "\0" in value:
            raise UnicodeError(f"a NUL character in {value[:80]!r}")
    elif isinstance(value, dict):
        for part in value.values():
            _check_text(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _check_text(part)


def _messages(topic: str, record: Record) -> Sequence[Any]:
    """The messages of a record, a `BadLine` for each that is none."""
    value = record.value or b""
    codec = BY_NAME[topic].codec
    if codec == "dead_letter":
        return (LETTER,)
    try:
        return frames.messages(value) if codec == "frames" else (_decode_one[topic](value),)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        if codec == "frames":
            return frames.messages_and_errors(value)
        return (BadLine(0, value, str(e)),)


def _refuse(reason: str, topic: str, record: Record, index: int) -> Refused:
    value = record.value or b""
    if BY_NAME[topic].codec == "frames":
        value = _lines(value)[index]
    return Refused(reason, value, topic, record.partition, record.offset, index)


@lru_cache(maxsize=1)
def _lines(value: bytes) -> list[bytes]:
    # Remembered: all lines of a frame may be bad, and they are asked for one after the other.
    return [line for line in value.split(b"\n") if line.strip()]

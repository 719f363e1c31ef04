"""Records of Kafka gathered into the rows of one transaction."""

import struct
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from schemas import frames
from schemas.frames import BadLine
from schemas.topics import BY_NAME, DEAD_LETTERS, MARKET, TRADES_CLASSIFIED
from services.writer.core import refused
from services.writer.core.positions import HoleError, Place
from services.writer.core.rows import TO_ROW, Row

STORED_TOPICS = (MARKET, TRADES_CLASSIFIED, DEAD_LETTERS)

_decode_one = {t.name: msgspec.json.Decoder(t.value).decode for t in STORED_TOPICS if t.value}
_UNUSABLE = (OverflowError, struct.error, UnicodeError)


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
        records: what the rows came from, to find the line of a row the database refuses.
        count: messages; bytes: of the records.
    """

    positions: Mapping[Place, int]
    rows: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    old: dict[Place, int] = field(default_factory=dict)
    new: dict[Place, int] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    records: list[tuple[str, Record]] = field(default_factory=list)
    count: int = 0
    bytes: int = 0

    def add(self, topic: str, record: Record) -> None:
        """
        Take one record; `topic` is its name without the tape.

        Raises:
            HoleError: it is not the next one of its partition.
        """
        place, offset = (topic, record.partition), record.offset
        expected = self.new.get(place)
        if expected is None:
            expected = self.old[place] = self.positions[place]
        if offset != expected:
            raise HoleError(topic, record.partition, expected, offset)
        self.new[place] = offset + 1
        self.records.append((topic, record))
        messages = _messages(topic, record)
        self.count += len(messages)
        self.bytes += len(record.value or b"")
        for index, message in enumerate(messages):
            target = TO_ROW.get(type(message))
            if target is not None:
                table, to_row = target
                try:
                    self.rows[table].append(to_row(message))
                except _UNUSABLE as e:
                    self.refused.append(_refuse(f"no row: {e}", topic, record, index))
            elif type(message) is BadLine:
                reason = f"undecodable: {message.reason}"
                self.refused.append(_refuse(reason, topic, record, index))
            elif type(message) is Letter:
                self.rows[DEAD_LETTERS.table].append(refused.row(record))

    def origin(self, table: str, number: int, reason: str) -> Refused:
        """The message that gave row `number` (from 0) of a table, as one refused."""
        seen = -1
        for topic, record in self.records:
            for index, message in enumerate(_messages(topic, record)):
                seen += _table_of(message) == table
                if seen == number:
                    return _refuse(reason, topic, record, index)
        raise IndexError(f"{table} has {seen + 1} rows in this batch, not {number + 1}")

    def __bool__(self) -> bool:
        return bool(self.new)


class Letter:
    """Stands for the one message of a dead letter: the record itself."""


_LETTER = [Letter()]


def _table_of(message: Any) -> str | None:
    if type(message) is Letter:
        return DEAD_LETTERS.table
    table, to_row = TO_ROW.get(type(message), (None, None))
    try:
        return table if to_row and to_row(message) else None
    except _UNUSABLE:
        return None


def _messages(topic: str, record: Record) -> Sequence[Any]:
    """The messages of a record, a `BadLine` for each that is none."""
    value = record.value or b""
    codec = BY_NAME[topic].codec
    if codec == "dead_letter":
        return _LETTER
    try:
        return frames.messages(value) if codec == "frames" else (_decode_one[topic](value),)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        if codec == "frames":
            return frames.messages_and_errors(value)
        return (BadLine(0, value, str(e)),)


def _refuse(reason: str, topic: str, record: Record, index: int) -> Refused:
    value = record.value or b""
    if BY_NAME[topic].codec == "frames":
        value = [line for line in value.split(b"\n") if line.strip()][index]
    return Refused(reason, value, topic, record.partition, record.offset, index)

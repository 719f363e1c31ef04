"""Records of Kafka gathered into the rows of one transaction."""

import struct
from collections.abc import Iterator, Mapping
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

_DECODERS = {t.name: msgspec.json.Decoder(t.value) for t in STORED_TOPICS if t.codec == "json"}
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
        old: partition -> the offset at which this batch begins, for those it advances.
        new: the same partitions -> the first offset after it.
        refused: messages that gave no row.
        records: what the rows came from, to find the line of a row the database refuses.
    """

    positions: Mapping[Place, int]
    rows: dict[str, list[Row]] = field(default_factory=dict)
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
        place = (topic, record.partition)
        expected = self.new.get(place, self.positions[place])
        if record.offset != expected:
            raise HoleError(topic, record.partition, expected, record.offset)
        self.old.setdefault(place, expected)
        self.new[place] = expected + 1
        self.records.append((topic, record))
        self.bytes += len(record.value or b"")
        for index, found in enumerate(rows_of(topic, record)):
            match found:
                case (str(table), row):
                    self.rows.setdefault(table, []).append(row)
                    self.count += 1
                case str(reason):
                    self.refused.append(_refuse(reason, topic, record, index))

    def origin(self, table: str, number: int, reason: str) -> Refused:
        """The message that gave row `number` (from 0) of a table, as one refused."""
        seen = 0
        for topic, record in self.records:
            for index, found in enumerate(rows_of(topic, record)):
                if isinstance(found, tuple) and found[0] == table:
                    if seen == number:
                        return _refuse(reason, topic, record, index)
                    seen += 1
        raise IndexError(f"{table} has {seen} rows in this batch, not {number + 1}")

    def __bool__(self) -> bool:
        return bool(self.new)


def rows_of(topic: str, record: Record) -> Iterator[tuple[str, Row] | str | None]:
    """
    For each message of a record: its table and row, a reason why it has none, or None where
    its type is not stored.
    """
    if topic == DEAD_LETTERS.name:
        yield DEAD_LETTERS.table, refused.row(record)
        return
    for message in _messages(topic, record.value or b""):
        place = TO_ROW.get(type(message))
        if place is None:
            yield f"undecodable: {message.reason}" if type(message) is BadLine else None
            continue
        table, to_row = place
        try:
            yield table, to_row(message)
        except _UNUSABLE as e:
            yield f"no row: {e}"


def _messages(topic: str, value: bytes) -> list[Any]:
    try:
        if BY_NAME[topic].codec == "frames":
            return frames.messages(value)
        return [_DECODERS[topic].decode(value)]
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        if BY_NAME[topic].codec == "frames":
            return frames.messages_and_errors(value)
        return [BadLine(0, value, str(e))]


def _refuse(reason: str, topic: str, record: Record, index: int) -> Refused:
    value = record.value or b""
    if BY_NAME[topic].codec == "frames":
        value = [line for line in value.split(b"\n") if line.strip()][index]
    return Refused(reason, value, topic, record.partition, record.offset, index)

"""Writes a venue's day of one kind from the tape's tables into a Parquet file."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from psycopg import sql

from schemas.base import Venue
from services.export.columns import KINDS, Kind, Source, source

_SUFFIXES: dict[Venue, str] = {"BN": "%.BN", "BNF": "%.BNF", "BNC": "%.BNC"}
_LOCAL = {"VN": timedelta(hours=7)}
_BLOCK = 8 * 1024 * 1024
"""Bytes of CSV read at once, and so the rows of a row group: some ten thousand."""


class VenueDay(NamedTuple):
    """A venue's day that has rows; local date (VN: UTC+7, others UTC)."""

    venue: Venue
    date: date

    @property
    def seqs(self) -> tuple[int, int]:
        """Of its rows: from the first up to, not including, the second."""
        start = datetime.combine(self.date, time(), UTC) - _LOCAL.get(self.venue, timedelta())
        return tuple(  # type: ignore[return-value]
            int(at.timestamp()) * 1_000_000 for at in (start, start + timedelta(days=1))
        )


class Written(NamedTuple):
    """A file that was written."""

    path: Path
    rows: int


def days(url: str, tape: str) -> list[VenueDay]:
    """
    Every day of every venue of which there are trades or quotes, oldest first.

    Raises:
        psycopg.errors.UndefinedTable: the tape has no tables.
    """
    found: set[VenueDay] = set()
    with psycopg.connect(url) as connection:
        for kind in KINDS:
            for venue in ("VN", *_SUFFIXES):
                hours = int(_LOCAL.get(venue, timedelta()).total_seconds()) * 1_000_000
                query = sql.SQL("SELECT DISTINCT (seq + {}) / 86400000000 FROM {} WHERE {}").format(
                    sql.Literal(hours),
                    sql.Identifier(tape, source(kind, venue).table),
                    _of(venue, ()),
                )
                rows = connection.execute(query).fetchall()
                found |= {VenueDay(venue, date(1970, 1, 1) + timedelta(days=n)) for (n,) in rows}
    return sorted(found, key=lambda day: (day.date, day.venue))


def write(
    url: str, tape: str, day: VenueDay, kind: Kind, symbols: Sequence[str], folder: Path
) -> Written:
    """
    `folder/VN-trades-2026-11-20.parquet` and its like: whole or not at all, in the order of seq.

    Args:
        symbols: only these; all where it is empty.

    Raises:
        OSError: it cannot be written.
    """
    about = source(kind, day.venue)
    path = folder / f"{day.venue}-{kind}-{day.date}.parquet"
    draft, rows = path.with_suffix(".part"), 0
    with (
        psycopg.connect(url) as connection,
        connection.cursor().copy(_query(tape, about, day, symbols)) as copy,
        pq.ParquetWriter(draft, about.schema, compression="zstd") as file,
    ):
        for batch in _batches(copy, about):
            rows += batch.num_rows
            file.write_batch(batch)
    draft.replace(path)
    return Written(path, rows)


def _query(tape: str, about: Source, day: VenueDay, symbols: Sequence[str]) -> sql.Composed:
    first, end = day.seqs
    return sql.SQL(
        "COPY (SELECT {columns} FROM {table} WHERE {whose} AND seq >= {first} AND seq < {end} "
        "ORDER BY seq, part) TO STDOUT (FORMAT csv, FORCE_QUOTE ({texts}))"
    ).format(
        columns=sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(sql.SQL(column.sql), sql.Identifier(column.name))
            for column in about.columns
        ),
        table=sql.Identifier(tape, about.table),
        whose=_of(day.venue, symbols),
        first=sql.Literal(first),
        end=sql.Literal(end),
        texts=sql.SQL(", ").join(
            sql.Identifier(c.name) for c in about.columns if _read_type(c.type) == pa.string()
        ),
    )


def _of(venue: Venue, symbols: Sequence[str]) -> sql.Composable:
    """Rows of a venue, of some symbols if any are named."""
    mine: sql.Composable
    if venue == "VN":
        mine = sql.SQL("symbol !~ '[.](BN|BNF|BNC)$'")
    else:
        mine = sql.SQL("symbol LIKE {}").format(sql.Literal(_SUFFIXES[venue]))
    if not symbols:
        return mine
    return sql.SQL("{} AND symbol = ANY({})").format(mine, sql.Literal(list(symbols)))


def _batches(copy: psycopg.Copy, about: Source) -> Iterator[pa.RecordBatch]:
    names = [column.name for column in about.columns]
    stream = _Stream(copy)
    if stream.is_empty():
        return
    reader = pyarrow.csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=_BLOCK),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={column.name: _read_type(column.type) for column in about.columns},
            # An empty text is quoted, null is not.
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    schema = about.schema
    for batch in reader:
        columns = [batch.column(n).cast(schema.field(n).type) for n in range(len(schema))]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _read_type(kind: pa.DataType) -> pa.DataType:
    """As it stands in the CSV: times are µs, names texts."""
    if pa.types.is_timestamp(kind):
        return pa.int64()
    return pa.string() if pa.types.is_dictionary(kind) else kind


class _Stream:
    """What a COPY sends, as a file that Arrow reads."""

    closed = False

    def __init__(self, copy: psycopg.Copy) -> None:
        self._copy, self._held = copy, bytearray()

    def is_empty(self) -> bool:
        """Whether nothing comes at all."""
        self._fill(1)
        return not self._held

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, fewer only at the end."""
        self._fill(size)
        taken = bytes(self._held[:size] if size >= 0 else self._held)
        del self._held[: len(taken)]
        return taken

    def close(self) -> None:
        """The COPY is its owner's."""

    def _fill(self, size: int) -> None:
        while (size < 0 or len(self._held) < size) and (data := self._copy.read()):
            self._held += data


def table_of_columns(kind: Kind, venue: Venue) -> list[tuple[str, Any, str]]:
    """Name, type and meaning of each column."""
    return [(c.name, c.type, c.text) for c in source(kind, venue).columns]

"""
One batch into the database, exactly once, whatever stands in it.

Three ways, tried in this order for each table:
1. COPY straight into the table: three times as fast as the next.
2. A row is there already, because a computing service repeats its outputs after a crash: COPY
   into a temporary table and insert what is new. What is there must be equal: the same
   (symbol, seq, part) with another content is a broken law, and is refused.
3. The database refuses a row: halve until the bad row stands alone, and refuse that one.

A table with a natural key begins with the second way: of each key the newest row of the batch,
in place of the one that is there if that is older. So runs that are read again change nothing.
Tables of newest rows get theirs in the transaction that stores them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import psycopg
from psycopg import errors, sql

from services.runtime.database import AsyncConnection
from services.writer.core import refused
from services.writer.core.batch import Batch, Refused
from services.writer.core.positions import Place
from services.writer.core.rows import COPY_TYPES, Row, copied, newest
from services.writer.core.tables import TABLES, Table

Refuse = Callable[[list[Refused]], Awaitable[None]]

BAD_ROW = (
    psycopg.DataError,
    psycopg.IntegrityError,
    errors.ProgramLimitExceeded,  # a symbol too long for the index
    errors.StatementTooComplex,
    OverflowError,  # not an int64
    UnicodeError,
)
REPEATS_FOLLOW = 20
"""Batches that skip the first way after one with repeats: they come as whole runs."""


class UnmigratedError(Exception):
    """The tape's tables are not there, or not all of their columns; the text says what to do."""


class OvertakenError(Exception):
    """Another writer has stored some of this batch."""


@dataclass(frozen=True, slots=True)
class Target:
    """
    A table as the writer sees it.

    Attributes:
        types: for psycopg, which takes our values for them.
        key: what makes a row one; `compare`: whether another content under it is an error.
        natural: the newest (seq, part) of a key is kept.
        repeated: the same row is sent often, so the first way would always fail.
    """

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[str, ...]
    compare: bool
    natural: bool
    repeated: bool

    def sql(self, template: str) -> sql.Composed:
        """`template` with {table}, {stage}, {columns}, {key} and the like filled in."""
        return sql.SQL(template).format(
            table=sql.Identifier(self.name),
            stage=sql.Identifier("pg_temp", f"new_{self.name}"),
            columns=sql.SQL(", ").join(map(sql.Identifier, self.columns)),
            key=sql.SQL(", ").join(map(sql.Identifier, self.key)),
            old=sql.SQL(", ").join(sql.Identifier("old", c) for c in self.columns),
            new=sql.SQL(", ").join(sql.Identifier("new", c) for c in self.columns),
            excluded=sql.SQL(", ").join(sql.Identifier("excluded", c) for c in self.columns),
            same=sql.SQL(", ").join(map(sql.Identifier, self._same)),
        )

    @property
    def _same(self) -> tuple[str, ...]:
        """What two rows share that must be equal altogether."""
        return (*self.key, "seq", "part") if self.natural else self.key


def _targets() -> dict[str, Target]:
    out = {}
    for table in TABLES:
        columns = copied(table)
        names, types = zip(*((c.name, COPY_TYPES[c.type]) for c in columns), strict=True)
        repeated = table.broadcast or table.natural
        out[table.name] = Target(
            table.name, names, types, table.key, not table.newest_of, table.natural, repeated
        )
    names, types = tuple(refused.COLUMNS), tuple(refused.COLUMNS.values())
    key = ("service", "venue", "key", "reason")
    out["dead_letters"] = Target("dead_letters", names, types, key, False, False, True)
    return out


TARGETS = _targets()
_NEWEST = {t.newest_of: t for t in TABLES if t.newest_of}
_ADD = "INSERT INTO {table} ({columns}) SELECT {columns} FROM {stage} ON CONFLICT DO NOTHING"
_REPLACE = (
    # `part` has its default where the message has none.
    "INSERT INTO {table} AS old ({columns}) SELECT DISTINCT ON ({key}) {columns} FROM {stage} "
    "ORDER BY {key}, seq DESC, part DESC "
    "ON CONFLICT ({key}) DO UPDATE SET ({columns}) = ROW({excluded}) "
    "WHERE (old.seq, old.part) < (excluded.seq, excluded.part)"
)


@dataclass(slots=True)
class Stored:
    """What became of a batch: rows new in each table, those left out, messages refused."""

    rows: dict[str, int] = field(default_factory=dict)
    repeats: dict[str, int] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)


class Store:
    """The writer's connection to one tape; unusable after an error, like the connection."""

    def __init__(self, connection: AsyncConnection, tape: str) -> None:
        self._connection, self._tape = connection, tape
        self._staged: dict[str, int] = {}

    async def prepare(self) -> None:
        """
        Choose the tape's schema and make the temporary tables.

        Raises:
            UnmigratedError: a table or a column is missing.
        """
        path = sql.SQL("SET search_path TO {}, public").format(sql.Identifier(self._tape))
        await self._connection.execute(path)
        make = "CREATE TEMP TABLE {stage} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
        try:
            await self._connection.execute("SELECT topic, partition, next FROM offsets LIMIT 0")
            for target in TARGETS.values():
                await self._connection.execute(target.sql(make))
                await self._connection.execute(target.sql("SELECT {columns} FROM {stage} LIMIT 0"))
        except (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName) as e:
            reason = str(e).partition("\n")[0]
            raise UnmigratedError(f"{reason}: run `vntape migrate --tape {self._tape}`") from e
        await self._connection.commit()

    async def positions(self, places: list[Place]) -> dict[Place, int]:
        """Place -> first offset not stored; a place seen for the first time begins at 0."""
        topics, partitions = [t for t, _ in places], [p for _, p in places]
        async with self._connection.transaction():
            await self._connection.execute(
                "INSERT INTO offsets SELECT *, 0 FROM unnest(%s::text[], %s::int[]) "
                "ON CONFLICT DO NOTHING",
                [topics, partitions],
            )
            cursor = await self._connection.execute("SELECT topic, partition, next FROM offsets")
            found = {(topic, partition): at for topic, partition, at in await cursor.fetchall()}
        return {place: found[place] for place in places}

    async def write(self, batch: Batch, refuse: Refuse) -> Stored:
        """
        Store the batch and move the offsets, or do neither.

        `refuse` is awaited with the messages that are not stored, before the commit: a crash
        between may refuse them twice, but never loses one.

        Raises:
            OvertakenError: the offsets are not where the batch begins.
        """
        stored = Stored(refused=list(batch.refused))
        async with self._connection.transaction():
            await self._advance(batch)
            for name, rows in batch.rows.items():
                put = _Put(self._connection, TARGETS[name], batch, stored)
                await put.put(rows, staged=self._is_staged(name))
                if stored.repeats.get(name):
                    self._staged[name] = REPEATS_FOLLOW
                if name in _NEWEST:
                    await self._newest(_NEWEST[name], put.taken, batch)
            if stored.refused:
                await refuse(stored.refused)
        return stored

    async def _newest(self, table: Table, rows: list[Row], batch: Batch) -> None:
        """Keep the newest of these rows, which the table itself has taken; counted there."""
        put = _Put(self._connection, TARGETS[table.name], batch, Stored())
        await put.put(newest(table, rows), staged=True)

    def _is_staged(self, name: str) -> bool:
        left = self._staged.pop(name, 0)
        if left > 1:
            self._staged[name] = left - 1
        return left > 0 or TARGETS[name].repeated

    async def _advance(self, batch: Batch) -> None:
        # First in the transaction: another writer waits here for us, and we for it.
        moves = [(t, p, old, batch.new[t, p]) for (t, p), old in sorted(batch.old.items())]
        cursor = await self._connection.execute(
            "UPDATE offsets o SET next = m.new "
            "FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[]) m(t, p, old, new) "
            "WHERE o.topic = m.t AND o.partition = m.p AND o.next = m.old",
            [list(column) for column in zip(*moves, strict=True)],
        )
        if cursor.rowcount != len(moves):
            raise OvertakenError(f"{len(moves) - cursor.rowcount} partitions of {len(moves)}")


class _Put:
    """Rows of one table into it, inside the batch's transaction; `taken`: not refused."""

    def __init__(
        self, connection: AsyncConnection, target: Target, batch: Batch, stored: Stored
    ) -> None:
        self._connection, self._target = connection, target
        self._batch, self._stored = batch, stored
        self.taken: list[Row] = []

    async def put(self, rows: list[Row], *, staged: bool) -> None:
        if not staged and await self._direct(rows):
            return
        await self._halve(rows, 0)

    async def _direct(self, rows: list[Row]) -> bool:
        try:
            async with self._connection.transaction():
                await self._copy("COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)", rows)
        except BAD_ROW:
            return False
        self.taken = rows
        self._count(self._stored.rows, len(rows))
        return True

    async def _halve(self, rows: list[Row], first: int) -> None:
        """`first`: the number in the batch of the first of these rows."""
        try:
            async with self._connection.transaction():
                await self._insert(rows)
        except BAD_ROW as e:
            if len(rows) > 1:
                middle = len(rows) // 2
                await self._halve(rows[:middle], first)
                await self._halve(rows[middle:], first + middle)
                return
            reason = f"{type(e).__name__}: {str(e).partition(chr(10))[0]}"
            self._stored.refused.append(self._batch.origin(self._target.name, first, reason))
        else:
            self.taken += rows

    async def _insert(self, rows: list[Row]) -> None:
        await self._copy("COPY {stage} ({columns}) FROM STDIN (FORMAT BINARY)", rows)
        add = self._target.sql(_REPLACE if self._target.natural else _ADD)
        cursor = await self._connection.execute(add)
        repeats = len(rows) - cursor.rowcount
        contradictions = await self._contradictions() if repeats and self._target.compare else []
        await self._connection.execute(self._target.sql("DELETE FROM {stage}"))
        self._count(self._stored.rows, cursor.rowcount)
        self._count(self._stored.repeats, repeats - len(contradictions))
        self._stored.refused += contradictions

    async def _contradictions(self) -> list[Refused]:
        cursor = await self._connection.execute(
            self._target.sql(
                "SELECT new.seq, to_json(new)::text FROM {stage} new JOIN {table} old "
                "USING ({same}) WHERE ({new}) IS DISTINCT FROM ({old})"
            )
        )
        reason = f"contradiction: {self._target.name} has another row with this key"
        return [
            Refused(reason, line.encode(), self._target.name, -1, -1, -1)
            for _, line in await cursor.fetchall()
        ]

    async def _copy(self, template: str, rows: list[Row]) -> None:
        async with (
            self._connection.cursor() as cursor,
            cursor.copy(self._target.sql(template)) as copy,
        ):
            copy.set_types(self._target.types)
            for row in rows:
                await copy.write_row(row)

    def _count(self, counts: dict[str, int], number: int) -> None:
        counts[self._target.name] = counts.get(self._target.name, 0) + number

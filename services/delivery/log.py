"""The delivery log in the tape's schema: what waits, what was told, where the topic was left."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import errors, sql

from services.delivery.core.intake import Row, decode
from services.delivery.senders import Item
from services.runtime import database


class UnmigratedError(Exception):
    """The tape's tables are not there; the text says what to do."""


class OvertakenError(Exception):
    """Another delivery service has moved the positions."""


@dataclass(frozen=True, slots=True)
class Due:
    """An alert to be tried now; `attempts` so far, `age_s` since it was taken."""

    item: Item
    attempts: int
    age_s: float


async def connect(url: str, tape: str, who: str) -> database.AsyncConnection:
    """
    A connection to the tape's schema; every statement is a transaction unless one is opened.

    Raises:
        UnmigratedError: the tables are not there.
    """
    connection = await database.connect_async(url, who, autocommit=True)
    try:
        path = sql.SQL("SET search_path TO {}, public").format(sql.Identifier(tape))
        await connection.execute(path)
        await connection.execute("SELECT id, alert FROM alert_deliveries LIMIT 0")
    except errors.UndefinedTable as e:
        await connection.close()
        raise UnmigratedError(f"no delivery log: run `vntape migrate --tape {tape}`") from e
    return connection


class Positions:
    """Where the topic was left; moved with the rows, in one transaction."""

    def __init__(self, connection: database.AsyncConnection, tape: str) -> None:
        self._connection, self._tape = connection, tape

    async def own(self) -> bool:
        """Hold the log for this process as long as the connection lives; False: another does."""
        cursor = await self._connection.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))",
            [f"vntape delivery {self._tape}"],
        )
        return await cursor.fetchone() == (True,)

    async def read(self, partitions: Sequence[int]) -> dict[int, int]:
        """Partition -> the first offset not taken; 0 of those seen for the first time."""
        await self._connection.execute(
            "INSERT INTO delivery_positions SELECT *, 0 FROM unnest(%s::int[]) "
            "ON CONFLICT DO NOTHING",
            [list(partitions)],
        )
        cursor = await self._connection.execute("SELECT partition, next FROM delivery_positions")
        found: dict[int, int] = dict(await cursor.fetchall())
        return {number: found[number] for number in partitions}

    async def take(
        self, rows: Sequence[Row], old: dict[int, int], new: dict[int, int]
    ) -> dict[str, int]:
        """
        Put rows into the log and move the positions, or do neither; an id is taken once.

        Returns:
            Channel -> rows that were new.

        Raises:
            OvertakenError: the positions are not `old`.
        """
        taken: dict[str, int] = {}
        async with self._connection.transaction():
            cursor = await self._connection.execute(
                "UPDATE delivery_positions p SET next = m.new "
                "FROM unnest(%s::int[], %s::bigint[], %s::bigint[]) m(p, old, new) "
                "WHERE p.partition = m.p AND p.next = m.old",
                [list(new), [old[n] for n in new], list(new.values())],
            )
            if cursor.rowcount != len(new):
                raise OvertakenError(f"{len(new) - cursor.rowcount} partitions of {len(new)}")
            if rows:
                cursor = await self._connection.execute(_TAKE, _columns(rows))
                for (channel,) in await cursor.fetchall():
                    taken[channel] = taken.get(channel, 0) + 1
        return taken

    async def forget(self, days: float) -> int:
        """
        Drop the rows that were taken so many days ago, but for those that still wait.

        Returns:
            How many they were.

        Raises:
            UnmigratedError: the rights in the tape's schema are those of an earlier version.
        """
        try:
            cursor = await self._connection.execute(_FORGET, [days])
        except errors.InsufficientPrivilege as e:
            reason = f"the delivery log is an older one: run `vntape migrate --tape {self._tape}`"
            raise UnmigratedError(reason) from e
        return cursor.rowcount


_FORGET = """
DELETE FROM alert_deliveries
WHERE taken_at < now() - %s * interval '1 day' AND status <> 'waiting'
"""
_TAKE = """
INSERT INTO alert_deliveries (channel, id, seq, status, reason, done_at, alert)
SELECT channel, id, seq, status, reason, CASE WHEN status <> 'waiting' THEN now() END, alert::json
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[])
    AS t(channel, id, seq, status, reason, alert)
ON CONFLICT DO NOTHING RETURNING channel
"""


def _columns(rows: Sequence[Row]) -> list[list[object]]:
    columns: list[list[object]] = [list(column) for column in zip(*rows, strict=True)]
    columns[-1] = [row.alert.decode() for row in rows]
    return columns


class Waiting:
    """The alerts that wait for one channel."""

    def __init__(self, connection: database.AsyncConnection, channel: str) -> None:
        self._connection, self._channel = connection, channel

    async def due(self) -> Due | None:
        """The oldest whose time has come, None when there is none."""
        cursor = await self._connection.execute(_DUE, [self._channel])
        row = await cursor.fetchone()
        if row is None:
            return None
        name, text, attempts, age_s, aliases = row
        value = text.encode()
        item = Item(name, value, decode(value), tuple(aliases or ()))
        return Due(item, attempts, float(age_s))

    async def count(self) -> int:
        """How many wait, due or not."""
        cursor = await self._connection.execute(
            "SELECT count(*) FROM alert_deliveries WHERE channel = %s AND status = 'waiting'",
            [self._channel],
        )
        row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def done(self, name: str, status: str, reason: str | None = None) -> None:
        """It was sent, or is dead."""
        await self._connection.execute(
            "UPDATE alert_deliveries SET status = %s, reason = %s, attempts = attempts + 1, "
            "done_at = now() WHERE channel = %s AND id = %s",
            [status, reason, self._channel, name],
        )

    async def later(self, name: str, reason: str, wait_s: float) -> None:
        """It is tried again in so many seconds."""
        await self._connection.execute(
            "UPDATE alert_deliveries SET reason = %s, attempts = attempts + 1, "
            "next_at = now() + make_interval(secs => %s) WHERE channel = %s AND id = %s",
            [reason, wait_s, self._channel, name],
        )


_DUE = """
SELECT d.id, d.alert::text, d.attempts, extract(epoch FROM now() - d.taken_at),
    (SELECT i.aliases FROM instruments i WHERE i.symbol = d.alert->>'symbol')
FROM alert_deliveries d
WHERE d.channel = %s AND d.status = 'waiting' AND d.next_at <= now()
ORDER BY d.seq, d.id LIMIT 1
"""

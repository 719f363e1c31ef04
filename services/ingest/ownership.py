"""Exactly one ingest per tape and venue: session-level advisory locks of PostgreSQL."""

import asyncio
import os
import secrets
import socket
from collections.abc import Sequence
from hashlib import sha256

import psycopg
from psycopg.rows import tuple_row

from services.runtime import logs

log = logs.get(__name__)

PATIENCE_S = 3.0
"""PostgreSQL frees a killed process's lock when it sees the closed socket, soon after."""
CHECK_S = 2.0

_HOLDER = """
SELECT a.pid, a.application_name, a.backend_start::text
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (l.classid::bigint << 32) | l.objid::bigint = %s
"""


class NotTheOwnerError(Exception):
    """Another ingest owns a venue of the tape; the text names it."""


def lock_key(tape: str, venue: str) -> int:
    """The advisory lock of a tape's venue: a signed 64-bit number."""
    digest = sha256(f"vntape ingest {tape} {venue}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class Ownership:
    """
    Locks on all `venues` of a tape, held by one connection.

    The database being away later harms nobody: `keep` takes the locks again when it is back.
    """

    def __init__(self, url: str, tape: str, venues: Sequence[str]) -> None:
        self._url, self._tape, self._venues = url, tape, sorted(venues)
        # 63 bytes are kept; the random end tells our own lost session from another process.
        self._name = (
            f"vntape ingest {tape[:12]} pid {os.getpid()} on {socket.gethostname()[:12]} "
            f"{secrets.token_hex(3)}"
        )
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None

    async def take(self) -> None:
        """
        Take all locks, waiting a little for a holder that just died.

        Raises:
            NotTheOwnerError: somebody holds one.
            psycopg.OperationalError: the database does not answer.
        """
        self._connection = await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            application_name=self._name,
            connect_timeout=5,
            row_factory=tuple_row,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
        )
        for venue in self._venues:
            await self._lock(self._connection, venue)

    async def _lock(
        self, connection: psycopg.AsyncConnection[tuple[object, ...]], venue: str
    ) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        key = lock_key(self._tape, venue)
        while True:
            row = await (
                await connection.execute("SELECT pg_try_advisory_lock(%s)", (key,))
            ).fetchone()
            if row == (True,):
                return
            holder = await (await connection.execute(_HOLDER, (key,))).fetchone()
            if holder is not None and holder[1] == self._name:
                # Our own earlier session: the server has not noticed that it is gone.
                await connection.execute("SELECT pg_terminate_backend(%s)", (holder[0],))
            elif asyncio.get_running_loop().time() > deadline:
                raise NotTheOwnerError(self._refusal(venue, holder))
            await asyncio.sleep(0.1)

    def _refusal(self, venue: str, holder: tuple[object, ...] | None) -> str:
        # Of a session of another role nothing is shown.
        seen = holder is not None and holder[1] is not None
        who = f"{holder[1]!r}, connected since {holder[2]}," if holder and seen else "somebody"
        return (
            f"{who} already ingests {venue} on tape {self._tape}: one ingest owns a venue of a "
            "tape; stop that one first, or use another tape"
        )

    async def keep(self) -> None:
        """
        Watch over the locks for ever; takes them again when the connection was lost.

        Raises:
            NotTheOwnerError: somebody else has taken one meanwhile.
        """
        while True:
            await asyncio.sleep(CHECK_S)
            try:
                if self._connection is None:
                    await self.take()
                    log.info("ownership_regained", venues=self._venues)
                else:
                    await asyncio.wait_for(self._connection.execute("SELECT 1"), 10)
            except (psycopg.Error, OSError, TimeoutError) as e:
                log.warning("ownership_unwatched", error=str(e).strip())
                await self.release()

    async def release(self) -> None:
        """Close the connection, which frees the locks."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

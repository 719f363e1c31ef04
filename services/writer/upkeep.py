"""What keeps a tape's tables small and its aggregates fresh."""

import asyncio

import psycopg
from psycopg import sql

from schemas.topic import LIVE
from services.runtime import database, logs, migrations
from services.runtime.settings import Settings, SettingsError
from services.writer.core import upkeep
from services.writer.core.upkeep import Keeping

log = logs.get(__name__)

EVERY_S = 3600.0


def keeping(settings: Settings) -> Keeping:
    """
    What the settings ask for of their tape: of any other than live, that everything is kept.

    Raises:
        SettingsError: chunks would become columns while rows of them may still come again.
    """
    if settings.tape != LIVE:
        return Keeping()
    days, least = settings.columnstore_after_days, upkeep.replay_days()
    if days is not None and days <= least:
        raise SettingsError(
            f"VNTAPE_COLUMNSTORE_AFTER_DAYS: {days} is too short: topics are kept for {least} "
            "days, and a row that comes again from one is slow where it meets columns; "
            f"say {least + 1} or more"
        )
    return Keeping(settings.retention_days, settings.retention_book_days, days)


def configure(connection: database.Connection, tape: str, wanted: Keeping) -> None:
    """
    Tell the database how long rows are kept and, on the Community edition, when chunks become
    columns and how aggregates are refreshed. As the owner; repeat it freely.
    """
    live = tape == LIVE
    statements = list(upkeep.retention(wanted))
    if migrations.is_community(connection):
        statements += upkeep.refreshing(wanted, live=live)
        statements += upkeep.columns(wanted)
    with connection.transaction():
        path = sql.SQL("SET LOCAL search_path TO {}, public").format(sql.Identifier(tape))
        connection.execute(path)
        for statement in statements:
            connection.execute(statement.encode())


async def drop_expired(url: str, tape: str) -> list[tuple[str, str]]:
    """
    Drop what the tape's table `retention` says; (table, chunk) of each that went.

    Raises:
        psycopg.Error: the database is away, or the tape is not migrated.
    """
    connection = await database.connect_async(url, f"{tape}.upkeep", autocommit=True)
    async with connection:
        call = sql.SQL("SELECT relation, chunk FROM {}()").format(
            sql.Identifier(tape, "drop_expired")
        )
        cursor = await connection.execute(call)
        return [(relation, chunk) for relation, chunk in await cursor.fetchall()]


async def drop_hourly(url: str, tape: str, stopping: asyncio.Event) -> None:
    """`drop_expired` now and each hour until `stopping`; what fails is tried again next time."""
    while not stopping.is_set():
        try:
            for relation, chunk in await drop_expired(url, tape):
                log.info("expired", table=relation, chunk=chunk)
        except psycopg.Error as e:
            log.warning("upkeep_failed", error=repr(e))
        try:
            async with asyncio.timeout(EVERY_S):
                await stopping.wait()
        except TimeoutError:
            continue

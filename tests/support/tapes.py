"""Removing what a test's tape left in Kafka and in the database."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import psycopg
from aiokafka.admin import AIOKafkaAdminClient
from psycopg import sql

from services.stack import Addresses


def forget(tape: str, addresses: Addresses) -> None:
    """Delete all topics `<tape>.…` and the schema `<tape>`, whoever made them."""
    # In a thread: the caller's may have an event loop of its own.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, _forget_topics(tape, addresses.kafka)).result()
    with psycopg.connect(addresses.database, autocommit=True) as c:
        c.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(tape)))


async def _forget_topics(tape: str, kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        mine = [name for name in await admin.list_topics() if name.startswith(f"{tape}.")]
        if mine:
            await admin.delete_topics(mine)
    finally:
        await admin.close()

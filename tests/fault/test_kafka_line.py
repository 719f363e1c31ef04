"""A line to the broker that is lost at the moment of a request, under uvloop."""

import asyncio

import pytest
import uvloop
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from services.runtime import kafka as clients

pytestmark = pytest.mark.broker


def test_a_request_on_a_line_just_lost_fails_as_a_connection_error(kafka: str) -> None:
    """RuntimeError, which uvloop raises, would end aiokafka's task that finds the brokers."""

    async def asked() -> None:
        host, port = kafka.split(":")
        line = await create_conn(host, int(port))
        try:
            assert (await line.send(MetadataRequest([]))).brokers
            line._writer.transport.abort()
            await asyncio.sleep(0)  # it is closed now, and the reader has not heard of it
            with pytest.raises(KafkaConnectionError, match="the handler is closed"):
                await line.send(MetadataRequest([]))
            assert not line.connected()
        finally:
            line.close()

    uvloop.run(asked())


def test_a_client_whose_line_was_lost_still_learns_where_the_brokers_are(kafka: str) -> None:
    async def refreshed() -> bool:
        client = clients.consumer(kafka, "test")
        await client.start()
        try:
            await client._client.force_metadata_update()
            for line in client._client._conns.values():
                line._writer.transport.abort()
            await client._client.force_metadata_update()
            return bool(await client._client.force_metadata_update())
        finally:
            await client.stop()

    assert uvloop.run(refreshed())

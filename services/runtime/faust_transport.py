"""
The project's own Faust transport, scheme `vntape://` (reference: measured on a real broker).

Four departures from the stock aiokafka driver, each for a measured loss or stall:
a short fetch wait (stock: 1.5 s); a drain loop that neither makes four tasks a message nor
blocks in a callback; offsets that come from our snapshots, never from the group; and holes
in the input that are met by seeking again, then by ending the process.
"""

import asyncio
import logging
import os
from typing import Any, ClassVar, Protocol

import aiokafka
from aiokafka.errors import (
    ConsumerStoppedError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from faust.auth import SASLCredentials, SSLCredentials
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from services.runtime import kafka_login, logs
from services.runtime.exits import EXIT_RESTART

log = logs.get(__name__)

SCHEME = "vntape"
FETCH_WAIT_MS = 20
YIELD_EVERY = 200
POLL_S = 0.002


def credentials(address: str) -> SASLCredentials | SSLCredentials | None:
    """What was said of how to log in there, as Faust takes it."""
    login = kafka_login.at(address)
    if login.context is None:
        return None
    if login.user is None:
        return SSLCredentials(context=login.context)
    return SASLCredentials(
        username=login.user,
        password=login.password,
        mechanism=login.mechanism,
        ssl_context=login.context,
    )


class Seeker(Protocol):
    """Where to read from: our shell, set as `app.seeker`."""

    async def positions(self, partitions: set[int]) -> dict[int, int]:
        """Restore these partitions; partition -> offset of the first record wanted."""
        ...

    def hole(self, partition: int, expected: int, offset: int) -> bool:
        """A record is missing; True: seek again, False: the process must end."""
        ...


class QuietTableManager(TableManager):
    """Without tables there is nothing to wait for; stock sleeps 1.0 s here at every start."""

    logger = logging.getLogger("faust.tables")

    async def on_start(self) -> None:
        """Start at once."""
        if not self.should_stop:
            await self._update_channels()
            await self.recovery.start()


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Makes its aiokafka consumer with our fetch wait."""

    logger = logging.getLogger("faust.consumer")

    def _create_worker_consumer(self, transport: Any) -> Any:
        stock = driver.aiokafka.AIOKafkaConsumer

        def shorter(*args: Any, **options: Any) -> Any:
            options["fetch_max_wait_ms"] = FETCH_WAIT_MS
            options["auto_offset_reset"] = "none"
            return stock(*args, **options)

        # The driver names the class through its module; the shim lives for one synchronous call.
        driver.aiokafka.AIOKafkaConsumer = shorter
        try:
            return super()._create_worker_consumer(transport)
        finally:
            driver.aiokafka.AIOKafkaConsumer = stock


class Consumer(driver.Consumer):
    """Seeks to snapshots and delivers contiguous offsets only."""

    logger = logging.getLogger("faust.consumer")

    expected: dict[TP, int]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.expected = {}
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def member_id(self) -> str:
        """Of this worker, as its group knows it; empty while it is in none."""
        coordinator = getattr(self._thread._consumer, "_coordinator", None)
        return getattr(coordinator, "member_id", "")

    def on_buffer_full(self, tp: TP) -> None:
        """The queue's own back-pressure is enough; stock would fetch the rest for 1 s."""

    def on_buffer_drop(self, tp: TP) -> None:
        """See `on_buffer_full`."""

    async def perform_seek(self) -> None:
        """Seek every assigned partition to where its state stands (design §6)."""
        self.stop_flow()
        source = self.app.source_topic
        mine = {tp for tp in self.assignment() if tp.topic == source}
        at = await self.app.seeker.positions({tp.partition for tp in mine})
        offsets = {TP(source, tp.partition): at[tp.partition] for tp in mine}
        if offsets:
            await self.seek_wait(offsets)
        for tp, offset in offsets.items():
            self._read_offset[tp] = offset
            self._committed_offset[tp] = offset
            for book in (self._acked, self._acked_index, self._gap):
                book.pop(tp, None)
        self.expected = dict(offsets)  # a new dict: its identity is the epoch

    async def _drain_messages(self, fetcher: Any) -> None:
        """Fetch and deliver until stopped; an exception ends the worker, not only this task."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                expected, generation = self.expected, self.app.consumer_generation_id
                records = await self._fetch()
                if self.should_stop or not records:
                    await asyncio.sleep(0)
                    continue

                def stale(epoch: Any = expected, generation: int = generation) -> bool:
                    return (
                        self.expected is not epoch
                        or not self.flow_active
                        or self.app.consumer_generation_id != generation
                        or self.should_stop
                        or fetcher.should_stop
                    )

                await self._deliver_all(records, expected, stale)
        except (ConsumerStoppedError, asyncio.CancelledError):
            # A fetcher that is stopped in a rebalance is taken for a crashed one by Faust.
            if not self.transport.app.should_stop:
                raise

    async def _fetch(self) -> Any:
        """
        The next records by partition, empty when there are none yet.

        In a rebalance aiokafka starts at the group's offsets, or complains that there are none,
        before our seek has moved it: those complaints are not about us.

        Raises:
            OffsetOutOfRangeError: the record we want has left the log.
        """
        try:
            records, _ = await self._wait_next_records(timeout=1.0)
        except NoOffsetForPartitionError:
            return {}
        except OffsetOutOfRangeError as e:
            if any(self.expected.get(TP(*tp)) == at for tp, at in e.args[0].items()):
                raise
            return {}
        return records

    async def _deliver_all(self, records: Any, expected: dict[TP, int], stale: Any) -> None:
        since_yield = 0
        for tp, batch in records.items():
            for record in batch:
                if stale():
                    return
                wanted = expected.get(tp)
                if wanted is None:
                    break
                if record.offset < wanted:
                    continue
                if record.offset > wanted:
                    await self._hole(tp, wanted, record.offset)
                    break
                if not await self._deliver(self._to_message(TP(*tp), record), stale):
                    return
                expected[tp] = wanted + 1
                since_yield += 1
                if since_yield >= YIELD_EVERY:
                    since_yield = 0
                    await asyncio.sleep(0)

    async def _deliver(self, message: Any, stale: Any) -> bool:
        """Hand a message to its queue, never entering the callback while it could block."""
        tp = message.tp
        flow = self.app.flow_control
        while not flow.is_active() or any(
            channel.queue.full() for channel in self.app.topics._tp_index.get(tp, ())
        ):
            await asyncio.sleep(POLL_S)
            if stale():
                return False
        await self.callback(message)
        return True

    async def _hole(self, tp: TP, wanted: int, offset: int) -> None:
        """Offsets of our topics are contiguous: what is missing was skipped, never shrug."""
        if not self.app.seeker.hole(tp.partition, wanted, offset):
            log.error("input_hole", topic=tp.topic, partition=tp.partition, at=wanted, got=offset)
            os._exit(EXIT_RESTART)
        await self.seek_wait({TP(*tp): wanted})


class Transport(driver.Transport):
    """aiokafka with our consumer."""

    Consumer: ClassVar[Any] = Consumer
    driver_version = f"vntape on aiokafka={aiokafka.__version__}"

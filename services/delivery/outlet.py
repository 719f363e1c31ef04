"""One channel: what waits for it, told in order, at its rate; it never delays another."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

from services.delivery.channels_file import Any as AnyChannel
from services.delivery.core.retry import Rate
from services.delivery.log import Due, Waiting
from services.delivery.senders import Later, Outcome, Sender, Sent
from services.runtime import logs
from services.runtime.metrics import Metrics

log = logs.get(__name__)

POLL_S = 1.0
"""A retry may come due without anybody saying so."""

BURY_AGAIN_S = 30.0

Bury = Callable[[str, str, bytes], Awaitable[None]]
"""Takes reason, id and alert of a dead one; returns when the dead letter is on the broker."""


class Outlet:
    """
    Tells one channel until cancelled.

    A failure is mostly the channel's, not the alert's: the next attempt, of whichever alert is
    due, waits as long as failures in a row ask for. An alert that fails waits on its own too, so
    one that the channel cannot digest does not hold up the others.
    """

    def __init__(
        self, channel: AnyChannel, sender: Sender, waiting: Waiting, bury: Bury, metrics: Metrics
    ) -> None:
        self._channel, self._sender, self._waiting = channel, sender, waiting
        self._bury, self._metrics = bury, metrics
        self._stopping = False
        self._failures = 0
        self.news = asyncio.Event()
        """Set when something new waits, and by `stop`."""

    def stop(self) -> None:
        """Let `run` end after the attempt that is under way."""
        self._stopping = True
        self.news.set()

    async def run(self) -> None:
        """
        Raises:
            psycopg.Error, OSError: the log is away.
        """
        now = asyncio.get_running_loop().time
        rate = Rate(self._channel.per_minute, self._channel.burst, now())
        gauge = self._metrics.deliveries_waiting.labels("delivery", self._channel.name)
        for outcome in ("sent", "failed", "dead"):
            # A counter that is born at 1 has not risen: there to be seen before the first.
            self._metrics.deliveries.labels("delivery", self._channel.name, outcome)
        while not self._stopping:
            self.news.clear()
            due = await self._waiting.due()
            if due is None:
                gauge.set(await self._waiting.count())
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self.news.wait()
                continue
            if (wait_s := rate.wait_s(now())) > 0:
                await self._pause(wait_s)
                continue
            await self._pause(await self._tell(due))

    async def _pause(self, seconds: float) -> None:
        """Sleep, however many news there are, but for the wish to stop."""
        deadline = asyncio.get_running_loop().time() + seconds
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                while not self._stopping:
                    self.news.clear()
                    await self.news.wait()

    async def _tell(self, due: Due) -> float:
        """One attempt; returns how long the channel rests."""
        item = due.item
        outcome = await self._sender.send(item)
        if isinstance(outcome, Sent):
            await self._waiting.done(item.id, "sent")
            self._count("sent")
            self._failures = 0
            return 0.0
        given_up = self._given_up(due, outcome)
        log.warning(
            "delivery_failed",
            channel=self._channel.name,
            id=item.id,
            reason=outcome.reason,
            attempt=due.attempts + 1,
            given_up=given_up,
        )
        backoff = self._channel.backoff
        if not isinstance(outcome, Later):
            # The channel answers; it only will not have this one.
            await self._dead(due, outcome.reason)
            return 0.0
        self._failures += 1
        pause_s = backoff.wait_s(self._failures, random.random())  # noqa: S311
        if outcome.wait_s is not None:
            pause_s = max(outcome.wait_s, pause_s if self._failures > 1 else 0.0)
        if given_up:
            await self._dead(due, f"given up: {outcome.reason}")
            return pause_s
        own_s = backoff.wait_s(due.attempts + 1, random.random())  # noqa: S311
        await self._waiting.later(item.id, outcome.reason, max(own_s, outcome.wait_s or 0.0))
        self._count("failed")
        return pause_s

    def _given_up(self, due: Due, outcome: Outcome) -> bool:
        if not isinstance(outcome, Later):
            return True
        return due.attempts + 1 >= self._channel.attempts or due.age_s > self._channel.give_up_s

    async def _dead(self, due: Due, reason: str) -> None:
        item = due.item
        try:
            await self._bury(f"undeliverable: {self._channel.name}: {reason}", item.id, item.value)
        except TimeoutError:
            # Kafka is away: that is no reason to hold up the other channels.
            await self._waiting.later(item.id, f"{reason}; no dead letter yet", BURY_AGAIN_S)
            return
        await self._waiting.done(item.id, "dead", reason)
        self._count("dead")

    def _count(self, outcome: str) -> None:
        self._metrics.deliveries.labels("delivery", self._channel.name, outcome).inc()

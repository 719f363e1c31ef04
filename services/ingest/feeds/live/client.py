"""One live connection, for ever: connects, takes what comes, comes back when it is lost."""

import asyncio
import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import NamedTuple, cast

import msgspec

from schemas.control import Changed, Connected, Lost, RestReply
from schemas.topics import CONTROL
from services.ingest.core.engine import SCHEDULED
from services.ingest.feeds.base import MAX_VALUE_BYTES, Arrival
from services.ingest.feeds.live.line import Broken, Busy, Line, Refused, Reply, Session, Sink
from services.ingest.feeds.live.outage import Loss, Outage
from services.ingest.feeds.live.states import Backoff, Machine, State
from services.ingest.feeds.live.watch import (
    Hour,
    TradingDay,
    hour_at,
    is_silent,
    opened_ms,
    overdue_s,
)
from services.runtime import logs

CLOSE_S = 2.0
LOOK_S = 0.25
"""So often the age of the data is looked at."""
WELL_S = 10.0
"""A connection that lived so long was good: the next wait is the first one again."""
AHEAD_MS = 86_400_000
"""An exchange time so far ahead of our clock is damaged, and bounds no loss."""


class _End(NamedTuple):
    """How an attempt ended: the next state, why, and how long to wait in it."""

    state: State
    why: str
    wait_s: float = 0.0


def hour_of(line: Line, now_ms: int, is_trading_day: TradingDay) -> Hour:
    """The phase of a line's venue; one that never closes trades since ever."""
    if line.venue not in SCHEDULED:
        return Hour("continuous", 0)
    return hour_at(now_ms, is_trading_day)


class Client:
    """
    Runs one `Line`, in the event loop alone.

    Attributes:
        messages: vendor messages received since the start.
        last_s: when the last came, by the event loop's clock; None before the first.
    """

    def __init__(
        self,
        line: Line,
        sink: Sink,
        is_trading_day: TradingDay,
        backoff: Backoff | None = None,
    ) -> None:
        self.line, self._sink, self._is_trading_day = line, sink, is_trading_day
        # Of its own: repeats are limited by logger, and an exchange that restarts has all
        # channels say the same within a second.
        self._log = logs.get(f"{__name__}.{line.channel}")
        draw = random.SystemRandom().random
        self._backoff = backoff or Backoff(0.5, 30.0, draw)
        self._refusals = Backoff(30.0, 600.0, draw)
        self._born_s = asyncio.get_running_loop().time()
        self.machine = Machine(self._born_s)
        self.outage = Outage(sink.clock() // 1000)
        self.messages = 0
        self.last_s: float | None = None
        self._last_us = 0
        self._live_s = self._frame_s = 0.0
        self.silences = 0

    async def run(self) -> None:
        """Until it is cancelled."""
        self._begin()
        await self.line.learn(self._sink)
        while True:
            end = await self._attempt()
            if end.state != "silent":
                self.outage.lost("disconnect")
            self._to(end.state, end.why)
            await asyncio.sleep(end.wait_s)
            self._to("connecting")

    def stop(self) -> None:
        """Tell a loss whose end will not be seen; called once it runs no more."""
        to_us = self._sink.clock()
        if self._last_us:
            # In exchange time, whatever our clock shows.
            to_us += self.outage.newest_ms * 1000 - self._last_us
        loss = self.outage.cut(to_us // 1000)
        if loss is not None:
            self._tell(loss)

    def hour(self) -> Hour:
        """The phase of the line's venue now."""
        return hour_of(self.line, self._sink.clock() // 1000, self._is_trading_day)

    def overdue_s(self) -> float:
        """For how long data are overdue; 0 when they are not, or none are due."""
        since_s = self._born_s if self.last_s is None else self.last_s
        now_ms, age_s = self._sink.clock() // 1000, self._now_s() - since_s
        return overdue_s(self.line.patience, self.hour(), now_ms, age_s)

    def _begin(self) -> None:
        """Until its first data are whole, what it would have brought is lost."""
        now_ms = self._sink.clock() // 1000
        # A process needs a moment from its first look at the clock to its connections.
        since_ms: int | None = (self._sink.told_us or self._sink.clock()) // 1000
        if self._sink.began == "late_start":
            hours = self.line.venue in SCHEDULED
            since_ms = opened_ms(now_ms, self._is_trading_day) if hours else None
        if since_ms is not None:
            self.outage.lost(self._sink.began, since_ms)
        self._write("connecting", "")

    async def _attempt(self) -> _End:
        """One connection, from its first step to its end."""
        session = None
        try:
            async with asyncio.timeout(self.line.connect_s):
                session = await self.line.connect()
            self._lives(session)
            return await self._listen(session)
        except Refused as e:
            return _End("refused", str(e), self._refusals.next_s())
        except Busy as e:
            return _End("backing_off", str(e), max(e.wait_s, self._backoff.next_s()))
        except TimeoutError:
            why = f"no answer within {self.line.connect_s:.0f} s"
            return _End("backing_off", why, self._backoff.next_s())
        except (Broken, OSError) as e:
            if session is not None and self._now_s() - self._live_s > WELL_S:
                self._backoff.reset()
            return _End("backing_off", str(e) or type(e).__name__, self._backoff.next_s())
        finally:
            if session is not None:
                with suppress(Broken, OSError, TimeoutError):
                    async with asyncio.timeout(CLOSE_S):
                        await session.close()

    def _lives(self, session: Session) -> None:
        self._live_s = self._frame_s = self._now_s()
        if session.whole:
            self.outage.mended()
        self._refusals.reset()
        self._to("live")

    async def _listen(self, session: Session) -> _End:
        receiving = asyncio.ensure_future(self._receive(session))
        try:
            while not receiving.done():
                await asyncio.wait({receiving}, timeout=LOOK_S)
                if (loss := self.outage.ended(self._now_s())) is not None:
                    self._tell(loss)
                if (end := self._overdue(session)) is not None:
                    return end
            receiving.result()
        finally:
            # What it received it has taken; nothing of this socket comes after that.
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
        raise AssertionError("a session ends with an exception")

    async def _receive(self, session: Session) -> None:
        while True:
            messages = await session.receive()
            self._frame_s = self._now_s()
            for is_reply, some in groupby(messages, lambda each: isinstance(each, Reply)):
                if is_reply:
                    self._take_replies(cast(Iterable[Reply], some))
                else:
                    self._take(cast(Sequence[bytes], list(some)))

    def _overdue(self, session: Session) -> _End | None:
        """How it ends now, when too little came for too long."""
        now_s, now_ms = self._now_s(), self._sink.clock() // 1000
        if session.dead_s is not None and now_s - self._frame_s > session.dead_s:
            why = f"no sign of life for {now_s - self._frame_s:.0f} s"
            return _End("backing_off", why, self._backoff.next_s())
        age_s = now_s - max(self._live_s, self.last_s or 0.0)
        hour = hour_of(self.line, now_ms, self._is_trading_day)
        if not is_silent(self.line.patience, hour, now_ms, age_s, self.silences):
            return None
        self.silences += 1
        self.outage.lost("silence")
        return _End("silent", f"connected, but no data for {age_s:.0f} s in {hour.phase}")

    def _take_replies(self, replies: Iterable[Reply]) -> None:
        for reply in replies:
            body = reply.body.decode("utf-8", "replace")
            self._put(
                "rest_reply", RestReply(venue=self.line.venue, channel=reply.channel, body=body)
            )

    def _take(self, messages: Sequence[bytes]) -> None:
        line, now_us, now_s = self.line, self._sink.clock(), self._now_s()
        arrivals = []
        for message in messages:
            # One more byte than fits: ingest dead-letters it as too long.
            routed = line.feed.route(line.venue, message[: MAX_VALUE_BYTES + 1])
            topic, channel, key, value = routed
            arrivals.append(Arrival(topic, line.venue, now_us, line.name, channel, key, value))
            ts_ms = line.stamp(value)
            if ts_ms is None or ts_ms > now_us // 1000 + AHEAD_MS:
                ts_ms = self.outage.newest_ms
            if ts_ms > self.outage.newest_ms:
                self.silences = 0
            self.outage.heard(ts_ms, now_s)
        self._sink.take(arrivals)
        self.messages += len(messages)
        self.last_s, self._last_us = now_s, now_us

    def _tell(self, loss: Loss) -> None:
        message = Lost(
            venue=self.line.venue,
            channel=self.line.channel,
            cause=loss.cause,
            from_ts_ms=loss.from_ms,
            to_ts_ms=loss.to_ms,
        )
        self._put("lost", message)
        self._log.info(
            "feed_loss", feed=self.line.name, channel=self.line.channel, **loss._asdict()
        )

    def _write(self, state: State, why: str) -> None:
        """Put the transition on the tape."""
        if state == "live":
            detail = f"connection {self.machine.entered['live']} since the start"
            message = Connected(
                venue=self.line.venue,
                channel=self.line.channel,
                detail=detail,
                whole=not self.outage.is_open,
            )
            self._put("connected", message)
            return
        since_ms = self.outage.since_ms
        self._put(
            "changed",
            Changed(
                venue=self.line.venue,
                channel=self.line.channel,
                state=state,
                why=why,
                loses=since_ms is not None,
                newest_ms=since_ms or 0,
            ),
        )

    def _put(self, kind: str, message: Changed | Connected | Lost | RestReply) -> None:
        line, value = self.line, msgspec.json.encode(message)
        now_us = self._sink.clock()
        self._sink.put(
            Arrival(CONTROL.name, line.venue, now_us, line.name, kind, line.venue, value)
        )

    def _to(self, state: State, why: str = "") -> None:
        self.machine.to(state, self._now_s(), why)
        self._write(state, why)
        say = self._log.error if state == "refused" else self._log.info
        say(f"feed_{state}", feed=self.line.name, channel=self.line.channel, why=why)

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()

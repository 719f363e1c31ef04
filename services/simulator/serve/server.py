"""The exchange on its ports: it listens on loopback only, and can go away and come back."""

import asyncio
import ssl
import time
from contextlib import AsyncExitStack
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import Self

from aiohttp import web

from services.simulator.core.day import NS
from services.simulator.core.plan import Plan
from services.simulator.serve.clock import UNPACED, DayClock
from services.simulator.serve.control_routes import Control
from services.simulator.serve.floor import Floor, Options, floor
from services.simulator.serve.iboard_routes import PATH, IBoard
from services.simulator.serve.injector import Injector
from services.simulator.serve.player import play
from services.simulator.serve.rest_routes import Rest
from services.simulator.serve.signalr_routes import SignalR
from services.simulator.serve.v3 import rest_routes as v3_rest
from services.simulator.serve.v3 import stream_routes as v3_stream

_HOST = "127.0.0.1"
_VIETNAM = timezone(timedelta(hours=7))
_GRACE_S = 0.5
"""For handlers to end, after their connections were reset."""


class Server:
    """
    One simulated exchange; an async context manager in which it listens and plays its day.

    Raises:
        OSError: the folder of the truth cannot be written, the certificate not be read; on
            entering: a port is taken.

    Attributes:
        day: done when the day is over; it raises what `player.play` raises.
    """

    day: "asyncio.Task[None]"

    def __init__(self, plan: Plan, options: Options) -> None:
        self.floor: Floor = floor(plan, options)
        self.injector = Injector(self.floor)
        self.floor.restart = self._restart
        self._port, self.control_port = options.port, 0
        self._tls: ssl.SSLContext | None = None
        if options.tls is not None:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(options.tls)
        self._runner: web.AppRunner | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._stack.callback(self.floor.log.close)
        try:
            await self._listen()
            self._stack.push_async_callback(self._leave)
            control = web.Application()
            control.add_routes(Control(self.floor, self.injector).routes())
            runner = web.AppRunner(control, access_log=None)
            await runner.setup()
            self._stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, _HOST, self.floor.options.control_port).start()
        except BaseException:
            await self._stack.aclose()
            raise
        self.control_port = runner.addresses[0][1]
        options = self.floor.options
        if options.begin_in_s:
            begins = asyncio.get_running_loop().time() + options.begin_in_s
            self.floor.clock = DayClock(begins, options.start_ns, options.speed)
        self.day = asyncio.create_task(play(self.floor, self.injector))
        faults = asyncio.create_task(self.injector.run())
        self._stack.push_async_callback(_cancelled, self.day, faults)
        self._stack.push_async_callback(self.injector.stop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self._stack.aclose()

    def environment(self) -> dict[str, str]:
        """What a client has to know, as the variables that ingest reads."""
        options = self.floor.options
        return {
            "VNTAPE_SSI_V2_REST_URL": f"http{self._at}/",
            "VNTAPE_SSI_V2_STREAM_URL": f"http{self._at}/",
            "VNTAPE_IBOARD_URL": f"ws{self._at}{PATH}",
            "VNTAPE_SSI_CONSUMER_ID": options.consumer,
            "VNTAPE_SSI_CONSUMER_SECRET": options.secret,
        }

    def v3_config(self) -> dict[str, str]:
        """The same of v3, as `ssi_sdk.Config` names it."""
        options = self.floor.options
        return {
            "api_url": f"http{self._at}",
            "streaming_url": f"ws{self._at}{v3_stream.PATH}",
            "api_key": options.consumer,
            "api_secret": options.secret,
        }

    @property
    def _at(self) -> str:
        return f"{'s' * (self.floor.options.tls is not None)}://{_HOST}:{self._port}"

    def receive_clock(self) -> str | None:
        """
        The day's clock as ingest's VNTAPE_RECEIVE_CLOCK, by which it stamps what it receives;
        None while it does not run, or shows the newest message.
        """
        day, now = self.floor.clock, asyncio.get_running_loop().time()
        if day is None or day.speed == UNPACED:
            return None
        seconds = (self.floor.plan.day.midnight_ns + day.at(now)) / NS
        shown = datetime.fromtimestamp(seconds, _VIETNAM).isoformat(timespec="milliseconds")
        return f"{shown}@{time.time():.3f}x{day.speed:g}"

    async def _listen(self) -> None:
        app = web.Application()
        parts = SignalR, IBoard, Rest, v3_rest.Rest, v3_stream.Stream
        for part in parts:
            app.add_routes(part(self.floor).routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, _HOST, self._port, ssl_context=self._tls).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner, self._port = runner, runner.addresses[0][1]

    async def _leave(self) -> None:
        runner, self._runner = self._runner, None
        if runner is None:
            return
        for site in list(runner.sites):
            await site.stop()
        for connection in list(self.floor.hub.connections.values()):
            connection.abort()
        await runner.cleanup()

    async def _restart(self, away_s: float) -> None:
        await self._leave()
        await asyncio.sleep(away_s)
        await self._listen()


async def _cancelled(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

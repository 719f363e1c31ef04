"""The ASGI application: the stream by hand, everything else by FastAPI."""

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from services.gateway.core import wire
from services.gateway.core.hub import Hub
from services.gateway.history import History
from services.gateway.server import ABORT
from services.gateway.session import HEARTBEAT_MS, Receive, Send, Session
from services.runtime.health import Health
from services.runtime.metrics import Metrics

STREAM_PATH = "/v1/stream"
MAX_SESSIONS = 2_000
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Sessions:
    """All connected clients of the gateway."""

    def __init__(
        self, hub: Hub, history: History, health: Health, metrics: Metrics, host: str
    ) -> None:
        self._hub, self._history, self._health, self._metrics = hub, history, health, metrics
        self._hosts = LOOPBACK | {host}
        self._all: set[Session] = set()
        self.behind: int | None = 0
        """Kafka records not yet read; None when Kafka does not answer."""

    async def endpoint(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """One WebSocket connection, accepted first so that a browser sees the close code."""
        await receive()
        if not self._may_come(scope):
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        refusal = self._refusal()
        if refusal is not None:
            bye = wire.control("bye", code=4503, why=refusal, retry_ms=1000)
            await send({"type": "websocket.send", "text": f"[{bye}]"})
            await send({"type": "websocket.close", "code": 4503, "reason": refusal})
            return
        session = Session(
            self._hub, self._history, receive, send, scope["extensions"].get(ABORT, _no_abort)
        )
        session.greet()
        self._all.add(session)
        self._count()
        try:
            await session.run()
        finally:
            self._all.discard(session)
            self._count()
            self._metrics.frames_sent.labels(self._metrics.service).inc(session.frames)
            if session.out.slow:
                self._metrics.slow_clients.labels(self._metrics.service).inc()

    def _count(self) -> None:
        self._metrics.clients.labels(self._metrics.service).set(len(self._all))
        self._health.details["clients"] = len(self._all)

    def _refusal(self) -> str | None:
        if not self._health.ready:
            return "the gateway reads its tape in, come back"
        if len(self._all) >= MAX_SESSIONS:
            return f"{MAX_SESSIONS} clients are connected, come back"
        return None

    def _may_come(self, scope: MutableMapping[str, Any]) -> bool:
        """Programs send no Origin; a page may come from this machine only."""
        origin = dict(scope["headers"]).get(b"origin")
        return origin is None or urlsplit(origin.decode("latin-1")).hostname in self._hosts

    async def tick(self) -> None:
        """Heartbeats, and a look at clients that do not read; runs until cancelled."""
        beat_at = 0.0
        while True:
            await asyncio.sleep(1.0)
            now = time.monotonic()
            for session in list(self._all):
                session.tick(now)
            if now >= beat_at:
                beat_at = now + HEARTBEAT_MS / 1000
                text = self._heartbeat()
                for session in self._all:
                    session.heartbeat(text)
            waiting = sum(s.out.chars for s in self._all)
            self._metrics.client_bytes.labels(self._metrics.service).set(waiting)

    def _heartbeat(self) -> str:
        behind = "null" if self.behind is None else self.behind
        return f'{{"op":"hb","t":{int(time.time() * 1000)},"behind":{behind}}}'

    def close_all(self, code: int, why: str) -> None:
        """Say goodbye to everybody."""
        for session in self._all:
            session.close(code, why)


def _no_abort() -> None:
    """A server that cannot cut a connection closes it in its own time."""


def application(sessions: Sessions, rest: Any) -> Any:
    """The whole: `/v1/stream` to the sessions, all else to `rest`."""

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await rest(scope, receive, send)
        elif scope["path"] == STREAM_PATH:
            await sessions.endpoint(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    return app

"""A client's session by itself: a real hub, its socket two queues, a clock that is set by hand."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from services.gateway import session
from services.gateway.core.hub import Hub
from services.gateway.history import History
from services.runtime.settings import Settings


class Client:
    """The other end of a session; `clock_s` is what the session takes for the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock_s = 1000.0
        clock = SimpleNamespace(monotonic=lambda: self.clock_s, time=lambda: self.clock_s)
        monkeypatch.setattr(session, "time", clock)
        self._says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.aborted = False
        self.session = session.Session(
            Hub("test"), History(Settings()), self._says.get, self._heard.put, self._abort
        )

    def _abort(self) -> None:
        self.aborted = True

    async def ask(self, **command: Any) -> None:
        """Send a command and read until it is confirmed."""
        self._says.put_nowait({"type": "websocket.receive", "text": json.dumps(command)})
        while not any(m.get("op") == "ok" for m in json.loads((await self.hear())["text"])):
            pass

    async def hear(self) -> dict[str, Any]:
        """The next thing the session sends."""
        return await asyncio.wait_for(self._heard.get(), 5)

    async def closed_after(self, idle_s: float) -> int | None:
        """Close code when so much time passes, None when the session goes on."""
        self.clock_s += idle_s
        self.session.tick(self.clock_s)
        if self.session._bye is None:
            return None
        while (heard := await self.hear())["type"] != "websocket.close":
            pass
        return int(heard["code"])


A = {"ch": "quote", "symbols": ["A"]}


async def test_idleness_is_counted_from_when_the_last_stream_was_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = Client(monkeypatch)
    running = asyncio.create_task(client.session.run())
    await client.ask(op="sub", **A)
    assert await client.closed_after(32) is None
    await client.ask(op="unsub", **A)
    assert await client.closed_after(1) is None
    await client.ask(op="unsub", **A)  # there is nothing to leave
    assert await client.closed_after(28) is None
    assert await client.closed_after(2) == 4408
    await running


async def test_a_client_that_never_subscribes_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(monkeypatch)
    running = asyncio.create_task(client.session.run())
    assert await client.closed_after(29) is None
    assert await client.closed_after(2) == 4408
    await running

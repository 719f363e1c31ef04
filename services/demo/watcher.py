"""A real client of the gateway that notes when each classified trade reaches it."""

import asyncio
import threading
from collections.abc import Iterable
from typing import Any

from services.gateway.client import GatewayClient
from services.report.delays import Received


class Watcher:
    """A client in a thread of its own that notes when each classified trade arrives."""

    def __init__(self, url: str, symbols: Iterable[str]) -> None:
        self.received: Received = {}
        self._url, self._symbols = url, list(symbols)
        self._thread = threading.Thread(target=self._work, name="watcher", daemon=True)
        self._client: GatewayClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Connect and follow."""
        self._thread.start()

    def _work(self) -> None:
        asyncio.run(self._follow())

    async def _follow(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._client = GatewayClient(self._url, self._note)
        await self._client.subscribe("trades-classified", self._symbols)
        await self._client.run()

    def _note(self, message: dict[str, Any], received_s: float) -> None:
        if message.get("type") == "trade_classified":
            self.received[message["symbol"], message["seq"]] = received_s

    def stop(self) -> Received:
        """Disconnect; what it saw."""
        if self._loop is not None and self._client is not None:
            asyncio.run_coroutine_threadsafe(self._client.close(), self._loop).result(5)
        self._thread.join(5)
        return self.received

"""A real Chromium, headless, driven by its DevTools protocol."""

import asyncio
import base64
import itertools
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.support.eventually import eventually


def chromium() -> str:
    """The program; installed by Debian's package when it is not there and we may."""
    if shutil.which("chromium") is None:
        print("chromium is not installed: apt-get install chromium", flush=True)
        command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
        subprocess.run(["apt-get", "update", "-q"], check=True, timeout=300)
        subprocess.run(command, check=True, timeout=900)
    found = shutil.which("chromium")
    assert found is not None, "install chromium, for example by `apt-get install chromium`"
    return found


class Page:
    """One tab."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._ids = socket, itertools.count(1)

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the DevTools protocol."""
        mine = next(self._ids)
        await self._socket.send(json.dumps({"id": mine, "method": method, "params": params}))
        while True:
            answer = json.loads(await asyncio.wait_for(self._socket.recv(), 20))
            if answer.get("id") == mine:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    async def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    async def screenshot(self, path: Path) -> None:
        """Save what is seen as PNG."""
        answer = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))


@asynccontextmanager
async def page(url: str, folder: Path) -> AsyncIterator[Page]:
    """A tab that shows `url`; the browser ends with it."""
    arguments = [
        chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
        "--window-size=1280,800", f"--user-data-dir={folder}", url,
    ]  # fmt: skip
    process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
    port_file = folder / "DevToolsActivePort"
    try:
        await eventually(port_file.exists, 30)
        port = port_file.read_text().split()[0]

        def tab() -> str:
            tabs = httpx.get(f"http://127.0.0.1:{port}/json/list").json()
            return next((t["webSocketDebuggerUrl"] for t in tabs if t["type"] == "page"), "")

        async with connect(await eventually(tab, 20), max_size=None) as socket:
            yield Page(socket)
    finally:
        process.terminate()
        process.wait(20)

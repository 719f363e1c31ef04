"""The simulated exchange in the test's own loop, and plain clients of its protocols."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

import httpx
import websockets
import zstandard
from websockets.asyncio.client import ClientConnection, connect

from services.simulator.core.day import clock
from services.simulator.core.exchange import Exchange
from services.simulator.core.message import Message
from services.simulator.core.plan import Plan
from services.simulator.serve.floor import Options
from services.simulator.serve.server import Server
from services.simulator.serve.signalr import HUB, PATH
from tests.support.eventually import eventually

WHO = {"consumerID": "simulator", "consumerSecret": "simulator"}


@asynccontextmanager
async def serving(plan: Plan, begin: str, speed: float, **options: Any) -> AsyncIterator[Server]:
    """An exchange whose clients' day begins at `begin`."""
    async with Server(plan, Options(clock(begin), speed, **options)) as server:
        yield server


def rest(server: Server) -> str:
    """Its REST address, with a / at the end."""
    return server.environment()["VNTAPE_SSI_V2_REST_URL"]


async def token(server: Server) -> str:
    """A new access token."""
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{rest(server)}api/v2/Market/AccessToken", json=WHO)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["accessToken"])


def control(server: Server) -> str:
    """Its control port's address."""
    return f"http://127.0.0.1:{server.control_port}"


async def order(server: Server, faults: Any) -> list[int]:
    """Ask for faults over the control port; their numbers."""
    async with httpx.AsyncClient() as http:
        content = faults if isinstance(faults, str) else json.dumps(faults)
        answer = await http.post(f"{control(server)}/faults", content=content)
    assert answer.status_code == 200, answer.text
    numbers: list[int] = answer.json()["accepted"]
    return numbers


class Client:
    """
    A socket of the exchange and everything that it said.

    Attributes:
        frames: as they came; `times` when, of the monotonic clock.
        messages: the vendor's, in their order.
        ended: how the connection ended, None while it is open.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[str] = []
        self.messages: list[str] = []
        self.times: list[float] = []
        self.ended: websockets.ConnectionClosed | None = None
        self._reading = asyncio.create_task(self._read())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *caught: object) -> None:
        self.socket.transport.abort()
        await self._reading

    async def say(self, message: Any) -> None:
        """Send a frame."""
        await self.socket.send(message if isinstance(message, str) else json.dumps(message))

    async def until(self, count: int, seconds: float = 10) -> list[str]:
        """The messages, when there are so many."""
        await eventually(lambda: len(self.messages) >= count, seconds)
        return self.messages

    def take(self, frame: str) -> None:
        """A frame came."""
        self.frames.append(frame)
        self.messages.append(frame)

    async def _read(self) -> None:
        try:
            while True:
                frame = await self.socket.recv()
                self.times.append(time.monotonic())
                self.take(frame if isinstance(frame, str) else frame.decode())
        except websockets.ConnectionClosed as e:
            self.ended = e


class Hub(Client):
    """
    A client of SSI v2's hub.

    Attributes:
        answers: to what was invoked.
        torn: frames that are no JSON.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.answers: list[dict[str, Any]] = []
        self.torn: list[str] = []
        super().__init__(socket)

    def take(self, frame: str) -> None:
        """A frame came."""
        self.frames.append(frame)
        try:
            found = json.loads(frame)
        except ValueError:
            self.torn.append(frame)
            return
        self.messages += [argument for call in found.get("M", []) for argument in call["A"]]
        if "I" in found:
            self.answers.append(found)

    async def choose(self, channels: str, number: int = 0) -> None:
        """SwitchChannels."""
        await self.say({"H": HUB, "M": "SwitchChannels", "A": [channels], "I": number})


async def hub(server: Server, channels: str | None = None) -> Hub:
    """Negotiated, connected, started, and subscribed."""
    base, bearer = rest(server).rstrip("/"), await token(server)
    headers = {"Authorization": f"Bearer {bearer}"}
    names = {"connectionData": json.dumps([{"name": HUB}]), "clientProtocol": "1.5"}
    async with httpx.AsyncClient(headers=headers) as http:
        answer = await http.get(f"{base}{PATH}/negotiate", params=names)
        assert answer.status_code == 200, answer.text
        query = names | {
            "transport": "webSockets", "connectionToken": answer.json()["ConnectionToken"]
        }  # fmt: skip
        url = f"ws{base[4:]}{PATH}/connect?{urlencode(query)}"
        client = Hub(await connect(url, additional_headers=headers, max_size=None))
        assert (await http.get(f"{base}{PATH}/start", params=query)).json()["Response"] == "started"
    await eventually(lambda: '"S":1' in client.frames[0])
    if channels is not None:
        await client.choose(channels)
    return client


async def board(server: Server, symbols: Sequence[str]) -> Client:
    """A client of iBoard's push socket that asked for symbols."""
    client = Client(await connect(server.environment()["VNTAPE_IBOARD_URL"], max_size=None))
    await client.say({
        "type": "sub", "topic": "stockRealtimeBySymbolsAndBoards",
        "variables": {"symbols": list(symbols), "boardIds": ["MAIN"]},
        "component": "priceTableEquities",
    })  # fmt: skip
    return client


class Made(NamedTuple):
    """What the core of an exchange makes: the last messages before a time, all after it."""

    last: dict[tuple[str, str], str]
    later: list[Message]

    def snapshot(self, channel: str) -> list[str]:
        """What who selects a whole channel gets first."""
        return [text for (of, _), text in self.last.items() if of == channel]

    def of(self, *channels: str) -> list[str]:
        """What then comes."""
        return [each.text for each in self.later if each.channel in channels]


def made(plan: Plan, begin: str, end: str) -> Made:
    """The day of a plan from `begin` to `end`."""
    found = Made({}, [])
    start, until = clock(begin), clock(end)
    for messages in Exchange(plan).slots():
        for each in messages:
            if each.arrival <= start:
                found.last[each.channel, each.symbol] = each.text
            else:
                found.later.append(each)
        if messages and messages[-1].arrival >= until:
            break
    return found


def sent(folder: Path, number: int, feed: str) -> list[str]:
    """The sent log of a connection."""
    packed = (folder / f"sent-{number:03}-{feed}.zst").read_bytes()
    text = zstandard.ZstdDecompressor().decompressobj().decompress(packed).decode()
    return [line.partition(" ")[2] for line in text.splitlines()]


def events(folder: Path, name: str) -> list[dict[str, Any]]:
    """Lines of `connections` or `faults`."""
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]


class Stream(Client):
    """
    A client of v3's WebSocket.

    Attributes:
        answers: what is no data; `messages` are the data frames.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.answers: list[dict[str, Any]] = []
        self.torn: list[str] = []
        super().__init__(socket)

    def take(self, frame: str) -> None:
        """A frame came."""
        self.frames.append(frame)
        try:
            found = json.loads(frame)
        except ValueError:
            self.torn.append(frame)
            return
        if "topic" in found:
            self.messages.append(frame)
        else:
            self.answers.append(found)

    def data(self, topic: str = "") -> list[dict[str, Any]]:
        """What the frames of a topic say, of all when it is empty."""
        found = [json.loads(frame) for frame in self.messages]
        return [each["data"] for each in found if topic in ("", each["topic"])]

    async def subscribe(self, *topics: str) -> dict[str, Any]:
        """Subscribe; the answer."""
        return await self.ask({"method": "subscribe", "channel": "DATA", "topics": topics})

    async def ask(self, request: Any) -> dict[str, Any]:
        """Send a request; its answer."""
        count = len(self.answers)
        await self.say(request)
        await eventually(lambda: len(self.answers) > count)
        return self.answers[count]


async def v3_token(server: Server) -> dict[str, Any]:
    """New tokens of v3."""
    who = {"apiKey": "simulator", "apiSecret": "simulator"}
    async with httpx.AsyncClient() as http:
        url = server.v3_config()["api_url"]
        answer = await http.post(f"{url}/api/v3/auth/token", json=who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def stream(server: Server, *topics: str) -> Stream:
    """Connected and subscribed to v3's stream."""
    bearer = (await v3_token(server))["accessToken"]
    client = await v3_socket(server, bearer)
    if topics:
        assert (await client.subscribe(*topics))["status"] == "ok"
    return client


async def v3_socket(server: Server, bearer: str) -> Stream:
    """Connected to v3's stream with a token."""
    url = server.v3_config()["streaming_url"]
    headers = {"Authorization": f"Bearer {bearer}"}
    return Stream(await connect(url, additional_headers=headers, max_size=None))

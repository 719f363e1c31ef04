"""A real gateway process, and a feed that writes what ingest and the classifier would."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection

from schemas import frames, keys
from schemas.market import MarketMessage, Quote, Trade
from schemas.topics import MARKET, TRADES_CLASSIFIED
from schemas.trades_classified import TradeClassified
from services.runtime import kafka as clients
from services.runtime import topics_admin
from services.writer.schema import apply_tape
from tests.support.eventually import eventually

PARTITIONS = 4
_PROGRAM = (
    "from services.runtime.settings_load import load\n"
    "from services.gateway.app import run_gateway\n"
    "run_gateway(load())"
)
_WRITER = _PROGRAM.replace("gateway", "writer")


class Gateway:
    """One gateway process; `url` is its public address."""

    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self.process, self.url = process, url

    @property
    def memory_bytes(self) -> int:
        """Resident memory now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    @property
    def cpu_s(self) -> float:
        """CPU seconds used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def get(self, path: str) -> Any:
        """JSON of a GET that succeeds."""
        return httpx.get(self.url + path, timeout=10).raise_for_status().json()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()


@contextmanager
def gateway_process(
    kafka: str, tape: str, folder: Path, *, database: str | None = None, port: int = 0
) -> Iterator[Callable[[], Gateway | None]]:
    """A gateway in a process of its own; gives a function: the gateway, once it listens."""
    env = _environment(kafka, tape, folder) | {"VNTAPE_GATEWAY_PORT": str(port)}
    if database:
        env["VNTAPE_READER_URL"] = database
    file = folder / "main" / "run" / f"{tape}-gateway-1.json"
    with _running(_PROGRAM, env) as process:

        def address() -> Gateway | None:
            assert process.poll() is None, "the gateway ended at its start"
            said = json.loads(file.read_text()) if file.exists() else {"pid": 0}
            if said["pid"] != process.pid:
                return None
            report = httpx.get(said["http"] + "/health", timeout=5).json()
            return Gateway(process, report["gateway"]) if "gateway" in report else None

        yield address


@asynccontextmanager
async def gateway(
    kafka: str, tape: str, folder: Path, *, database: str | None = None, port: int = 0
) -> AsyncIterator[Gateway]:
    """The same, ready for clients; ended by SIGTERM if still there."""
    with gateway_process(kafka, tape, folder, database=database, port=port) as address:
        served = await eventually(address, 30)
        assert served is not None
        await eventually(lambda: httpx.get(served.url + "/readyz").status_code == 200, 30)
        yield served


@contextmanager
def writer(kafka: str, tape: str, folder: Path, database: str) -> Iterator[None]:
    """The real writer on the tape's schema, in a process of its own."""
    apply_tape(database, tape)
    env = _environment(kafka, tape, folder) | {
        "VNTAPE_DATABASE_URL": database,
        "VNTAPE_WRITER_URL": database,
    }
    with _running(_WRITER, env):
        yield


@contextmanager
def _running(program: str, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", program], env=env)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _environment(kafka: str, tape: str, folder: Path) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")} | {
        "VNTAPE_KAFKA": kafka,
        "VNTAPE_TAPE": tape,
        "VNTAPE_LOCAL_DIR": str(folder),
    }


class Feed:
    """Writes numbered messages of a tape; remembers what it wrote, in order."""

    def __init__(self, kafka: str, tape: str) -> None:
        self.tape = tape
        self.producer = clients.producer(kafka, "test-feed")
        self.seq = 1_700_000_000_000_000
        self.classified: dict[str, list[int]] = {}

    def next_seq(self) -> int:
        """A seq not used before: about now in µs, increasing, not contiguous."""
        self.seq = max(self.seq + 1 + self.seq % 3, time.time_ns() // 1000)
        return self.seq

    def trade(self, symbol: str) -> TradeClassified:
        """The next classified trade of a symbol; remembered."""
        seq = self.next_seq()
        self.classified.setdefault(symbol, []).append(seq)
        return TradeClassified(
            symbol=symbol,
            feed="test",
            seq=seq,
            ts_ms=seq // 1000,
            price=100.0 + seq % 7,
            volume=1 + seq % 5,
            side="buy" if seq % 2 else "sell",
            rule="quote",
            vendor_side=None,
            inferred_side="buy" if seq % 2 else "sell",
            confidence=0.9,
            phase="continuous",
            board="main",
        )

    def quote(self, symbol: str) -> Quote:
        """The next quote of a symbol."""
        seq = self.next_seq()
        bid = 100.0 + seq % 7
        return Quote(
            symbol=symbol,
            feed="test",
            seq=seq,
            ts_ms=seq // 1000,
            bids=[(bid, 5)],
            asks=[(bid + 1, 7)],
        )

    def market_trade(self, symbol: str) -> Trade:
        """The next raw trade of a symbol."""
        seq = self.next_seq()
        return Trade(symbol=symbol, feed="test", seq=seq, ts_ms=seq // 1000, price=9.5, volume=3)

    async def send_classified(self, trades: Sequence[TradeClassified]) -> None:
        """Append to `trades-classified`, in order, acknowledged."""
        topic = TRADES_CLASSIFIED.on(self.tape)
        sent = []
        for trade in trades:
            partition = keys.partition(keys.routing_key(trade.symbol), PARTITIONS)
            value = frames.encode(trade)  # type: ignore[arg-type]
            sent.append(
                await self.producer.send(
                    topic, value, key=trade.symbol.encode(), partition=partition
                )
            )
        await asyncio.gather(*sent)

    async def send_frame(self, messages: Sequence[MarketMessage], partition: int) -> None:
        """Append one frame to a partition of `market`, acknowledged."""
        value = frames.encode_frame(messages)
        await self.producer.send_and_wait(MARKET.on(self.tape), value, partition=partition)

    async def send_market(self, messages: Sequence[MarketMessage]) -> None:
        """Append messages, each to the partition of its symbol, one frame a partition."""
        parts: dict[int, list[MarketMessage]] = {}
        for message in messages:
            p = keys.partition(keys.routing_key(message.symbol), PARTITIONS)
            parts.setdefault(p, []).append(message)
        for p, some in parts.items():
            await self.send_frame(some, p)


@asynccontextmanager
async def feed(kafka: str, tape: str) -> AsyncIterator[Feed]:
    """The topics of a tape, and a feed that writes to them."""
    await topics_admin.apply(kafka, tape, partitions=PARTITIONS)
    source = Feed(kafka, tape)
    await source.producer.start()
    try:
        yield source
    finally:
        await source.producer.stop()


def stream_url(served: Gateway) -> str:
    """Its WebSocket."""
    return served.url.replace("http", "ws", 1) + "/v1/stream"


async def read_until(socket: ClientConnection, op: str) -> dict[str, Any]:
    """The next control message of this kind; what comes before it is lost."""
    while True:
        for message in json.loads(await asyncio.wait_for(socket.recv(), 10)):
            if message.get("op") == op:
                found: dict[str, Any] = message
                return found

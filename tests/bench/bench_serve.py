"""
What the simulated exchange sustains at `--speed max`: `python -m tests.bench.bench_serve`.

Each case is a server process, and clients in this one that read frames and throw them away.
Messages are counted as they are handed to sockets; CPU seconds are the server's, its maker of
messages included.
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

import httpx

from services.simulator.serve.server import Server
from tests.support.exchange import Client, hub, stream

DAY, BEGIN, LASTS_S = "2026-11-20", "09:14", 20.0
CHANNELS = ("X-TRADE:ALL", "X-QUOTE:ALL", "R:ALL", "MI:ALL", "F:ALL", "B:ALL", "OL:ALL")
CASES: tuple[tuple[str, str, Sequence[str]], ...] = (
    ("one client, X-TRADE", "0.2", ("X-TRADE:ALL",)),
    ("ingest's seven connections", "0.2", CHANNELS),
    ("the same, a peak day", "1", CHANNELS),
    ("the same and v3", "1", (*CHANNELS, "v3")),
)


class Told(Server):
    """Only the addresses of a server in another process."""

    def __init__(self, told: dict[str, str], control_port: int) -> None:
        self._told, self.control_port = told, control_port

    def environment(self) -> dict[str, str]:
        """As it printed them."""
        return self._told

    def v3_config(self) -> dict[str, str]:
        """At the same port."""
        url = self._told["VNTAPE_SSI_V2_REST_URL"].rstrip("/")
        return {"api_url": url, "streaming_url": f"ws{url.removeprefix('http')}/ws/v3"}


async def run(name: str, scale: str, channels: Sequence[str]) -> None:
    """Print what one case did."""
    words = (
        f"simulate serve --seed 7 --day {DAY} --scale {scale} --from {BEGIN} --speed max "
        "--channels F,X-TRADE,X-QUOTE,R,MI,B,OL"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.cli", *words.split(), "--port", "0",
        "--wait-for", str(len(channels)), stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        server = await _told(process)
        async with AsyncExitStack() as stack, httpx.AsyncClient() as http:
            for each in channels:
                await stack.enter_async_context(await _client(server, each))
            control = f"http://127.0.0.1:{server.control_port}/state"

            async def state() -> dict[str, int]:
                found: dict[str, int] = (await http.get(control)).json()
                return found

            while not (await state())["sent"]:
                await asyncio.sleep(0.1)
            before, begun, used = await state(), time.monotonic(), _cpu(process.pid)
            await asyncio.sleep(LASTS_S)
            after, took = await state(), time.monotonic() - begun
            cpu = _cpu(process.pid) - used
        sent = after["sent"] - before["sent"]
        day_s = (after["clock_us"] - before["clock_us"]) / 1e6
        print(
            f"{name}, scale {scale}: {sent / took:,.0f} messages/s, {day_s / took:.0f} x the "
            f"exchange's pace, {sent / cpu:,.0f} messages a CPU second"
        )
    finally:
        process.terminate()
        await process.wait()


async def _told(process: asyncio.subprocess.Process) -> Told:
    assert process.stdout is not None
    told: dict[str, str] = {}
    while True:
        line = (await process.stdout.readline()).decode().strip()
        if line.startswith("# faults"):
            return Told(told, int(line.rstrip("/").rpartition(":")[2]))
        name, _, value = line.partition("=")
        told[name] = value


async def _client(server: Server, channels: str) -> Client:
    if channels == "v3":
        client: Client = await stream(server, "trade.*", "quote.*", "room.*", "trade.index.*")
    else:
        client = await hub(server, channels)
    client.take = _ignored  # type: ignore[method-assign]
    return client


def _ignored(_frame: str) -> None:
    return


def _cpu(pid: int) -> float:
    """Seconds of a process and of the one that it made."""
    children = [int(each) for each in _read(f"/proc/{pid}/task/{pid}/children").split()]
    return sum(_ticks(each) for each in (pid, *children)) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _read(path: str) -> str:
    with open(path) as file:  # noqa: PTH123  # of the kernel
        return file.read()


async def main() -> None:
    """All cases, one after the other."""
    for case in CASES:
        await run(*case)


if __name__ == "__main__":
    asyncio.run(main())

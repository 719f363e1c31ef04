"""A live ingest that connects to the simulated exchange, in a process of its own."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from services.simulator.serve.server import Server
from tests.support.eventually import eventually
from tests.support.ingest import ROOT, IngestProcess, make_topics
from tests.support.taken import CHANNELS

ICT = timezone(timedelta(hours=7))
SILENCE_S = "3"
"""Shorter than is good for a real exchange: the test waits for it."""


def clock_of(server: Server) -> str:
    """The exchange's clock, as ingest's setting; it must be running."""
    floor = server.floor
    assert floor.clock is not None
    now, wall = asyncio.get_running_loop().time(), time.time()
    shown_ns = floor.plan.day.midnight_ns + floor.clock.at(now)
    shown = datetime.fromtimestamp(shown_ns / 1e9, ICT)
    return f"{shown.isoformat(timespec='milliseconds')}@{wall:.3f}x{floor.clock.speed:g}"


def environment(server: Server, **more: str) -> dict[str, str]:
    """Settings of an ingest for this exchange; `more` without the prefix."""
    symbols = [each.symbol for each in server.floor.plan.instruments]
    own = {
        "reference_data": str(ROOT / "deploy" / "reference-data"),
        "ssi_channels": ",".join(CHANNELS),
        "iboard_symbols": ",".join(symbols[:5]),
        "feed_silence_s": SILENCE_S,
    }
    named = {f"VNTAPE_{name.upper()}": value for name, value in {**own, **more}.items()}
    v3 = server.v3_config()
    newer = {
        "VNTAPE_SSI_V3_REST_URL": v3["api_url"],
        "VNTAPE_SSI_V3_STREAM_URL": v3["streaming_url"],
        "VNTAPE_SSI_API_KEY": v3["api_key"],
        "VNTAPE_SSI_API_SECRET": v3["api_secret"],
    }
    return {**server.environment(), **newer, **named}


@contextmanager
def connected(
    tape: str, kafka: str, folder: Path, settings: Mapping[str, str], feeds: str = "ssi_v2,iboard"
) -> Iterator[IngestProcess]:
    """An ingest with these feeds; killed at the end if it still runs."""
    run = IngestProcess(
        tape, None, kafka, folder, options=("--feed", feeds), settings=tuple(settings.items())
    )
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.kill()


async def topics(kafka: str, tape: str, *feeds: str) -> None:
    """The topics of such an ingest."""
    await asyncio.to_thread(make_topics, kafka, tape, *feeds)


async def channels(run: IngestProcess) -> dict[str, Any]:
    """Each connection, as `/health` shows it."""
    health = await asyncio.to_thread(run.health)
    found: dict[str, Any] = health.get("live", {}).get("channels", {})
    return found


async def lives(run: IngestProcess, seconds: float = 30, after: int = 0) -> dict[str, Any]:
    """All connections are live, each loss is told, and more messages than `after` came."""

    async def all_live() -> dict[str, Any] | None:
        assert run.process.poll() is None, run.said()
        found = await channels(run)
        good = found and all(
            each["state"] == "live" and not each["missing"] for each in found.values()
        )
        enough = sum(each["messages"] for each in found.values()) > after
        return found if good and enough else None

    found = await eventually(all_live, seconds)
    assert found is not None
    return found


async def played(run: IngestProcess) -> None:
    """Everything it took is on the tape."""

    async def empty() -> bool:
        shown = (await asyncio.to_thread(run.health)).get("live", {})
        return shown.get("waiting_bytes", 1) == 0

    await eventually(empty, 30)

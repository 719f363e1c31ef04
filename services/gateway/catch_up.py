"""Bringing a client that was away up to date: from the ring, and before it the database."""

import asyncio
from collections.abc import Awaitable, Callable

from services.gateway.core import wire
from services.gateway.core.channels import Channel
from services.gateway.core.hub import Hub
from services.gateway.core.outbound import Outbound
from services.gateway.core.streams import SyncWhy
from services.gateway.core.wire import Position
from services.gateway.history import History, HistoryUnavailable

PIECE = 256
ROWS = 5_000
MAX_ROWS = 100_000
LAG_S = 3.0
"""How long to wait for the writer to store what the ring has already let go."""
_LAG_POLL_S = 0.1


async def catch_up(
    hub: Hub,
    history: History,
    channel: Channel,
    symbol: str,
    client: Outbound,
    after: Position,
    room: Callable[[], Awaitable[None]],
) -> SyncWhy | None:
    """
    Send everything newer than `after`, in order, then register for what follows.

    The cursor is never given up: each piece from the ring is queued in one event-loop step
    with the test that the ring still has all of it.

    Returns:
        None when the client is up to date and registered, else why it needs a snapshot.
    """
    if channel.kind == "state":
        return "new"  # a state stands for itself: the newest one is the whole catch-up
    name = channel.name
    told = False
    rows = 0
    deadline = asyncio.get_running_loop().time() + LAG_S
    while True:
        await room()
        stream = hub.stream(channel, symbol)
        if stream.covers(after):
            at_once = not told and len(stream.newer(after)) <= PIECE
            if not told:
                client.put(wire.sync(name, symbol, "resume", "", hub.epoch, after, at_once))
                told = True
            after = hub.follow(stream, client, after, PIECE)
            if client in stream.listeners:
                if not at_once:
                    client.put(wire.live(name, symbol, after))
                return None
            continue
        try:
            items = await history.after(channel, symbol, after, ROWS)
        except HistoryUnavailable:
            return "too_old"
        if not items:
            stream = hub.stream(channel, symbol)
            if stream.floor is None or asyncio.get_running_loop().time() > deadline:
                return "too_old" if stream.floor is None else "db_lag"
            await asyncio.sleep(_LAG_POLL_S)
            continue
        if not told:
            client.put(wire.sync(name, symbol, "resume", "", hub.epoch, after, False))
            told = True
        for start in range(0, len(items), PIECE):
            await room()
            for _, text in items[start : start + PIECE]:
                client.put(text)
        after = items[-1][0]
        rows += len(items)
        if rows > MAX_ROWS:
            return "too_old"
        deadline = asyncio.get_running_loop().time() + LAG_S

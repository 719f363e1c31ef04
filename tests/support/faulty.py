"""A simulated exchange with faults on order, and what a client sees of them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from services.simulator.serve.server import Server
from tests.support.exchange import Hub, events, token
from tests.unit.simulator.exchange_day import plan

PLAN = plan(
    scale=0.1, which="vn30", channels=frozenset({"F", "X-TRADE", "X-QUOTE", "R", "MI", "L"})
)
SYMBOLS = 34
"""Of its listing."""


class Faulty(NamedTuple):
    server: Server
    folder: Path

    def effects(self, number: int, what: str, least: int = 0) -> list[str]:
        """The messages that a fault touched; none while there are fewer than `least`."""
        lines = events(self.folder, "faults")
        found = [each for each in lines if (each["fault"], each["what"]) == (number, what)]
        return [each["text"] for each in found] if len(found) >= least else []


def content(message: str) -> Any:
    """SSI's JSON in JSON."""
    return json.loads(json.loads(message)["Content"])


async def live(client: Hub) -> int:
    """How many messages it has, once data flow."""
    await client.until(len(client.messages) + 50)
    return len(client.messages)


async def listens(server: Server) -> bool:
    try:
        await token(server)
    except httpx.TransportError:
        return False
    return True


def end_of(exchange: Faulty, number: int) -> dict[str, Any] | None:
    for each in events(exchange.folder, "connections"):
        if (each["connection"], each["what"]) == (number, "ended"):
            return each
    return None


def mentions(client: Hub, word: str) -> int:
    return sum(word in text for text in client.messages)


def late(messages: list[str]) -> list[str]:
    """Those that came after one of a later second, by text."""
    found, newest = [], ""
    for text in messages:
        second = content(text)["Time"]
        if second < newest:
            found.append(text)
        newest = max(newest, second)
    return sorted(found)


def broken_so_far(client: Hub, count: int) -> bool:
    return broken(client).total() == count


def broken(client: Hub) -> Counter[str]:
    found = Counter({"frame": len(client.torn)})
    for text in client.messages:
        try:
            inner = json.loads(text)["Content"]
        except ValueError:
            found["envelope"] += 1
            continue
        try:
            json.loads(inner)
        except ValueError:
            found["content"] += 1
    return found

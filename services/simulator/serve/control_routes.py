"""The control port: faults, the day's clock, who is connected."""

import asyncio
from typing import Any

from aiohttp import web

from services.simulator.core.day import time_of
from services.simulator.serve.clock import UNPACED
from services.simulator.serve.faults import FaultError, parse
from services.simulator.serve.floor import Floor
from services.simulator.serve.injector import Injector


class Control:
    """
    Of one floor: POST /faults takes one or a list, GET lists those that wait or are at work,
    DELETE ends all; GET /state says what the clock shows and who is connected.
    """

    def __init__(self, floor: Floor, injector: Injector) -> None:
        self._floor, self._injector = floor, injector

    def routes(self) -> list[web.AbstractRouteDef]:
        """Of an application."""
        return [
            web.post("/faults", self._accept),
            web.get("/faults", self._list),
            web.delete("/faults", self._clear),
            web.get("/state", self._state),
        ]

    async def _accept(self, request: web.Request) -> web.Response:
        try:
            faults = parse(await request.read())
        except (FaultError, UnicodeDecodeError) as e:
            return web.json_response({"error": str(e)}, status=400)
        return web.json_response({"accepted": self._injector.accept(faults)})

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response(self._injector.listed())

    async def _clear(self, _request: web.Request) -> web.Response:
        self._injector.clear()
        return web.json_response([])

    async def _state(self, _request: web.Request) -> web.Response:
        return web.json_response(state(self._floor))


def state(floor: Floor) -> dict[str, Any]:
    """
    The day, its clock (as local time and in µs since the epoch; None before the clients' day),
    messages and connections; `speed` is None when nothing paces it.
    """
    now = asyncio.get_running_loop().time()
    shown = None if floor.clock is None else floor.clock.at(now)
    return {
        "day": floor.plan.day.date.isoformat(),
        "clock": None if shown is None else time_of(shown),
        "sent_until": time_of(floor.position_ns),
        "speed": None if floor.options.speed == UNPACED else floor.options.speed,
        "clock_us": None if shown is None else (floor.plan.day.midnight_ns + shown) // 1000,
        "ended": floor.ended,
        "sent": floor.hub.sent,
        "connections": [
            {
                "number": each.number,
                "feed": each.feed,
                "sent": each.sent,
                "withheld": each.withheld,
            }
            for each in floor.hub.connections.values()
        ],
    }

"""Plays the day: what the exchange makes goes out when the day's clock shows its arrival."""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import aclosing
from operator import attrgetter

from services.simulator.core.day import SLOT_NS
from services.simulator.core.message import Message
from services.simulator.core.plan import FIRST_SLOT
from services.simulator.serve.clock import UNPACED, DayClock
from services.simulator.serve.floor import Floor
from services.simulator.serve.injector import Injector
from services.simulator.serve.source import slots

_PASS = 2000
"""Messages at most before the sockets have their turn."""
_PAUSE_S = 0.004
"""Messages of so much time go out together: it makes frames that are worth their cost."""

_arrival = attrgetter("arrival")


async def play(floor: Floor, injector: Injector) -> None:
    """
    One day, from 08:00 (at once, up to the start of the clients' day) to its end.

    Raises:
        SourceError: the process that makes the messages died.
        OSError: the truth cannot be written.
    """
    start = floor.options.start_ns
    async with aclosing(slots(floor.plan, floor.options.truth)) as made:
        slot = FIRST_SLOT
        async for messages in made:
            slot += 1
            if slot * SLOT_NS <= start:
                _note(floor, messages)
                floor.position_ns = slot * SLOT_NS
                continue
            if not floor.made_up.is_set():
                before = bisect_right(messages, start, key=_arrival)
                _note(floor, messages[:before])
                messages = messages[before:]
                floor.made_up.set()
                await floor.hub.chosen(floor.options.wait_for)
            if floor.clock is None:
                now = asyncio.get_running_loop().time()
                floor.clock = DayClock(now, start, floor.options.speed)
            await _send(floor, floor.clock, injector, messages)
    injector.release()
    floor.ended = True


def _note(floor: Floor, messages: Sequence[Message]) -> None:
    for message in messages:
        floor.so_far.note(message)


async def _send(
    floor: Floor, clock: DayClock, injector: Injector, messages: Sequence[Message]
) -> None:
    at, now = 0, asyncio.get_running_loop().time
    while at < len(messages):
        end = min(at + _PASS, len(messages))
        if clock.speed != UNPACED:
            end = bisect_right(messages, clock.at(now()), at, end, key=_arrival)
        if end == at:
            pause = clock.until(messages[at].arrival, now())
            await asyncio.sleep(max(pause, _PAUSE_S))
            continue
        fresh = [each for each in messages[at:end] if floor.so_far.note(each)]
        floor.hub.deliver(injector.distort(fresh))
        floor.position_ns = clock.newest_ns = messages[end - 1].arrival
        at = end
        if clock.speed == UNPACED:
            injector.tick()
            await floor.hub.taken()
        await asyncio.sleep(0)

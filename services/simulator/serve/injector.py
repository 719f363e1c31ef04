"""Faults at work: begins and ends them when their time comes, and does what they say."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from services.simulator.core.day import clock
from services.simulator.core.message import Message
from services.simulator.serve.connection import Connection
from services.simulator.serve.distortion import Distortion, distortion
from services.simulator.serve.faults import MESSAGES, Fault
from services.simulator.serve.floor import Floor

_TICK_S = 0.01
_AWAY_S = 1.0
"""A restart's, when nothing else is said."""


@dataclass(slots=True, eq=False)
class Entry:
    """
    A fault that was asked for.

    Attributes:
        due, ends: of the loop's clock; None: by `fault.at`, or never.
    """

    number: int
    fault: Fault
    due: float | None
    begun: bool = False
    ends: float | None = None
    distortion: Distortion | None = None
    concerned: Sequence[Connection] = ()


class Injector:
    """Of one floor; `run` in its event loop."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._numbers = 0
        self._entries: list[Entry] = []
        self._tasks: set[asyncio.Future[None]] = set()

    def accept(self, faults: Iterable[Fault]) -> list[int]:
        """Take faults on; those that are due begin at once."""
        now, numbers = _now(), []
        for fault in faults:
            self._numbers += 1
            due = None if fault.at else now + fault.after
            self._entries.append(Entry(self._numbers, fault, due))
            numbers.append(self._numbers)
        self.tick()
        return numbers

    def listed(self) -> list[dict[str, Any]]:
        """Those that wait or are at work."""
        return [
            {"number": each.number, "begun": each.begun, **msgspec.to_builtins(each.fault)}
            for each in self._entries
        ]

    def clear(self) -> None:
        """End all, and forget those that wait."""
        for entry in [each for each in self._entries if each.begun]:
            self._end(entry)
        self._entries.clear()

    async def stop(self) -> None:
        """Give up what it still does, a restart above all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run(self) -> None:
        """Begin and end faults as time goes on."""
        while True:
            self.tick()
            await asyncio.sleep(_TICK_S)

    def tick(self) -> None:
        """What is due now."""
        if not self._entries:
            return
        now = _now()
        for entry in list(self._entries):
            if not entry.begun and self._due(entry, now):
                self._begin(entry, now)
            elif entry.begun and entry.ends is not None and now >= entry.ends:
                self._end(entry)

    def distort(self, messages: Sequence[Message]) -> Sequence[Message]:
        """What the faults at work make of messages."""
        for entry in self._entries:
            if entry.distortion is not None:
                messages = [out for each in messages for out in entry.distortion.apply(each)]
                self._tell(entry, entry.distortion)
        return messages

    def release(self) -> None:
        """The day is over: what faults still hold goes out."""
        for entry in self._entries:
            if entry.distortion is not None:
                self._floor.hub.deliver(entry.distortion.rest())

    def _tell(self, entry: Entry, at_work: Distortion) -> None:
        for effect in at_work.effects():
            self._floor.log.effect(entry.number, effect)

    def _due(self, entry: Entry, now: float) -> bool:
        if entry.due is not None:
            return now >= entry.due
        day = self._floor.clock
        return day is not None and day.at(now) >= clock(entry.fault.at)

    def _begin(self, entry: Entry, now: float) -> None:
        fault, floor = entry.fault, self._floor
        entry.begun = True
        entry.ends = now + fault.lasts if fault.lasts else None
        floor.log.fault(entry.number, "begun", **msgspec.to_builtins(fault))
        if fault.kind in MESSAGES:
            entry.distortion = distortion(fault)
            return
        entry.concerned = [
            each
            for each in floor.hub.of(fault.feed)
            if not (fault.channel or fault.symbol)
            or each.selection.concerned(fault.channel.upper(), fault.symbol)
        ]
        self._act(entry)
        if fault.kind in ("disconnect", "expire_tokens", "restart") or (
            fault.kind == "stale" and not fault.lasts
        ):
            self._end(entry)

    def _act(self, entry: Entry) -> None:
        fault, floor = entry.fault, self._floor
        match fault.kind:
            case "disconnect":
                for each in entry.concerned:
                    if fault.how == "close":
                        self._later(each.close())
                    else:
                        each.abort()
            case "silent":
                for each in entry.concerned:
                    each.go_silent(True)
            case "half_open":
                for each in entry.concerned:
                    each.die()
            case "slow":
                floor.lines[fault.feed] = fault.bytes_per_s
                self._set_lines()
            case "stale":
                floor.stale = fault.lasts > 0
                floor.hub.deliver(floor.so_far.last_session)
            case "expire_tokens":
                floor.tokens.expire()
                floor.v3_sessions.access.expire()
            case "too_many_requests":
                floor.refusing = fault.count or -1
            case "restart":
                if floor.restart is not None:
                    self._later(floor.restart(fault.lasts or _AWAY_S))

    def _end(self, entry: Entry) -> None:
        fault, floor = entry.fault, self._floor
        self._entries.remove(entry)
        match fault.kind:
            case "silent":
                for each in entry.concerned:
                    each.go_silent(False)
            case "half_open":
                for each in entry.concerned:
                    each.abort()
            case "slow":
                floor.lines.pop(fault.feed, None)
                self._set_lines()
            case "stale":
                floor.stale = False
            case "too_many_requests":
                floor.refusing = 0
        if entry.distortion is not None:
            floor.hub.deliver(entry.distortion.rest())
        floor.log.fault(entry.number, "ended", kind=fault.kind)

    def _set_lines(self) -> None:
        for each in self._floor.hub.connections.values():
            each.bytes_per_s = self._floor.line(each.feed)

    def _later(self, doing: Any) -> None:
        task = asyncio.ensure_future(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _now() -> float:
    return asyncio.get_running_loop().time()

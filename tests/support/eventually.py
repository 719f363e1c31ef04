"""Waiting for a fact instead of sleeping: polls with a deadline."""

import asyncio
import inspect
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")

TIME_FACTOR = float(os.environ.get("VNTAPE_TEST_TIME_FACTOR", "1"))
"""All deadlines times this: a slow machine sets VNTAPE_TEST_TIME_FACTOR=3."""


async def eventually(
    condition: Callable[[], Awaitable[T] | T], seconds: float = 10.0, every: float = 0.05
) -> T:
    """
    The first true result of `condition`, a plain or an async function without arguments.

    An AssertionError in `condition` means "not yet", so it may assert.

    Raises:
        AssertionError: it was not true for `seconds` (times TIME_FACTOR); carries what it gave
            last.
    """
    deadline = _Deadline(seconds)
    while True:
        try:
            given: Any = condition()
            result: T = await given if inspect.isawaitable(given) else given
        except AssertionError as e:
            deadline.failed(e)
        else:
            if result:
                return result
            deadline.gave(result)
        await asyncio.sleep(every)


def eventually_sync(condition: Callable[[], T], seconds: float = 10.0, every: float = 0.05) -> T:
    """The same for a test without an event loop."""
    deadline = _Deadline(seconds)
    while True:
        try:
            result = condition()
        except AssertionError as e:
            deadline.failed(e)
        else:
            if result:
                return result
            deadline.gave(result)
        time.sleep(every)


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds * TIME_FACTOR
        self.end = time.monotonic() + self.seconds

    def gave(self, result: object) -> None:
        if time.monotonic() > self.end:
            raise AssertionError(f"not true within {self.seconds:g} s; last result {result!r}")

    def failed(self, error: AssertionError) -> None:
        if time.monotonic() > self.end:
            raise AssertionError(f"not true within {self.seconds:g} s") from error

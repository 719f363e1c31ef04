"""What options take: each refuses, in one sentence, what it cannot mean."""

import math
from datetime import date
from typing import Any

import click

_YEARS = 1900, 2999


class Day(click.ParamType):
    """An ISO date, from 1900 to 2999: a year before and after it are dates too."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = date.max
        if not _YEARS[0] <= day.year <= _YEARS[1]:
            self.fail(f"must be a date like 2026-11-20, was {value!r}", param, ctx)
        return day


class Number(click.FloatRange):
    """A number in a range: click lets nan through, which is in none, and inf."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"must be a number, was {value!r}", param, ctx)
        return number


class Speed(click.ParamType):
    """A speed as people write it; 0 is as fast as it goes."""

    name = "speed"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        try:
            speed = 0.0 if value == "max" else float(value.removesuffix("x"))
        except ValueError:
            speed = math.nan
        if not math.isfinite(speed) or (speed <= 0 and value != "max"):
            self.fail(
                f"must be a number above 0 like 1 or 10x, or max; it was {value!r}", param, ctx
            )
        return speed


class Worker(click.ParamType):
    """The number of a worker, or `host`."""

    name = "worker"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return "host" if value == "host" else str(click.IntRange(1).convert(value, param, ctx))

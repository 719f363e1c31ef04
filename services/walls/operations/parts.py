"""Charts of Prometheus that several boards of operators have."""

from collections.abc import Sequence
from typing import Any, Final

from services.walls import colours
from services.walls.charts import lines
from services.walls.fields import by_thresholds, steps
from services.walls.panels import Box, stat_of
from services.walls.query import prom

RATE: Final = "[$__rate_interval]"
HOUR: Final = "[1h]"
TAPE: Final = 'tape="$tape"'
OF: Final = f'{TAPE}, service=~"$service"'
"""Labels that Prometheus gives every series: whose tape, and which service."""
_CALM_MS = 300_000


def over_time(title: str, expression: str, legend: str, w: int = 8, h: int = 8, **more: Any) -> Box:
    """One expression, a line for each of its series."""
    return lines(title, [prom(expression, legend)], w, h, gap_ms=_CALM_MS, **more)


def rate(metric: str, by: str, labels: str = OF) -> str:
    """Per second, summed over all but `by`."""
    return f"sum by ({by}) (rate({metric}{{{labels}}}{RATE}))"


def increase(metric: str, by: str, labels: str = OF) -> str:
    """How many more since the point before, summed over all but `by`."""
    return f"sum by ({by}) (increase({metric}{{{labels}}}{RATE}))"


def in_an_hour(metric: str) -> str:
    """How many more than an hour ago, in all."""
    return f"sum(increase({metric}{{{TAPE}}}{HOUR}))"


def quantiles(title: str, histogram: str, by: str, w: int = 8, h: int = 8, labels: str = OF) -> Box:
    """p50 and p99 of a histogram, by label."""
    queries = [
        prom(
            f"histogram_quantile({q}, {rate(f'{histogram}_bucket', f'le, {by}', labels)})",
            f"p{q * 100:.0f} {{{{{by}}}}}",
            ref_id,
        )
        for q, ref_id in ((0.5, "A"), (0.99, "B"))
    ]
    return lines(title, queries, w, h, gap_ms=_CALM_MS, unit="s")


def figure(
    title: str,
    expression: str,
    w: int,
    limits: Sequence[tuple[float | None, str]],
    legend: str = "",
    **more: Any,
) -> Box:
    """The newest value, coloured by limits."""
    return stat_of(
        title,
        prom(expression, legend or title),
        w,
        4,
        color=by_thresholds(),
        thresholds=steps(*limits),
        **more,
    )


def good_below(warning: float, bad: float) -> list[tuple[float | None, str]]:
    """Green, orange from `warning` on, red from `bad` on."""
    return [(None, colours.UP), (warning, colours.SECOND), (bad, colours.DOWN)]

"""
Where a cumulative flow will stand fifteen minutes of trading time on, and how wrong that was.

The forecast is the last value and a rate for the time ahead in which trades have a side. The
rate is a mean of rates over several windows, each weighed by how well it alone has done today:
one of them is no rate at all, so where the flow is noise the forecast becomes the last value.
"""

import msgspec

from services.analytics.core.busd_rules import MATCHED_MS, MINUTE_MS

HORIZON = 15
"""Minutes of trading time."""
RATE = 5
"""Minutes over which the published rate is taken."""
WINDOWS: tuple[int, ...] = (0, RATE, 15, 45, 300)
"""Minutes of the rates that are weighed; 0: none, 300: the day so far."""
_KEPT = max(WINDOWS) + 1
_HALF_LIFE = 30
"""Forecasts after which an error counts half, for the weights."""
_SHARPNESS = 4
"""One that errs twice as much counts a sixteenth. Chosen on synthetic days (steady, in regimes,
drifting, bursty, dying): lower ones lose where one window is right, higher ones gain little."""
_DECAY = 0.5 ** (1 / _HALF_LIFE)


class Ahead(msgspec.Struct, array_like=True):
    """A forecast that waits for its time; values by window, then the mean of all, in VND."""

    minute: int
    values: list[float]


class Series(msgspec.Struct, array_like=True):
    """
    One cumulative flow of a day, in VND; mutable.

    Attributes:
        marks: the value at whole minutes of trading time, the newest last.
        first: the minute of the first of `marks`.
        errors: by window, the mean absolute error, newer ones counting more; `judged`: how
            many it has seen.
        waiting: forecasts whose time has not come, oldest first.
    """

    value: int = 0
    marks: list[int] = []
    first: int = 0
    errors: list[float] = []
    judged: int = 0
    waiting: list[Ahead] = []


def mark(series: Series, minute: int) -> Ahead | None:
    """
    Note the value at a whole minute, each once and in order.

    Returns:
        The forecast made for this minute, now judged; None when there was none.
    """
    if not series.marks:
        series.first = minute
    series.marks.append(series.value)
    if len(series.marks) > _KEPT:
        del series.marks[0]
        series.first += 1
    due: Ahead | None = None
    if series.waiting and series.waiting[0].minute == minute:
        due = series.waiting.pop(0)
        wrong = [abs(value - series.value) for value in due.values[: len(WINDOWS)]]
        if not series.judged:
            series.errors = [0.0] * len(WINDOWS)
        seen = (1 - _DECAY**series.judged) / (1 - _DECAY)
        total = 1 + _DECAY * seen
        series.errors = [
            (new + old * _DECAY * seen) / total
            for new, old in zip(wrong, series.errors, strict=True)
        ]
        series.judged += 1
    values = ahead(series, minute * MINUTE_MS)
    if values is not None:
        series.waiting.append(Ahead(minute + HORIZON, values))
    return due


def rate(series: Series, traded_ms: int, minutes: int) -> float | None:
    """
    VND per minute over the last `minutes` of trading time, or what there is of it.

    It begins at a whole minute, so it is of up to one minute less. None before one is full.
    """
    begins = max(-(-traded_ms // MINUTE_MS) - minutes, series.first)
    over = traded_ms - begins * MINUTE_MS
    if not series.marks or over < MINUTE_MS:
        return None
    return (series.value - series.marks[begins - series.first]) * MINUTE_MS / over


def ahead(series: Series, traded_ms: int) -> list[float] | None:
    """The value HORIZON on: with the rate of each window, then the forecast. None: no rate yet."""
    if rate(series, traded_ms, RATE) is None:
        return None
    moving = max(0, min(HORIZON * MINUTE_MS, MATCHED_MS - traded_ms)) / MINUTE_MS
    rates = [rate(series, traded_ms, window) or 0.0 if window else 0.0 for window in WINDOWS]
    values = [series.value + each * moving for each in rates]
    return [*values, sum(w * v for w, v in zip(_weights(series), values, strict=True))]


def _weights(series: Series) -> list[float]:
    if not series.judged:
        # Nothing is known yet: the flow goes on as it went, without the extremes.
        return [1 / len(WINDOWS)] * len(WINDOWS)
    # 1 VND: an error may be 0.
    inverse = [1 / (error + 1) ** _SHARPNESS for error in series.errors]
    return [each / sum(inverse) for each in inverse]

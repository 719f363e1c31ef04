"""The BUSD flow of a whole market: sums, rates, forecasts and their errors, second by second."""

from typing import NamedTuple

import msgspec

from services.analytics.core.busd_forecast import HORIZON, RATE, Series, ahead, mark, rate
from services.analytics.core.busd_rules import (
    DAY_MS,
    MINUTE_MS,
    Rules,
    day_of,
    instant,
    time_of_day,
    traded_ms,
)


def _zeros() -> list[float]:
    return [0.0, 0.0, 0.0]


class Errors(msgspec.Struct, array_like=True):
    """Sums of absolute errors in VND over the day's forecasts that were judged: bu, sd, busd."""

    count: int = 0
    forecast: list[float] = msgspec.field(default_factory=_zeros)
    last: list[float] = msgspec.field(default_factory=_zeros)
    rate: list[float] = msgspec.field(default_factory=_zeros)


class Naive(msgspec.Struct, array_like=True):
    """What stood at a minute, for the naive forecasts: values and rates of bu and sd, in VND."""

    minute: int
    values: list[int]
    rates: list[float]


class FlowState(msgspec.Struct, array_like=True):
    """
    Mutable state of one day of a market.

    Attributes:
        day: -1 before the first trade or clock.
        minute: whole minutes of trading time that were marked so far; -1: none.
        trades: counted.
    """

    day: int = -1
    minute: int = -1
    bu: Series = msgspec.field(default_factory=Series)
    sd: Series = msgspec.field(default_factory=Series)
    trades: int = 0
    naive: list[Naive] = []
    errors: Errors = msgspec.field(default_factory=Errors)


class Three(NamedTuple):
    """A figure of bu, sd and busd = bu - sd."""

    bu: float
    sd: float
    busd: float


class Standing(NamedTuple):
    """
    The flow at an instant, money in billions of VND.

    Attributes:
        rate: per minute; None before a minute is full.
        predicted: HORIZON minutes of trading time on, at `target_ms`; None where there is no
            rate yet or the cutoff comes first.
        judged: forecasts whose time has come today; `error`, `error_last`, `error_rate`: mean
            absolute errors of the forecast, of the last value, and of last value + rate x 15.
    """

    day: int
    current: Three
    rate: Three | None
    predicted: Three | None
    target_ms: int | None
    trades: int
    judged: int
    error: Three | None
    error_last: Three | None
    error_rate: Three | None


def second(
    state: FlowState, now_ms: int, counted: tuple[int, int, int], rules: Rules
) -> Standing | None:
    """
    Take what counted in the second that ends at `now_ms`: bought and sold in VND, and trades.

    Seconds come in order; some may be left out. A new local day begins with nothing.

    Returns:
        How things stand, when something counted or a whole minute of trading time was passed.
    """
    day = day_of(now_ms - 1)
    if day != state.day:
        _begin(state, day)
    bought, sold, trades = counted
    state.bu.value += bought
    state.sd.value += sold
    state.trades += trades
    passed = _pass_minutes(state, now_ms, rules)
    return standing(state, now_ms, rules) if trades or passed else None


def _begin(state: FlowState, day: int) -> None:
    fresh = FlowState(day)
    for name in state.__struct_fields__:
        setattr(state, name, getattr(fresh, name))


def _pass_minutes(state: FlowState, now_ms: int, rules: Rules) -> bool:
    """Mark the whole minutes of trading time since the last; whether there were any."""
    traded = traded_ms(now_ms)
    minute = traded // MINUTE_MS
    if not traded or minute <= state.minute or time_of_day(now_ms) > rules.cutoff_ms:
        return False
    # The first mark is where we come in; later none is left out, however far apart clocks are.
    for passed in range(state.minute + 1 if state.minute >= 0 else minute, minute + 1):
        _mark(state, passed)
    state.minute = minute
    return True


def standing(state: FlowState, now_ms: int, rules: Rules) -> Standing:
    """How things stand at an instant."""
    traded = traded_ms(now_ms)
    target = instant(state.day, traded + HORIZON * MINUTE_MS)
    within = time_of_day(target) <= rules.cutoff_ms and target < (state.day + 1) * DAY_MS
    both = [rate(series, traded, RATE) for series in (state.bu, state.sd)]
    values = [ahead(series, traded) for series in (state.bu, state.sd)]
    errors, count = state.errors, state.errors.count
    return Standing(
        day=state.day,
        current=_billions([state.bu.value, state.sd.value]),
        rate=None if None in both else _billions(both),  # type: ignore[arg-type]
        predicted=_billions([v[-1] for v in values if v]) if within and all(values) else None,
        target_ms=target if within and all(values) else None,
        trades=state.trades,
        judged=count,
        error=_mean(errors.forecast, count),
        error_last=_mean(errors.last, count),
        error_rate=_mean(errors.rate, count),
    )


def _mark(state: FlowState, minute: int) -> None:
    due = [mark(series, minute) for series in (state.bu, state.sd)]
    values = [state.bu.value, state.sd.value]
    if state.naive and state.naive[0].minute == minute:
        then = state.naive.pop(0)
        if due[0] is not None and due[1] is not None:
            gone_on = [v + r * HORIZON for v, r in zip(then.values, then.rates, strict=True)]
            state.errors.count += 1
            _judge(state.errors.forecast, [due[0].values[-1], due[1].values[-1]], values)
            _judge(state.errors.last, then.values, values)
            _judge(state.errors.rate, gone_on, values)
    rates = [rate(series, minute * MINUTE_MS, RATE) for series in (state.bu, state.sd)]
    if rates[0] is not None and rates[1] is not None:
        state.naive.append(Naive(minute + HORIZON, values, [rates[0], rates[1]]))


def _judge(sums: list[float], said: list[int] | list[float], came: list[int]) -> None:
    wrong = [s - c for s, c in zip(said, came, strict=True)]
    for at, each in enumerate((*wrong, wrong[0] - wrong[1])):
        sums[at] += abs(each)


def _billions(pair: list[int] | list[float]) -> Three:
    bought, sold = pair
    return Three(bought / 1e9, sold / 1e9, (bought - sold) / 1e9)


def _mean(sums: list[float], count: int) -> Three | None:
    return Three(*(each / count / 1e9 for each in sums)) if count else None

"""Candles made of ticks, and the path of the index between them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta

import msgspec

from services.index.core.calculator import BASE_INDEX, FIVE_MINUTES, Candle, capital, points
from services.index.core.timepoints import LOCAL, timepoint_of, timepoints


class Tick(msgspec.Struct, frozen=True, gc=False):
    """One trade; `at` is aware and the exchange's time, the price in VND."""

    symbol: str
    at: datetime
    price: float
    volume: int


def candles_of(ticks: Iterable[Tick], interval: timedelta = FIVE_MINUTES) -> list[Candle]:
    """
    The candles of all timepoints of each day on which anybody traded; by symbol, ascending.

    Without a trade a candle has volume 0 and stands at the close before it, of an earlier day
    if need be; before a symbol's first trade at all it has none.

    Args:
        ticks: each symbol's in the order of its trades.

    Raises:
        ValueError: naming the symbol whose tick is before the first candle of a day.
    """
    begins = timepoints(interval)
    traded: dict[str, dict[tuple[date, time], list[Tick]]] = {}
    for tick in ticks:
        local = tick.at.astimezone(LOCAL)
        begin = timepoint_of(local.time(), begins)
        if begin is None:
            raise ValueError(
                f"{tick.symbol} traded at {local:%Y-%m-%d %H:%M:%S}, before the first candle of a "
                f"day at {begins[0]:%H:%M}"
            )
        traded.setdefault(tick.symbol, {}).setdefault((local.date(), begin), []).append(tick)
    days = sorted({day for places in traded.values() for day, _ in places})
    found: list[Candle] = []
    for symbol, places in sorted(traded.items()):
        close: float | None = None
        for day in days:
            for at in begins:
                start = datetime.combine(day, at, LOCAL)
                inside = places.get((day, at), [])
                if inside:
                    found.append(_candle(symbol, start, inside))
                    close = inside[-1].price
                elif close is not None:
                    found.append(Candle(symbol, start, close, close, close, close, 0))
    return found


def _candle(symbol: str, start: datetime, ticks: Sequence[Tick]) -> Candle:
    prices = [tick.price for tick in ticks]
    volume = sum(tick.volume for tick in ticks)
    value = sum(tick.price * tick.volume for tick in ticks)
    return Candle(symbol, start, prices[0], max(prices), min(prices), prices[-1], volume, value)


def path(
    opens: Mapping[str, float],
    ticks: Iterable[Tick],
    weights: Mapping[str, float],
    base: float,
    base_index: float = BASE_INDEX,
) -> Iterator[float]:
    """
    The index as it goes through one candle: at its opening, then after each tick, in points.

    A member that has not traded yet stands at the open of its own candle, so the path opens and
    closes where the index's candle does, and stays inside its high and low.

    Args:
        weights: symbol -> shares x free float, see `effective_shares`.
        base: capital of the first candle's close.
    """
    prices = dict(opens)
    yield points(capital(prices, weights), base, base_index)
    for tick in ticks:
        if tick.symbol in prices:
            prices[tick.symbol] = tick.price
            yield points(capital(prices, weights), base, base_index)

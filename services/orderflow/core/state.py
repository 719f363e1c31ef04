"""What is remembered of one symbol's bars."""

import msgspec

from schemas.base import Volume
from services.orderflow.core.bar import BarState, rescale

PARTS = 10**8
"""Volumes that are not whole are summed in integers of 1e-8 (design §4)."""

MOST = 2**53
"""A volume of more units is damage and counts as this: a snapshot has integers of 64 bits."""


class CountState(msgspec.Struct, array_like=True):
    """
    Bars of one count interval.

    Attributes:
        day: start of the day that `number` counts in, ms since the epoch.
        number: bars begun that day.
        base: price of which a range is a percentage: the day's reference, else its first price.
    """

    day: int = -1
    number: int = 0
    base: float = 0.0
    bar: BarState | None = None


class SymbolState(msgspec.Struct, array_like=True):
    """
    Mutable state of one symbol; `step` alone changes it.

    Attributes:
        feed: of the last trade.
        scale: units in a share or coin: 1 until a volume is not whole, then PARTS. (Coins of
            so little worth that their sums need more than 64 bits in parts trade in whole
            ones.)
        clock_ms: the venue's last clock, as far as it came here.
        pending: trades of one second and phase that are in no time bar yet.
        times: word -> bars held, in the order in which they began.
        counts: word -> bars of that count interval.
        extra: number of the last bar made for trades whose bar was gone.
        due_ms: the next clock that has a bar to close or to let go.
        changed: something is to be published at the next clock.
        value, total, total_day: of an index: its last value and volume, and the day of both.
    """

    symbol: str
    feed: str = ""
    scale: int = 1
    clock_ms: int = 0
    pending: BarState | None = None
    times: dict[str, list[BarState]] = {}
    counts: dict[str, CountState] = {}
    extra: int = 0
    due_ms: int = 0
    changed: bool = False
    value: float | None = None
    total: Volume | None = None
    total_day: int = -1


def initial(symbol: str) -> SymbolState:
    """The state before any message of the symbol."""
    return SymbolState(symbol)


def is_open(state: SymbolState) -> bool:
    """Whether a clock may have something to publish, to close or to let go."""
    return state.changed or state.due_ms > 0


def units(state: SymbolState, volume: Volume) -> int:
    """A volume in units of the symbol; the first that is not whole changes the unit."""
    whole = int(volume)
    if whole == volume:
        return max(-MOST, min(MOST, whole * state.scale))
    if state.scale == 1:
        _to_parts(state)
    parts = whole * PARTS + round((volume - whole) * PARTS)
    return max(-MOST, min(MOST, parts))


def volume_of(state: SymbolState, amount: int) -> Volume:
    """Units as they go on the wire: an integer where it is one."""
    if state.scale == 1:
        return amount
    whole, parts = divmod(amount, PARTS)
    return amount / PARTS if parts else whole


def _to_parts(state: SymbolState) -> None:
    state.scale = PARTS
    held = [bar for bars in state.times.values() for bar in bars]
    held += [count.bar for count in state.counts.values() if count.bar is not None]
    if state.pending is not None:
        held.append(state.pending)
    for bar in held:
        rescale(bar, PARTS)

"""Which trades repeat: the same stock and volume again and again within a window."""

from bisect import bisect_left, bisect_right

import msgspec

from services.analytics.core.busd_rules import Rules

_LATE_MS = 60_000
"""A trade so late still finds the ones before it; trades are in order but for a feed's quirks."""


class Seen(msgspec.Struct, array_like=True):
    """
    What is remembered of one stock: no more than its trades of a window or two.

    Attributes:
        times: volume -> ms since the epoch of its trades, ascending.
        sweep_ms: when volumes that have long been silent are forgotten next.
    """

    times: dict[int, list[int]] = {}
    sweep_ms: int = 0


def occurrences(seen: Seen, volume: int, ts_ms: int, rules: Rules) -> int:
    """
    Take the next trade of the stock; how many of its volume lie in the window that ends at it.

    The trade itself is one of them, and so are those that came before it with a time of at
    most `window_ms` earlier. `volume` is at least `min_volume`.
    """
    if ts_ms >= seen.sweep_ms:
        _sweep(seen, ts_ms, rules.window_ms)
    times = seen.times.get(volume)
    if times is None:
        seen.times[volume] = [ts_ms]
        return 1
    at = bisect_right(times, ts_ms)
    times.insert(at, ts_ms)
    found = at + 1 - bisect_left(times, ts_ms - rules.window_ms)
    if times[0] < (gone := ts_ms - rules.window_ms - _LATE_MS):
        del times[: bisect_left(times, gone)]
    return found


def _sweep(seen: Seen, ts_ms: int, window_ms: int) -> None:
    gone = ts_ms - window_ms - _LATE_MS
    seen.times = {volume: times for volume, times in seen.times.items() if times[-1] >= gone}
    seen.sweep_ms = ts_ms + window_ms

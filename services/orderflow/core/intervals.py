"""Which bars are made: the words of the setting."""

import re
from dataclasses import dataclass
from typing import Literal

DAY_MS = 86_400_000
_HALF_DAY_MS = DAY_MS // 2
_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": DAY_MS}
_KINDS: dict[str, Literal["tick", "volume", "range"]] = {"t": "tick", "v": "volume", "%": "range"}
_WORD = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhdtv%])")


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """Bars of so many ms; `word` is their name."""

    word: str
    ms: int
    kind: Literal["time"] = "time"


@dataclass(frozen=True, slots=True)
class CountInterval:
    """
    Bars that end by what trades.

    Attributes:
        size: tick: trades; volume: shares, contracts or coins, the trade that reaches it is
            the last one; range: % of the day's reference price between high and low, the trade
            that would exceed it begins the next bar.
    """

    word: str
    kind: Literal["tick", "volume", "range"]
    size: float


Interval = TimeInterval | CountInterval


@dataclass(frozen=True, slots=True)
class Plan:
    """The bars of a service, in the order in which one second's are published."""

    times: tuple[TimeInterval, ...]
    counts: tuple[CountInterval, ...]


def plan(words: str) -> Plan:
    """
    Read `1s,5m,1d,100t,100000v,0.5%`.

    Raises:
        ValueError: naming the word that is none, or is there twice.
    """
    times: list[TimeInterval] = []
    counts: list[CountInterval] = []
    seen: set[str] = set()
    for word in (part.strip() for part in words.split(",")):
        if word in seen:
            raise ValueError(f"{word!r} is there twice")
        seen.add(word)
        found = _WORD.fullmatch(word)
        if found is None:
            raise ValueError(
                f"{word!r} is no bar: 5s, 15m, 1h, 1d are times, 100t trades, 1000v volume, "
                "0.5% a range of price"
            )
        size, unit = found.groups()
        if unit in _KINDS:
            counts.append(_count(word, size, unit))
        else:
            times.append(_time(word, size, unit))
    return Plan(tuple(times), tuple(counts))


def _time(word: str, size: str, unit: str) -> TimeInterval:
    ms = int(size) * _UNITS_MS[unit] if size.isdecimal() else 0
    # What divides half a day has no span with both a morning and an afternoon in it.
    if ms != DAY_MS and (ms <= 0 or _HALF_DAY_MS % ms):
        raise ValueError(f"{word!r}: bars of time divide half a day, or are 1d")
    return TimeInterval(word, ms)


def _count(word: str, size: str, unit: str) -> CountInterval:
    value, kind = float(size), _KINDS[unit]
    if value <= 0 or (kind == "tick" and not size.isdecimal()):
        raise ValueError(f"{word!r}: must be above 0, and of trades a whole number")
    return CountInterval(word, kind, value)

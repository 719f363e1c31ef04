"""When rules are silent: outside sessions, in the first seconds of each, on days off."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from schemas.keys import venue_of

Family = Literal["stock", "future", "crypto"]
"""Kinds of symbols that trade at other hours; indices keep those of stocks."""

DAY_S = 86_400
_DAY_MS = DAY_S * 1000
_UTC_OFFSET_MS = 7 * 3_600_000
_FUTURES = ("41", "VN30F", "VN100F", "GB05F", "GB10F")
_WORKDAYS = 5


def family(symbol: str, venue: str | None = None) -> Family:
    """
    The family of a symbol, told from its code; `venue` is that of a broadcast.

    >>> family("HPG"), family("41I1GC000"), family("BTCUSDT.BN"), family("*", "BN")
    ('stock', 'future', 'crypto', 'crypto')
    """
    if (venue or venue_of(symbol)) != "VN":
        return "crypto"
    return "future" if symbol.startswith(_FUTURES) else "stock"


class Hours:
    """
    The sessions of Vietnamese symbols; crypto trades always.

    Args:
        sessions: family -> spans in seconds of the local day (UTC+7), end exclusive.
        first_s: a session's first so many seconds are silent too.
        holidays: days without trading, counted from 1 January 1970; weekends need not be there.
    """

    def __init__(
        self,
        sessions: Mapping[Family, Sequence[tuple[int, int]]],
        first_s: int,
        holidays: Collection[int] = (),
    ) -> None:
        self._holidays = frozenset(holidays)
        self._open: dict[Family, bytes] = {}
        for name, spans in sessions.items():
            table = bytearray(DAY_S)
            for begin, end in spans:
                table[begin:end] = b"\1" * (end - begin)
                table[begin : begin + first_s] = bytes(min(first_s, DAY_S - begin))
            self._open[name] = bytes(table)

    def silent(self, kind: Family, ts_ms: int) -> bool:
        """Whether rules are silent at an instant (ms since the epoch)."""
        if kind == "crypto":
            return False
        day, ms = divmod(ts_ms + _UTC_OFFSET_MS, _DAY_MS)
        # 1 January 1970 was a Thursday.
        if (day + 3) % 7 >= _WORKDAYS or day in self._holidays:
            return True
        return not self._open[kind][ms // 1000]

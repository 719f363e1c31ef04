"""
SSI's messages, counted.

The rules are the vendor's facts: a message of another date than the day it came on is the
snapshot of an earlier session; the day's volume tells one print from the next, its repeats and
what is missing; foreign volumes only grow; quotes and index values come in the order of time.
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from services.report.independent.figures import Recording, day_key

KINDS = frozenset({"X-TRADE", "X-QUOTE", "X", "R", "MI", "B", "F", "OL"})
_LEVELS = [f"{s}{n}{i}" for s in ("bid", "ask") for i in range(1, 11) for n in ("price", "vol")]
_LEAP = 200_000_000
"""A day's volume that more than doubles and grows by more than this is a damaged number."""

_CODE = re.compile(r"[A-Z0-9_-]{1,32}", re.ASCII)

_ABSURD = 2.0**53
"""No figure of a day, in shares or VND, is as large."""

_JUMP = 1.2
"""An index that moves by more than this from one value to the next is a damaged number."""


class Ssi:
    """Counts the messages of SSI v2 into a recording."""

    def __init__(self, venue: str, found: Recording) -> None:
        self._venue, self._found = venue, found
        self._last: dict[tuple[str, ...], tuple[str, Any]] = {}

    def open(self, line: bytes) -> tuple[str, bytes, Any]:
        """Kind, raw value (the bytes of `Content`) and parsed message of a recorded line."""
        envelope = self.parse(line)
        if envelope is None:
            return "other", line, None
        content = envelope.get("content")
        if isinstance(content, str) and content:
            value = content.encode()
        elif isinstance(content, dict):
            value = (
                _object_after(line, b'"Content"')
                or json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
            )
        else:
            value = line
        message = self.parse(value)
        for name in (envelope.get("datatype"), (message or {}).get("rtype")):
            if isinstance(name, str) and name.strip().upper() in KINDS:
                return name.strip().upper(), value, message
        return "other", line, None

    def parse(self, value: bytes) -> Any:
        """Fields of a raw record by their names in lower case; None when it has none."""
        try:
            message = json.loads(value)
        except (ValueError, RecursionError):
            return None
        if not isinstance(message, dict):
            return None
        return dict(zip(map(str.lower, message), message.values(), strict=True))

    def add(self, kind: str, received_us: int, message: Any) -> None:
        """One message; what writes nothing (X, B, F) is counted by its line alone."""
        add = {
            "X-TRADE": self._print,
            "X-QUOTE": self._quote,
            "R": self._foreign,
            "MI": self._index,
            "OL": self._odd_lots,
        }.get(kind)
        if add is None or not message or not _is_of_today(message, received_us):
            return
        symbol = message.get("symbol") or message.get("indexid") or message.get("stockno")
        symbol = symbol.strip().upper() if isinstance(symbol, str) else ""
        if _CODE.fullmatch(symbol):
            add(symbol, received_us, message)

    def settle(self) -> None:
        """Nothing is left for the end."""

    def _print(self, symbol: str, at_us: int, m: Mapping[str, Any]) -> None:
        volume, total, price = (
            _number(m, name) or 0.0 for name in ("lastvol", "totalvol", "lastprice")
        )
        if min(volume, total, price) <= 0:
            return
        floor, ceiling = _number(m, "floor") or 0, _number(m, "ceiling") or math.inf
        today = self._found.day(symbol, self._venue, at_us)
        grown = round(total) - today.total
        if grown == 0:
            today.repeats += 1
        leaps = total > 2 * today.total + _LEAP
        if grown < round(volume) or leaps or not floor <= price <= ceiling:
            return
        today.total, today.price = round(total), price
        buy = str(m.get("side") or "").strip().upper() in ("BU", "B")
        self._found.add_trade(symbol, self._venue, at_us, str(round(volume)), buy=buy)

    def _quote(self, symbol: str, at_us: int, m: Mapping[str, Any]) -> None:
        book = tuple(level or 0.0 for level in map(m.get, _LEVELS))
        if str in map(type, book):
            book = tuple(_number(m, name) or 0.0 for name in _LEVELS)
        self._found.quotes[symbol] += self._follows("quote", symbol, at_us, m, book)

    def _index(self, symbol: str, at_us: int, m: Mapping[str, Any]) -> None:
        names = ("indexvalue", "totalqtty", "totalqttypt", "advances", "declines")
        said = tuple(_number(m, name) for name in names)
        value = said[0] or 0.0
        believed = self._found.index_values.get(symbol) or _number(m, "priorindexvalue") or value
        if not value or not 1 / _JUMP <= value / believed <= _JUMP:
            return
        if self._follows("index", symbol, at_us, m, said):
            self._found.indices[symbol] += 1
            self._found.index_values[symbol] = value

    def _foreign(self, symbol: str, at_us: int, m: Mapping[str, Any]) -> None:
        names = ("totalroom", "currentroom", "buyvol", "sellvol", "buyval", "sellval")
        said = tuple(_number(m, n) or _number(m, "f" + n) for n in names)
        today = self._found.day(symbol, self._venue, at_us)
        buy, sell = round(said[2] or 0), round(said[3] or 0)
        before = today.foreign or (0, 0)
        key = ("foreign", *day_key(symbol, self._venue, at_us))
        now = _clock(m), said
        if buy < before[0] or sell < before[1] or self._last.get(key) == now:
            return
        self._last[key] = now
        today.foreign = (buy, sell)
        self._found.foreign[symbol] += 1

    def _odd_lots(self, symbol: str, at_us: int, m: Mapping[str, Any]) -> None:
        today = self._found.day(symbol, self._venue, at_us)
        today.odd_lots = max(today.odd_lots or 0, round(_number(m, "totalvol") or 0))

    def _follows(self, what: str, symbol: str, at_us: int, m: Mapping[str, Any], said: Any) -> bool:
        """Whether it is not before the last one in time, and not the last one again."""
        key = (what, *day_key(symbol, self._venue, at_us))
        now = _clock(m), said
        last = self._last.get(key)
        if last is not None and (now[0] < last[0] or now == last):
            return False
        self._last[key] = now
        return True


def _clock(m: Mapping[str, Any]) -> str:
    return str(m.get("time") or "").strip().rjust(8, "0")


def _is_of_today(m: Mapping[str, Any], received_us: int) -> bool:
    written = str(m.get("tradingdate") or "").strip()
    today = datetime.fromtimestamp(received_us // 1_000_000, UTC) + timedelta(hours=7)
    try:
        day = [int(n) for n in written.split("/")] if written else None
    except ValueError:
        return False
    return day in (None, [today.day, today.month, today.year])


def _number(m: Mapping[str, Any], name: str) -> float | None:
    try:
        number = float(m[name])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < _ABSURD else None


def _object_after(line: bytes, name: bytes) -> bytes | None:
    """The bytes of the object that follows a name, exactly as they stand."""
    at = line.find(name)
    start = line.find(b"{", at) if at >= 0 else -1
    if start < 0:
        return None
    text = line[start:].decode()
    return text[: json.JSONDecoder().raw_decode(text)[1]].encode()

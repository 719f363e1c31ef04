"""Binance's messages, counted."""

import json
from typing import Any

from services.report.independent.figures import Recording


class Binance:
    """Counts the messages of one venue into a recording."""

    def __init__(self, venue: str, found: Recording) -> None:
        self._venue, self._found = venue, found
        self._seen: set[tuple[str, int]] = set()
        self._snapshot: int | None = None
        self._last: dict[tuple[str, str], int] = {}

    def open(self, line: bytes) -> tuple[str, bytes, Any]:
        """Kind, raw value and parsed message of a recorded line."""
        message = self.parse(line)
        if "lastUpdateId" in message:
            return "depthSnapshot", line, message
        return message["stream"].split("@")[1], line, message

    def parse(self, value: bytes) -> Any:
        """A raw record's value."""
        return json.loads(value)

    def add(self, kind: str, received_us: int, message: Any) -> None:
        """One message."""
        if "lastUpdateId" in message:
            # A REST reply of the whole book; it names no symbol, a capture has one a venue.
            self._snapshot = message["lastUpdateId"]
            return
        data, found = message["data"], self._found
        symbol = f"{data['s']}.{self._venue}"
        if kind == "trade":
            self._trade(symbol, received_us, data)
        elif kind == "bookTicker" and self._newer(symbol, kind, data["u"]):
            found.quotes[symbol] += 1
        elif kind == "depth" and not self._before_snapshot(data["u"]):
            found.deltas[symbol] += self._newer(symbol, kind, data["u"])

    def settle(self) -> None:
        """At the end: the venue's snapshot is one more book delta of its symbol."""
        if self._snapshot is not None:
            mine = [s for s in self._found.deltas if s.rpartition(".")[2] == self._venue]
            for symbol in mine:
                self._found.deltas[symbol] += 1

    def _trade(self, symbol: str, received_us: int, data: dict[str, Any]) -> None:
        number, today = data["t"], self._found.day(symbol, self._venue, received_us)
        if (symbol, number) in self._seen:
            today.repeats += 1
            return
        self._seen.add((symbol, number))
        last = self._last.get((symbol, "trade"), number - 1)
        if number > last:
            today.total += number - last
            self._last[symbol, "trade"] = number
            today.price = float(data["p"])
        if data.get("X", "MARKET") == "MARKET":
            self._found.add_trade(symbol, self._venue, received_us, data["q"], buy=not data["m"])
        else:
            today.others += 1

    def _before_snapshot(self, number: int) -> bool:
        """Binance: after a snapshot drop u <= its id (spot), u < its id (futures)."""
        at = -1 if self._snapshot is None else self._snapshot
        return number < at or (self._venue == "BN" and number == at)

    def _newer(self, symbol: str, kind: str, number: int) -> bool:
        if number <= self._last.get((symbol, kind), -1):
            return False
        self._last[symbol, kind] = number
        return True

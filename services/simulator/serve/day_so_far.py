"""
What the exchange has said until now: the last messages for who subscribes, minute bars and
figures for who asks by REST.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from services.simulator.core.exchange import LastMessages
from services.simulator.core.message import Message

_OPEN_INTEREST = 58
"""Field of iBoard's S#."""


class Bar(NamedTuple):
    """One minute of a symbol's trading; `time` is that of its last trade."""

    time: str
    open: float
    high: float
    low: float
    close: float
    volume: int


class _Envelope(msgspec.Struct):
    content: str = msgspec.field(name="Content")


class _Trade(msgspec.Struct, rename="pascal"):
    trading_date: str
    time: str
    symbol: str
    last_price: float
    last_vol: float
    total_vol: float


_envelopes = msgspec.json.Decoder(_Envelope)
_trades = msgspec.json.Decoder(_Trade)


class DaySoFar:
    """
    Args:
        date: of the day, DD/MM/YYYY; messages of other days are the last session's.

    Attributes:
        last_session: its last trades.
        opens: each symbol's first price.
    """

    def __init__(self, date: str) -> None:
        self.last = LastMessages()
        self.last_session: list[Message] = []
        self.opens: dict[str, float] = {}
        self._mark = f'TradingDate\\":\\"{date}'
        self._bars: dict[str, dict[str, Bar]] = {}
        self._volumes: dict[str, float] = {}

    def note(self, message: Message) -> bool:
        """Take a message in; False when it is the last session's, which is told on asking only."""
        self.last.note(message)
        if message.channel != "X-TRADE":
            return True
        if self._mark not in message.text:
            self.last_session.append(message)
            return False
        trade = _trades.decode(_envelopes.decode(message.text).content)
        if trade.total_vol > self._volumes.get(trade.symbol, 0):
            self._volumes[trade.symbol] = trade.total_vol
            self.opens.setdefault(trade.symbol, trade.last_price)
            self._add(trade)
        return True

    def content(self, channel: str, symbol: str) -> dict[str, Any]:
        """The last message's content as an object, empty when there is none."""
        for text in self.last.of(channel, symbol):
            found: dict[str, Any] = msgspec.json.decode(_envelopes.decode(text).content)
            return found
        return {}

    def open_interest(self, symbol: str) -> int:
        """Of a future, as iBoard told it; else 0."""
        for frame in self.last.of("S", symbol):
            return int(frame.split("|")[_OPEN_INTEREST] or 0)
        return 0

    def bars(self, symbol: str, minutes: int) -> Iterator[Bar]:
        """A symbol's bars of so many minutes, oldest first; those without trades are absent."""
        made: Bar | None = None
        bucket = -1
        for minute, bar in self._bars.get(symbol, {}).items():
            number = (int(minute[:2]) * 60 + int(minute[3:])) // minutes
            if made is not None and number == bucket:
                made = _joined(made, bar)
                continue
            if made is not None:
                yield made
            made, bucket = bar, number
        if made is not None:
            yield made

    def _add(self, trade: _Trade) -> None:
        bars = self._bars.setdefault(trade.symbol, {})
        price = trade.last_price
        new = Bar(trade.time, price, price, price, price, int(trade.last_vol))
        minute = trade.time[:5]
        old = bars.get(minute)
        bars[minute] = new if old is None else _joined(old, new)


def _joined(old: Bar, new: Bar) -> Bar:
    high, low = max(old.high, new.high), min(old.low, new.low)
    return Bar(new.time, old.open, high, low, new.close, old.volume + new.volume)

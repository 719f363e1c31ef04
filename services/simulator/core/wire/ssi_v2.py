"""
SSI FastConnect v2's messages, as the hub broadcasts them: JSON in JSON, field by field as in
its samples. Times are whole seconds, every number is written as a float.

Prices are indices of the instrument's ladder.
"""

from collections.abc import Sequence
from typing import NamedTuple

from services.simulator.core.book import Side
from services.simulator.core.day import Day
from services.simulator.core.prices import TENTHS, Ladder, limits, written
from services.simulator.core.universe import Instrument

CHANNELS = ("F", "X-TRADE", "X-QUOTE", "X", "R", "MI", "B", "OL")
LEVELS = 10
HOSE_LEVELS = 3
_NOTHING = "0.0"


class Last(NamedTuple):
    """
    A symbol's trading so far, after its newest print; prices None before the first.

    `value` is in VND; `expected` is an auction's estimate, None without one.
    """

    open: int | None = None
    high: int | None = None
    low: int | None = None
    price: int | None = None
    volume: int = 0
    total_volume: int = 0
    value: int = 0
    expected: int | None = None


class Writer:
    """Writes the messages of one instrument."""

    def __init__(self, instrument: Instrument, ladder: Ladder, day: Day) -> None:
        self._texts, self._prices = ladder.texts, ladder.prices
        self._future = instrument.kind == "future"
        self._reference = instrument.reference
        self._changes: dict[int, tuple[str, str]] = {}
        self.levels = HOSE_LEVELS if instrument.exchange == "HOSE" else LEVELS
        ceiling, floor = limits(
            instrument.reference, instrument.exchange, instrument.kind, instrument.band
        )
        reference = written(instrument.reference, self._future)
        exchange, symbol = instrument.exchange, instrument.symbol
        date = f'"TradingDate":"{day.written}","Time":"%s"'
        names = f'"Isin":"{symbol}","Symbol":"{symbol}"'
        market = f'"MarketId":"{exchange}","Exchange":"{exchange}"'
        status = '"TradingSession":"%s","TradingStatus":"%s"'
        figures = (
            f'{names},"Ceiling":{written(ceiling, self._future)}'
            f',"Floor":{written(floor, self._future)},"RefPrice":{reference}'
            f',"AvgPrice":%s,"PriorVal":{reference},"LastPrice":%s,"LastVol":%d.0'
            f',"TotalVal":%d.0,"TotalVol":%d.0,{market},{status}'
            ',"Change":%s,"RatioChange":%s,"EstMatchedPrice":%s'
        )
        self._trade = enveloped(
            "X-TRADE",
            f'{{"RType":"X-TRADE",{date},{figures},"Highest":%s,"Lowest":%s,"Side":%s}}',
        )
        self._quote = enveloped(
            "X-QUOTE",
            f'{{{date},"Exchange":"{exchange}","Symbol":"{symbol}","RType":"X-QUOTE"'
            ',%s,%s,"TradingSession":"%s"}',
        )
        self._both = enveloped(
            "X",
            f'{{"RType":"X",{date},{figures},"Side":%s,%s,%s'
            ',"Open":%s,"High":%s,"Low":%s,"Close":%s,"CloseQtty":0.0}',
        )
        self._foreign = enveloped(
            "R",
            f'{{"RType":"R",{date},{names},"TotalRoom":%d.0,"CurrentRoom":%d.0,"BuyVol":%d.0'
            f',"SellVol":%d.0,"BuyVal":%d.0,"SellVal":%d.0,{market}}}',
        )
        self._status = enveloped(
            "F",
            f'{{"RType":"F","MarketId":"{exchange}",{date},"Symbol":"{symbol}",{status}'
            f',"Exchange":"{exchange}"}}',
        )
        self._bar = enveloped(
            "B",
            f'{{"RType":"B",{date},"Symbol":"{symbol}","Open":%s,"High":%s,"Low":%s,"Close":%s'
            ',"Volume":%d.0,"Value":0.0}',
        )
        self._halves = {name: escaped(_half(name, self.levels)) for name in ("Ask", "Bid")}
        self._odd_lot = (
            f'{{"DataType":"OL","Content":{{"RType":"OL",{date},"StockNo":{instrument.number + 1}'
            f',"Symbol":"{symbol}","Ceiling":{ceiling},"Floor":{floor}'
            f',"RefPrice":{instrument.reference},"Open":%d,"High":%d,"Low":%d,"LastPrice":%d'
            f',"LastVol":%d,"TotalVal":%d,"TotalVol":%d,%s,"Exchange":"{exchange}",{status}'
            ',"Change":%d,"RatioChange":%s,"StockType":"Stock"}}'
        )

    def half(self, name: str, side: Side) -> str:
        """The best levels of one side, as a part of `quote` and `both`; `name` is Ask or Bid."""
        at = side.levels(self.levels)
        volume = side.volume
        return self.half_of(name, at, [volume[price] for price in at])

    def half_of(self, name: str, at: Sequence[int], volumes: Sequence[int]) -> str:
        """The same of prices and their volumes, best first."""
        texts, missing = self._texts, self.levels - len(at)
        if missing:
            numbers = (
                *[texts[price] for price in at], *[_NOTHING] * missing,
                *volumes[: self.levels], *[0] * missing,
            )  # fmt: skip
        else:
            numbers = (*[texts[price] for price in at], *volumes)
        return self._halves[name] % numbers

    def quote(self, time: str, session: str, asks: str, bids: str) -> str:
        """X-QUOTE; `asks` and `bids` as of `half`."""
        return self._quote % (time, asks, bids, session)

    def trade(self, time: str, session: str, status: str, last: Last, side: str) -> str:
        """X-TRADE; `side` is BU, SD or empty."""
        high, low = self._price(last.high), self._price(last.low)
        return self._trade % (*self._figures(time, session, status, last), high, low, _side(side))

    def both(
        self, time: str, session: str, status: str, last: Last, side: str, asks: str, bids: str
    ) -> str:
        """X: the figures and the book in one."""
        prices = (last.open, last.high, last.low, last.price)
        figures = self._figures(time, session, status, last)
        return self._both % (*figures, _side(side), asks, bids, *map(self._price, prices))

    def bar(self, time: str, price: int, volume: int) -> str:
        """B: one fill."""
        return self._bar % (time, *[self._texts[price]] * 4, volume)

    def foreign(self, time: str, numbers: tuple[int, int, int, int, int, int]) -> str:
        """R: total and current room, volumes bought and sold, values bought and sold."""
        return self._foreign % (time, *numbers)

    def status(self, time: str, session: str, status: str) -> str:
        """F."""
        return self._status % (time, session, status)

    def odd_lot(
        self, time: str, session: str, status: str, last: Last, asks: Sequence[tuple[int, int]],
        bids: Sequence[tuple[int, int]],
    ) -> str:  # fmt: skip
        """OL: its content is an object, its numbers are integers; three levels a side."""
        levels = ",".join(
            f'"{name}{what}{n + 1}":{found[n][field] if n < len(found) else 0}'
            for name, found in (("Bid", bids), ("Ask", asks))
            for field, what in enumerate(("Price", "Vol"))
            for n in range(HOSE_LEVELS)
        )
        prices = [0 if at is None else self._prices[at] for at in (last.open, last.high, last.low)]
        price = self._prices[last.price or 0]
        ratio = round((price - self._reference) / self._reference * 100, 2)
        return self._odd_lot % (
            time, *prices, price, last.volume, last.value, last.total_volume, levels,
            session, status, price - self._reference, ratio,
        )  # fmt: skip

    def _figures(self, time: str, session: str, status: str, last: Last) -> tuple[object, ...]:
        volume = last.total_volume
        if not volume:
            average = _NOTHING
        elif self._future:
            # VND a contract, in the middle of points.
            average = repr(last.value / volume)
        else:
            average = repr(round(last.value / volume, 3))
        price = last.price
        text, change, ratio = (
            (_NOTHING, _NOTHING, _NOTHING) if price is None
            else (self._texts[price], *(self._changes.get(price) or self._change(price)))
        )  # fmt: skip
        return (
            time, average, text, last.volume, last.value, volume, session, status, change, ratio,
            self._price(last.expected),
        )  # fmt: skip

    def _change(self, price: int) -> tuple[str, str]:
        now, before = float(self._prices[price]), float(self._reference)
        if self._future:
            now, before = now / TENTHS, before / TENTHS
        found = repr(now - before), repr(round((now - before) / before * 100, 2))
        self._changes[price] = found
        return found

    def _price(self, price: int | None) -> str:
        return _NOTHING if price is None else self._texts[price]


def enveloped(kind: str, content: str) -> str:
    """The envelope: the content is a string with JSON in it."""
    return f'{{"DataType":"{kind}","Content":"{escaped(content)}"}}'


def escaped(content: str) -> str:
    """JSON without special characters, as it stands in a JSON string."""
    return content.replace('"', '\\"')


def _half(name: str, levels: int) -> str:
    parts = []
    for what, form in (("Price", "%s"), ("Vol", "%d.0")):
        parts += [
            f'"{name}{what}{n}":{form if n <= levels else _NOTHING}' for n in range(1, LEVELS + 1)
        ]
    return ",".join(parts)


def _side(side: str) -> str:
    return f'\\"{side}\\"' if side else "null"

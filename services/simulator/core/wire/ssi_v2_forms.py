"""
The forms of SSI FastConnect v2's messages: field by field as in its samples, with blanks for
what changes. Content is JSON in JSON, but of OL, whose content is an object.
"""

from typing import NamedTuple

from services.simulator.core.day import Day
from services.simulator.core.prices import limits, written
from services.simulator.core.universe import Instrument

LEVELS = 10
HOSE_LEVELS = 3
NOTHING = "0.0"
_STATUS = '"TradingSession":"%s","TradingStatus":"%s"'


class Forms(NamedTuple):
    """One instrument's; `asks` and `bids` are the halves of a book, prices before volumes."""

    trade: str
    quote: str
    both: str
    foreign: str
    status: str
    bar: str
    odd_lot: str
    asks: str
    bids: str


def forms(about: Instrument, day: Day, levels: int) -> Forms:
    """All forms of an instrument that shows so many levels."""
    date = _date(day.written)
    names = f'"Isin":"{about.symbol}","Symbol":"{about.symbol}"'
    market = f'"MarketId":"{about.exchange}","Exchange":"{about.exchange}"'
    figures = _figures(about, names, market)
    return Forms(
        trade=enveloped(
            "X-TRADE", f'{{"RType":"X-TRADE",{date},{figures},"Highest":%s,"Lowest":%s,"Side":%s}}'
        ),
        quote=enveloped(
            "X-QUOTE",
            f'{{{date},"Exchange":"{about.exchange}","Symbol":"{about.symbol}"'
            ',"RType":"X-QUOTE",%s,%s,"TradingSession":"%s"}',
        ),
        both=enveloped(
            "X",
            f'{{"RType":"X",{date},{figures},"Side":%s,%s,%s'
            ',"Open":%s,"High":%s,"Low":%s,"Close":%s,"CloseQtty":0.0}',
        ),
        foreign=enveloped(
            "R",
            f'{{"RType":"R",{date},{names},"TotalRoom":%d.0,"CurrentRoom":%d.0,"BuyVol":%d.0'
            f',"SellVol":%d.0,"BuyVal":%d.0,"SellVal":%d.0,{market}}}',
        ),
        status=enveloped(
            "F",
            f'{{"RType":"F","MarketId":"{about.exchange}",{date},"Symbol":"{about.symbol}"'
            f',{_STATUS},"Exchange":"{about.exchange}"}}',
        ),
        bar=bar(about.symbol, day.written),
        odd_lot=_odd_lot(about, date),
        asks=escaped(_half("Ask", levels)),
        bids=escaped(_half("Bid", levels)),
    )


def bar(symbol: str, date: str) -> str:
    """B of a symbol or an index: time, four prices, volume."""
    return enveloped(
        "B",
        f'{{"RType":"B",{_date(date)},"Symbol":"{symbol}","Open":%s,"High":%s,"Low":%s'
        ',"Close":%s,"Volume":%d.0,"Value":0.0}',
    )


def enveloped(kind: str, content: str) -> str:
    """The envelope: the content is a string with JSON in it."""
    return f'{{"DataType":"{kind}","Content":"{escaped(content)}"}}'


def escaped(content: str) -> str:
    """JSON without special characters, as it stands in a JSON string."""
    return content.replace('"', '\\"')


def _date(date: str) -> str:
    return f'"TradingDate":"{date}","Time":"%s"'


def _figures(about: Instrument, names: str, market: str) -> str:
    points = about.kind == "future"
    ceiling, floor = (written(price, points) for price in _limits(about))
    reference = written(about.reference, points)
    return (
        f'{names},"Ceiling":{ceiling},"Floor":{floor},"RefPrice":{reference},"AvgPrice":%s'
        f',"PriorVal":{reference},"LastPrice":%s,"LastVol":%d.0,"TotalVal":%d.0'
        f',"TotalVol":%d.0,{market},{_STATUS},"Change":%s,"RatioChange":%s,"EstMatchedPrice":%s'
    )


def _odd_lot(about: Instrument, date: str) -> str:
    ceiling, floor = _limits(about)
    return (
        f'{{"DataType":"OL","Content":{{"RType":"OL",{date},"StockNo":{about.number + 1}'
        f',"Symbol":"{about.symbol}","Ceiling":{ceiling},"Floor":{floor}'
        f',"RefPrice":{about.reference},"Open":%d,"High":%d,"Low":%d,"LastPrice":%d'
        f',"LastVol":%d,"TotalVal":%d.0,"TotalVol":%d,%s,"Exchange":"{about.exchange}",{_STATUS}'
        ',"Change":%d,"RatioChange":%s,"StockType":"Stock"}}'
    )


def _limits(about: Instrument) -> tuple[int, int]:
    return limits(about.reference, about.exchange, about.kind, about.band)


def _half(name: str, levels: int) -> str:
    return ",".join(
        f'"{name}{what}{n}":{form if n <= levels else NOTHING}'
        for what, form in (("Price", "%s"), ("Vol", "%d.0"))
        for n in range(1, LEVELS + 1)
    )

"""Made-up Vietnamese messages for the tests of ingest's core; all of Monday 20 July 2026."""

import asyncio
import json
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from schemas.market import MarketMessage
from services.ingest.core.engine import Engine
from services.ingest.core.records import Decoded, Raw
from services.ingest.core.registry import FEEDS
from services.ingest.core.sequence import ReceiveCounter
from services.ingest.feed_options import Options, feed_of
from services.ingest.feeds.base import Arrival
from services.runtime.settings_load import load
from tests.unit.ingest.core.support import messages

DATA = Path(__file__).parents[3] / "data" / "vn"
REFERENCE_DATA = Path(__file__).parents[4] / "deploy" / "reference-data"
DATE = "20/07/2026"
MANIFESTS = ("manifest-20260720.json", "manifest-20260814.json")


def us(time: str, day: str = "2026-07-20") -> int:
    """A local time, in µs since the epoch."""
    return round(datetime.fromisoformat(f"{day}T{time}+07:00").timestamp() * 1_000_000)


def ms(time: str, day: str = "2026-07-20") -> int:
    """A local time, in ms since the epoch."""
    return us(time, day) // 1000


NOON = us("13:36:00.5")


def envelope(kind: str, content: dict[str, Any]) -> bytes:
    """As the hub sends it: JSON in JSON."""
    return json.dumps({"DataType": kind, "Content": json.dumps(content)}).encode()


def trade(volume: float, total: float, price: float = 21750.0, **over: Any) -> bytes:
    """X-TRADE of HPG at 13:36:00; without a TotalVal of its own it is of one price."""
    content = {"RType": "X-TRADE", "TradingDate": DATE, "Time": "13:36:00", "Isin": "HPG"}
    content |= {"Symbol": "HPG", "Ceiling": 23350.0, "Floor": 20350.0, "RefPrice": 21850.0}
    content |= {"AvgPrice": price, "PriorVal": 21850.0, "LastPrice": price, "LastVol": volume}
    content |= {"TotalVal": total * 21750.0, "TotalVol": total, "MarketId": "HOSE"}
    content |= {"Exchange": "HOSE", "TradingSession": "LO", "TradingStatus": "N"}
    content |= {"EstMatchedPrice": 0.0, "Highest": 0.0, "Lowest": 0.0, "Side": "BU"}
    return envelope("X-TRADE", content | over)


def quote(*levels: tuple[float, float], **over: Any) -> bytes:
    """X-QUOTE of HPG at 13:36:00; the levels are bids below 21750 and asks from there on."""
    content: dict[str, Any] = {"TradingDate": DATE, "Time": "13:36:00", "Exchange": "HOSE"}
    content |= {"Symbol": "HPG", "RType": "X-QUOTE", "TradingSession": "LO"}
    sides = {
        "Bid": [x for x in levels if x[0] < 21750],
        "Ask": [x for x in levels if x[0] >= 21750],
    }
    for side, found in sides.items():
        for i in range(10):
            price, volume = found[i] if i < len(found) else (0.0, 0.0)
            content |= {f"{side}Price{i + 1}": price, f"{side}Vol{i + 1}": volume}
    return envelope("X-QUOTE", content | over)


def foreign(buy: float, sell: float, **over: Any) -> bytes:
    """R of HPG at 13:36:00."""
    content = {"RType": "R", "TradingDate": DATE, "Time": "13:36:00", "Symbol": "HPG"}
    content |= {"TotalRoom": 1e9, "CurrentRoom": 5e8, "BuyVol": buy, "SellVol": sell}
    content |= {"BuyVal": buy * 21750.0, "SellVal": sell * 21750.0, "Exchange": "HOSE"}
    return envelope("R", content | over)


def index(value: float, time: str = "13:36:00", **over: Any) -> bytes:
    """MI of VNINDEX."""
    content = {"IndexId": "VNINDEX", "IndexValue": value, "PriorIndexValue": 1787.45}
    content |= {"TradingDate": DATE, "Time": time, "TotalQtty": 1000.0, "TotalValue": 2e7}
    content |= {"Advances": 37, "NoChanges": 30, "Declines": 274, "Ceilings": 0, "Floors": 13}
    content |= {"TotalQttyPt": 0.0, "TotalValuePt": 0.0, "Exchange": "HOSE"}
    return envelope("MI", content | over)


def status(session: str, time: str, code: str = "N", **over: Any) -> bytes:
    """F of HPG."""
    content = {"RType": "F", "MarketId": "HOSE", "TradingDate": DATE, "Time": time}
    content |= {"Symbol": "HPG", "TradingSession": session, "TradingStatus": code}
    return envelope("F", content | {"Exchange": "HOSE"} | over)


def raws(lines: Iterable[tuple[int, str, bytes]]) -> list[Raw]:
    """The raw records of (receive time in µs, feed, message) as ingest's shell makes them."""
    counter = ReceiveCounter()
    made = []
    for receive_us, feed, message in lines:
        _, channel, key, value = FEEDS[feed].route("VN", message)
        made.append(Raw("VN", counter.next(receive_us), feed, channel, key, value))
    return made


def run(values: Iterable[bytes], feed: str = "ssi", at: int = NOON) -> list[Decoded]:
    """What a fresh engine makes of messages received 10 µs apart."""
    engine = Engine(["VN"])
    return [
        engine.decode(raw) for raw in raws((at + i * 10, feed, v) for i, v in enumerate(values))
    ]


def made(*values: bytes, feed: str = "ssi", at: int = NOON) -> list[MarketMessage]:
    """All messages but clocks that a fresh engine makes; nothing may be refused or dropped."""
    done = run(values, feed, at)
    assert [d for d in done if d.dead or d.dropped] == []
    return messages(done)


@cache
def recording(name: str) -> tuple[Raw, ...]:
    """The raw records of a committed recording as a tape has them, reference data first."""
    options = Options(recording=DATA / name)
    feed = feed_of(options, load({}, reference_data=REFERENCE_DATA))

    async def play() -> list[Arrival]:
        return [arrival async for chunk in feed.chunks(asyncio.Event()) for arrival in chunk]

    counter = ReceiveCounter()
    return tuple(
        Raw(a.venue, counter.next(a.received_us), a.feed, a.channel, a.key, a.value)
        for a in asyncio.run(play())
    )

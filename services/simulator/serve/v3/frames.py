"""
The stream's frames: what v2's messages say, with v3's keys.

Keys are those of `ssi-sdk`'s models. What no document tells is a guess: the form of `t` (as in
the REST of v3), B, S and U as sides, `indexsummary` with the fields of REST's indexSummary.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from services.simulator.serve.v3.topics import BOARDS

Content = Mapping[str, Any]
_SIDES = {"BU": "B", "SD": "S"}
_LEVELS = 10


class _Envelope(msgspec.Struct):
    content: str | dict[str, Any] = msgspec.field(name="Content")


_envelopes = msgspec.json.Decoder(_Envelope)


def content_of(text: str) -> Content:
    """
    What a message of v2 says.

    Raises:
        msgspec.DecodeError: it is damaged.
    """
    found = _envelopes.decode(text).content
    said = msgspec.json.decode(found) if isinstance(found, str) else found
    if not isinstance(said, dict):
        raise msgspec.DecodeError("not an object")
    return said


def frame(topic: str, data: Content) -> str:
    """A frame of the DATA channel."""
    return msgspec.json.encode({"channel": "DATA", "topic": topic, "data": data}).decode()


def number(value: float) -> float | int:
    """Without a fraction that is none."""
    return int(value) if value == int(value) else value


def when(said: Content) -> str:
    """YYYY/MM/DD HH:MM:SS."""
    day, month, year = said["TradingDate"].split("/")
    return f"{year}/{month}/{day} {said['Time']}"


def trade(said: Content, opened: float | None) -> dict[str, Any]:
    """Of X-TRADE; `opened` is the day's first price."""
    found = {
        "t": when(said),
        "s": said["Symbol"],
        "p": number(said["LastPrice"]),
        "q": int(said["LastVol"]),
        "si": _SIDES.get(said["Side"] or "", "U"),
        "v": int(said["TotalVol"]),
        "h": number(said["Highest"]),
        "l": number(said["Lowest"]),
        "a": number(said["AvgPrice"]),
    }
    return found if opened is None else found | {"o": number(opened)}


def quote(said: Content) -> dict[str, Any]:
    """Of X-QUOTE."""
    return {
        "t": when(said), "s": said["Symbol"],
        "bids": _levels(said, "Bid", _LEVELS), "asks": _levels(said, "Ask", _LEVELS),
    }  # fmt: skip


def room(said: Content) -> dict[str, Any]:
    """Of R."""
    keys = {
        "tr": "TotalRoom", "cr": "CurrentRoom", "bq": "BuyVol", "bv": "BuyVal", "sq": "SellVol",
        "sv": "SellVal",
    }  # fmt: skip
    amounts = {key: int(said[name]) for key, name in keys.items()}
    return {"t": when(said), "s": said["Symbol"], **amounts}


def odd_lot(said: Content) -> dict[str, Any]:
    """Of OL."""
    return {
        "t": when(said), "s": said["Symbol"], "p": said["LastPrice"], "q": said["LastVol"],
        "bids": _levels(said, "Bid", 3), "asks": _levels(said, "Ask", 3),
    }  # fmt: skip


def index(said: Content) -> dict[str, Any]:
    """Of MI, a tick of the index."""
    keys = {
        "v": "IndexValue", "c": "Change", "cr": "RatioChange", "adv": "Advances",
        "dec": "Declines", "nc": "NoChanges", "ce": "Ceilings", "fl": "Floors",
        "tmv": "TotalValue", "tmq": "TotalQtty", "tvp": "TotalValuePt", "tqp": "TotalQttyPt",
        "tq": "AllQty", "tv": "AllValue",
    }  # fmt: skip
    figures = {key: number(said[name]) for key, name in keys.items()}
    names = {"s": said["IndexId"], "b": said["Exchange"], "ss": said["TradingSession"] or ""}
    return {**names, "t": when(said), **figures}


def summary(said: Content) -> dict[str, Any]:
    """Of MI, a row of indexSummary."""
    keys = {
        "totalTrade": "AllQty", "totalTradeValue": "AllValue", "totalMatch": "TotalQtty",
        "totalMatchValue": "TotalValue", "totalDeal": "TotalQttyPt",
        "totalDealValue": "TotalValuePt", "indexChange": "Change",
        "indexChangePercentage": "RatioChange", "indexValue": "IndexValue",
        "totalAdvanceStock": "Advances", "totalDeclineStock": "Declines",
        "totalNoChangeStock": "NoChanges", "totalCeilingStock": "Ceilings",
        "totalFloorStock": "Floors",
    }  # fmt: skip
    figures = {key: number(said[name]) for key, name in keys.items()}
    return {"tradingDate": when(said)[:10], **figures}


def flag(said: Content) -> dict[str, Any]:
    """Of F, the session of a board."""
    board = BOARDS.get(said["MarketId"], said["MarketId"])
    return {"b": board, "t": when(said), "f": said["TradingSession"]}


def _levels(said: Content, side: str, most: int) -> list[list[float | int]]:
    found = []
    for level in range(1, most + 1):
        volume = int(said[f"{side}Vol{level}"])
        if not volume:
            break
        found.append([number(said[f"{side}Price{level}"]), volume])
    return found

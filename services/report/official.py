"""The vendor's official figures of a day, as its replies to DailyStockPrice stand on a tape."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from schemas.topics import CONTROL
from services.report.independent import DayKey
from services.runtime import kafka, topics_admin

CHANNEL = "vn.DailyStockPrice"


class Official(NamedTuple):
    """
    Shares or contracts of a symbol-day.

    Attributes:
        matched: of the order book (TotalMatchVol).
        traded: with put-through (TotalTradedVol).
        foreign: bought, sold; None where the vendor does not say.
    """

    matched: int
    traded: int | None
    foreign: tuple[int, int] | None


async def read(bootstrap: str, tape: str) -> dict[DayKey, Official]:
    """What stands on a tape; empty where it was never asked for. The newest reply counts."""
    topic = CONTROL.on(tape)
    if topic not in (await topics_admin.tapes(bootstrap)).get(tape, []):
        return {}
    replies: list[tuple[int, str]] = []
    async for record in kafka.read_all(bootstrap, topic):
        head = dict(record.headers)
        if head.get("channel") != b"rest_reply":
            continue
        told = json.loads(record.value or b"{}")
        if told.get("channel") == CHANNEL:
            replies.append((int(head["seq"]), told["body"]))
    return figures(body for _, body in sorted(replies))


def figures(bodies: Iterable[str]) -> dict[DayKey, Official]:
    """Of replies, oldest first; rows without a symbol, a date or a matched volume are left out."""
    found: dict[DayKey, Official] = {}
    for body in bodies:
        for row in json.loads(body).get("data") or []:
            matched = _number(row.get("TotalMatchVol"))
            if matched is None or not row.get("Symbol"):
                continue
            try:
                # A date has no zone.
                day = datetime.strptime(row["TradingDate"], "%d/%m/%Y").date()  # noqa: DTZ007
            except (KeyError, TypeError, ValueError):
                continue
            bought = _number(row.get("ForeignBuyVolTotal"))
            sold = _number(row.get("ForeignSellVolTotal"))
            foreign = None if bought is None or sold is None else (bought, sold)
            key = str(row["Symbol"]).upper(), day.isoformat()
            found[key] = Official(matched, _number(row.get("TotalTradedVol")), foreign)
    return found


def _number(written: Any) -> int | None:
    try:
        return round(float(written))
    except (TypeError, ValueError, OverflowError):
        return None

"""
What SSI's REST says of the instruments, as reference data, and where it says otherwise. Pure.

Sources: the reply fields of SecuritiesDetails, IndexComponents and DailyStockPrice in
SSI_FastConnectData_Specs v2.2; every value is a string, absent ones are null or empty.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from schemas.control import Reference
from schemas.market import Basket, Instrument, InstrumentKind, Member
from services.ingest.core.vn.codes import exchange_of
from services.ingest.core.vn.image import VENUE
from services.ingest.core.vn.instruments import kind_of, lot, price_steps
from services.ingest.core.vn.schedule import Exchange

Row = Mapping[str, Any]
_CODE = re.compile(r"[A-Z0-9]{3,20}")
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}\d")
_EXCHANGES: Mapping[str, Exchange] = {
    "HOSE": "HOSE", "HSX": "HOSE", "HNX": "HNX", "UPCOM": "UPCOM", "DER": "DERIVATIVES",
    "DERIVATIVES": "DERIVATIVES",
}  # fmt: skip
_KINDS: Mapping[str, InstrumentKind] = {
    "ST": "stock", "EF": "etf", "CW": "cw", "FU": "future", "BO": "bond", "MF": "fund",
}  # fmt: skip
_SILENT = frozenset({"feed", "seq", "ts_ms", "ts_source", "symbol", "venue"})
"""Fields that say nothing about the instrument."""


class Differs(NamedTuple):
    """What the files say of a field of a symbol, and what SSI says."""

    symbol: str
    field: str
    filed: str
    told: str


class Listing(NamedTuple):
    """The record for the tape, None where SSI says nothing new, and each difference."""

    record: Reference | None
    differs: list[Differs]


def listing(
    details: Iterable[Row],
    prices: Iterable[Row],
    components: Iterable[Row],
    filed: Reference,
    day: date,
) -> Listing:
    """
    SSI's rows beside the reference data of `filed`.

    What SSI says holds; what it does not say stays. A member's shares, float and cap are in
    no reply: they stay, too.
    """
    known = {each.symbol: each for each in filed.instruments}
    priced = {_code(row.get("Symbol")): row for row in prices}
    instruments, differs = list[Instrument](), list[Differs]()
    for row in details:
        symbol = _code(row.get("Symbol"))
        if not symbol:
            continue
        before = known.get(symbol)
        told = _instrument(symbol, row, priced.get(symbol, {}), before, day)
        if told is not None and told != before:
            instruments.append(told)
            differs += _compared(symbol, before, told)
    baskets = _baskets(components, filed.baskets, day, differs)
    if not instruments and not baskets:
        return Listing(None, differs)
    source = f"SSI's REST on {day}, beside {filed.source}"
    record = Reference(venue=VENUE, source=source, instruments=instruments, baskets=baskets)
    return Listing(record, differs)


def _instrument(
    symbol: str, row: Row, price: Row, before: Instrument | None, day: date
) -> Instrument | None:
    exchange = _EXCHANGES.get(_text(row.get("Exchange") or row.get("MarketId")).upper())
    kind = _KINDS.get(_text(row.get("SecType")).upper()) or kind_of(symbol)
    if before is None:
        exchange = exchange or exchange_of(symbol)
        if kind is None:
            return None
        before = Instrument(
            symbol=symbol, feed="", seq=0, ts_ms=0, venue=VENUE, exchange=exchange, kind=kind,
            lot=lot(kind), price_steps=list(price_steps(exchange, kind)),
        )  # fmt: skip
    isin = _text(row.get("Isin"))
    found = {
        "exchange": exchange,
        "name_vi": _text(row.get("SymbolName")) or None,
        "name_en": _text(row.get("SymbolEngName")) or None,
        "isin": isin if _ISIN.fullmatch(isin) else None,
        "first_trading_day": _iso(row.get("FirstTradingDate")),
        "last_trading_day": _iso(row.get("LastTradingDate")),
        "multiplier": _number(row.get("ContractMultiplier")),
        "lot": _whole(row.get("LotSize")),
        "listed_shares": _whole(row.get("ListedShare")) if before.kind != "future" else None,
    }
    if _iso(price.get("TradingDate")) == day.isoformat():
        found |= {
            "reference": _number(price.get("RefPrice")),
            "ceiling": _number(price.get("CeilingPrice")),
            "floor": _number(price.get("FloorPrice")),
        }
    said = {name: value for name, value in found.items() if value is not None}
    return msgspec.structs.replace(before, **said)


def _compared(symbol: str, before: Instrument | None, told: Instrument) -> list[Differs]:
    if before is None:
        return [Differs(symbol, "symbol", "absent", told.exchange)]
    fields = [name for name in told.__struct_fields__ if name not in _SILENT]
    # What the files do not know is no difference but news.
    return [
        Differs(symbol, name, str(old), str(new))
        for name in fields
        if (old := getattr(before, name)) != (new := getattr(told, name)) and old is not None
    ]


def _baskets(
    components: Iterable[Row], filed: Sequence[Basket], day: date, differs: list[Differs]
) -> list[Basket]:
    known = {basket.symbol: basket for basket in filed}
    found = []
    for row in components:
        index = _code(row.get("IndexCode"))
        members = [_code(each.get("StockSymbol")) for each in row.get("IndexComponent") or []]
        members = [each for each in members if each]
        if not index or not members:
            continue
        before = known.get(index)
        weights = {member.symbol: member for member in before.members} if before else {}
        if before is not None and set(members) == set(weights):
            continue
        made = [weights.get(symbol) or Member(symbol) for symbol in sorted(set(members))]
        found.append(
            Basket(
                symbol=index, feed="", seq=0, ts_ms=0, members=made,
                effective_date=day.isoformat(), source=f"SSI IndexComponents of {day}",
            )
        )  # fmt: skip
        gone, new = sorted(set(weights) - set(members)), sorted(set(members) - set(weights))
        differs.append(Differs(index, "members", " ".join(gone), " ".join(new)))
    return found


def _code(value: Any) -> str:
    text = _text(value).upper()
    return text if _CODE.fullmatch(text) else ""


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    """A positive number written out, None for what is none."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if 0 < found < 1e12 else None  # NaN is neither


def _whole(value: Any) -> int | None:
    found = _number(value)
    return int(found) if found is not None and found == int(found) else None


def _iso(value: Any) -> str | None:
    try:
        return datetime.strptime(_text(value), "%d/%m/%Y").date().isoformat()  # noqa: DTZ007
    except ValueError:
        return None

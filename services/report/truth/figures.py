"""Foreign trading, the board's last row and indices against the truth."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.report.truth.kept import Row
from services.report.truth.told import Print

_NS = 1_000_000_000
_UTC_PLUS_7, _DAY, _HOSE_CLOSES = 7 * 3600, 86_400, (14 * 60 + 45) * 60
_FOREIGN = ("buy_volume", "sell_volume", "buy_value", "sell_value")
_SUMS = ("total_volume", "total_value", "put_through_volume", "put_through_value")
_BREADTH = ("advances", "declines", "unchanged", "ceilings", "floors")


def faults_of_foreign(
    sums: Mapping[str, Any], row: Row | None, true: Sequence[Print]
) -> Iterator[str]:
    """
    Volumes and values of the day, and the total room.

    At HOSE a value is SSI's approximation, volume x last price: the last price at the time of
    the message, from the true prints.
    """
    wanted = dict(sums["foreign"])
    if row is None:
        if wanted["buy_volume"] or wanted["sell_volume"]:
            yield "foreign trading is missing"
        return
    if row["value_basis"] != "vendor":
        price = _price_before(true, row["second"] * _NS)
        for side in ("buy", "sell"):
            wanted[f"{side}_value"] = wanted[f"{side}_volume"] * price
    for name in (*_FOREIGN, "total_room"):
        if row[name] != wanted[name]:
            yield f"foreign {name} is {_said(row[name])}, not {_said(wanted[name])}"


def _price_before(prints: Sequence[Print], time_ns: int) -> float:
    return next((p.price for p in reversed(prints) if p.time_ns < time_ns), 0.0)


def faults_of_board(
    sums: Mapping[str, Any], channels: frozenset[str], row: Row | None
) -> Iterator[str]:
    """Every figure of the last row that the truth knows and the tape's channels tell."""
    if row is None:
        yield "the board has no row"
        return
    for name, wanted in _board(sums, channels).items():
        if row[name] != wanted:
            yield f"the board's {name} is {_said(row[name])}, not {_said(wanted)}"


def _board(sums: Mapping[str, Any], channels: frozenset[str]) -> dict[str, Any]:
    """Column of the board -> what it must be at the end of the day."""
    traded = sums["close"] is not None
    found: dict[str, Any] = {
        "reference": sums["reference"],
        "last": sums["close"],
        "last_volume": sums["last_volume"] if traded else None,
        "open": sums["open"],
        "high": sums["high"],
        "low": sums["low"],
        "phase": "closed",
    }
    if traded:
        found |= {"total_volume": sums["total_volume"], "total_value": sums["total_value"]}
    if channels & {"X-QUOTE", "X"}:
        found |= {"bids": _levels(sums["bids"]), "asks": _levels(sums["asks"])}
    if foreign := _told_foreign(sums, channels):
        found |= foreign
    odd = sum(part["volume"] for part in sums["flow"].get("odd_lot", {}).values())
    if odd and "OL" in channels:
        found["odd_lot_volume"] = odd
    if sums["open_interest"] is not None and channels & {"S", "S-ALL"}:
        found["open_interest"] = sums["open_interest"]
    return found


def _told_foreign(sums: Mapping[str, Any], channels: frozenset[str]) -> dict[str, int]:
    bought, sold = sums["foreign"]["buy_volume"], sums["foreign"]["sell_volume"]
    if "R" not in channels or not (bought or sold):
        return {}
    return {"foreign_buy_volume": bought, "foreign_sell_volume": sold}


def _levels(levels: Sequence[Sequence[float]]) -> list[list[float]]:
    return [[float(price), float(volume)] for price, volume in levels]


def faults_of_index(
    name: str, true: Mapping[int, Mapping[str, Any]], rows: Mapping[int, Row]
) -> Iterator[str]:
    """Every published value of an index: missing ones, strange ones, and other figures."""
    if lost := len(set(true) - set(rows)):
        yield f"{lost:,} of {len(true):,} values are missing"
    if more := len(set(rows) - set(true)):
        yield f"{more:,} values never were"
    other = [
        second
        for second in sorted(set(true) & set(rows))
        if _differs(name, true[second], rows[second])
    ]
    if other:
        what = ", ".join(_differs(name, true[other[0]], rows[other[0]]))
        yield f"{len(other):,} values differ, the first in {what}"


def _differs(index: str, true: Mapping[str, Any], row: Row) -> list[str]:
    pairs = {name: (row[name], true[name]) for name in ("value", "prior", *_SUMS)}
    pairs["estimated_value"] = row["estimated_value"], true["expected"]
    # SSI's breadth is all zeros before the first trade, and of VN30 after the close: unknown.
    silent = not any(true[name] for name in _BREADTH[:3])
    since_midnight = (true["time_ns"] // _NS + _UTC_PLUS_7) % _DAY
    if not silent and not (index == "VN30" and since_midnight > _HOSE_CLOSES):
        pairs |= {name: (row[name], true[name]) for name in _BREADTH}
    return [name for name, (said, wanted) in pairs.items() if said != wanted]


def _said(value: Any) -> str:
    return f"{value:,.12g}" if isinstance(value, int | float) else str(value)

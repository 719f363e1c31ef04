"""The rows of a price board at the end of a day, from derived topics alone."""

from dataclasses import dataclass
from typing import Any

from services.report.derived import Derived, Row

VN30, VNINDEX = "VN30", "VNINDEX"


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One share: `row` as `board` says it, `flow` the day's row of `session-flow`, if any."""

    symbol: str
    row: Row
    flow: Row | None

    def active(self, side: str) -> float | None:
        """Volume that buyers (`buy`) or sellers (`sell`) took of the book; None where unknown."""
        volume: float | None = self.flow[f"{side}_volume"] if self.flow else None
        return volume


def lines(derived: Derived) -> list[BoardLine]:
    """
    The members of VN30 by code, those that have a row; where the tape has no basket of it, all
    shares.
    """
    members = _members(derived)
    names = sorted(s for s in derived.board if (s in members if members else _is_share(derived, s)))
    days = derived.flow_of_day()
    return [
        BoardLine(symbol, row := derived.board[symbol], days.get((symbol, row["day"])))
        for symbol in names
    ]


def indices(derived: Derived) -> list[Row]:
    """The last values of VN30 and VNINDEX, those that there are."""
    found: list[Row] = [
        derived.index_values[name] for name in (VN30, VNINDEX) if name in derived.index_values
    ]
    return found


def _members(derived: Derived) -> set[str]:
    basket: dict[str, Any] | None = derived.baskets.get(VN30)
    return {member["symbol"] for member in basket["members"]} if basket else set()


def _is_share(derived: Derived, symbol: str) -> bool:
    return derived.board[symbol]["kind"] in (None, "stock")

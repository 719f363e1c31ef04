"""Messages for the tests of foreign flow, and a partition that takes them."""

from typing import Any

import msgspec

from schemas.foreign_flow import ForeignFlow
from schemas.market import Foreign, Gap, MarketMessage
from services.foreign.app import SERVICE
from services.foreign.core.state import VenueState
from services.runtime.partition import Partition
from tests.unit.board.support import HPG, SECOND, T0, clock, foreign, head, instrument, status

OPEN = T0 + 900 * SECOND
"""09:15:00 at UTC+7 on Monday, 20 July 2026."""


def totals(seq: int, buy: int, sell: int, symbol: str = HPG, **more: Any) -> Foreign:
    """The vendor's totals so far, values at 20,000 VND a share."""
    values = {"buy_value": buy * 20_000.0, "sell_value": sell * 20_000.0, "symbol": symbol}
    return foreign(seq, **{"buy_volume": buy, "sell_volume": sell, **values, **more})


def gap(seq: int, cause: Any = "restart", symbol: str = "*") -> Gap:
    span: dict[str, Any] = {"venue": "VN", "channel": "R", "from_ts_ms": 0, "to_ts_ms": 1}
    return Gap(**head(seq, symbol), cause=cause, **span)


class Flow:
    """One input partition, run by the pump's rules; `records` are what it wrote."""

    def __init__(self, *first: MarketMessage) -> None:
        self.records: list[bytes] = []
        self.state = self._new()
        self.take(*first)

    def _new(self) -> Partition[VenueState]:
        sinks = {ForeignFlow: lambda _key, value: self.records.append(value)}
        return Partition(SERVICE, sinks, [])

    def take(self, *messages: MarketMessage) -> list[ForeignFlow]:
        """Give messages as one record; the rows that came out."""
        before = len(self.records)
        assert self.state.run(self.state.next_offset, messages) == []
        return rows_of(self.records[before:])

    def restart(self) -> None:
        """Go on from the encoded state."""
        data, offset = self.state.encode(), self.state.next_offset
        self.state = self._new()
        self.state.restore(data, offset)

    def row(self, *messages: MarketMessage) -> ForeignFlow:
        """Give messages and the clock after them; the one row that came out."""
        (row,) = self.take(*messages, clock(messages[-1].seq))
        return row


def rows_of(records: list[bytes]) -> list[ForeignFlow]:
    return [msgspec.json.decode(value, type=ForeignFlow) for value in records]


def opened() -> Flow:
    """A day that the tape has seen from before the opening; it is 09:15:00 and continuous."""
    return Flow(
        status(T0 - SECOND + 1, "pre_open"),
        instrument(T0 - SECOND + 2),
        status(OPEN + 1, "continuous"),
    )

"""Messages for the rules' tests, and the analytics that take them by the pump's rules."""

from typing import Any

import msgspec

from schemas.alerts import Alert
from schemas.base import BROADCAST
from schemas.basis import Basis
from schemas.board import BoardRow
from schemas.foreign_flow import ForeignFlow
from schemas.index_estimates import IndexEstimate
from schemas.keys import venue_of
from schemas.market import Gap, Index, Instrument, Trade
from schemas.session_flow import SessionFlow
from schemas.trades_classified import TradeClassified
from services.analytics.core.memory import VenueState
from services.runtime.partition import Partition
from tests.support.alerts import EAGER, analytics, only

SECOND = 1_000_000
DAY = 86_400 * SECOND
T0 = 1_784_512_800 * SECOND
"""09:00 at UTC+7 on Monday, 20 July 2026."""


def at(hour: int, minute: int = 0, second: float = 0, day: int = 0) -> int:
    """The seq of a local time, `day` days after 20 July 2026."""
    since = (hour - 9) * 3600 + minute * 60 + second
    return T0 + day * DAY + round(since * SECOND)


def head(seq: int, symbol: str = "HPG") -> dict[str, Any]:
    return {"symbol": symbol, "feed": "ssi", "seq": seq, "ts_ms": seq // 1000}


def printed(
    seq: int, price: float = 30.0, volume: float = 100, symbol: str = "HPG", **more: Any
) -> TradeClassified:
    about = {
        "side": "buy",
        "rule": None,
        "vendor_side": "buy",
        "inferred_side": None,
        "confidence": None,
        "phase": "continuous",
        "board": "main",
    }
    fields = {**head(seq, symbol), "price": price, "volume": volume, **about, **more}
    return TradeClassified(**fields)


def flow(
    seq: int, bought: float | None, sold: float | None, symbol: str = "HPG", **more: Any
) -> SessionFlow:
    volumes = {f"{side}_volume": 0 for side in ("buy", "sell", "neutral", "unknown", "unexplained")}
    counts = {f"{side}_count": 0 for side in ("buy", "sell", "neutral", "unknown")}
    values = {"buy_value": bought, "sell_value": sold, "neutral_value": 0.0, "total_value": None}
    about = {"venue": venue_of(symbol), "day": "2026-07-20", "phase": "day", "final": False}
    fields = {**head(seq, symbol), "total_volume": 0, **volumes, **counts, **values, **about}
    return SessionFlow(**{**fields, **more})


def row(seq: int, last: float | None, symbol: str = "HPG", **more: Any) -> BoardRow:
    return BoardRow(
        **head(seq, symbol), venue=venue_of(symbol), day="2026-07-20", last=last, **more
    )


def foreign(seq: int, symbol: str = "HPG", **known: Any) -> ForeignFlow:
    unknown = {f.name: None for f in msgspec.structs.fields(ForeignFlow) if f.required}
    about = {"venue": venue_of(symbol), "day": "2026-07-20", "resets": 0}
    return ForeignFlow(**{**unknown, **head(seq, symbol), **about, **known})


def basis(seq: int, symbol: str = "41I1G8000", **known: Any) -> Basis:
    unknown = {f.name: None for f in msgspec.structs.fields(Basis) if f.required}
    about = {"venue": "VN", "day": "2026-07-20", "underlying": "VN30", "stale": False}
    rates = {"spot_kind": "published", "rate": 0.05, "dividend_yield": 0.0, "roll": False}
    return Basis(**{**unknown, **head(seq, symbol), **about, **rates, **known})


def estimate(seq: int, error_percent: float | None, error: float | None) -> IndexEstimate:
    fields = msgspec.structs.fields(IndexEstimate)
    unknown = {f.name: None for f in fields if f.required} | {"weights_source": "file"}
    known = {"error_percent": error_percent, "error": error, "day": "2026-07-20"}
    return IndexEstimate(**{**unknown, **head(seq, "VN30"), **known})  # type: ignore[arg-type]


def trade(seq: int, price: float, symbol: str = "HPG", **more: Any) -> Trade:
    return Trade(**head(seq, symbol), price=price, volume=100, **more)


def index(seq: int, value: float, symbol: str = "VN30") -> Index:
    return Index(**head(seq, symbol), value=value)


def future(seq: int, symbol: str, *aliases: str) -> Instrument:
    about: dict[str, Any] = {"venue": "VN", "exchange": "DERIVATIVES", "kind": "future"}
    return Instrument(**head(seq, symbol), **about, aliases=list(aliases))


def gap(seq: int, seconds: float, cause: Any = "disconnect", symbol: str = BROADCAST) -> Gap:
    span = {"from_ts_ms": seq // 1000 - round(seconds * 1000), "to_ts_ms": seq // 1000}
    return Gap(**head(seq, symbol), venue="VN", channel="X-TRADE", cause=cause, **span)


class Rules:
    """One input partition of a topic under rules; `records` is what it wrote."""

    def __init__(self, topic: str, text: str = EAGER) -> None:
        self.records: list[tuple[bytes, bytes]] = []
        self._service = analytics(topic, text)
        self.state = self._new()

    def _new(self) -> Partition[VenueState]:
        return Partition(self._service, {Alert: lambda k, v: self.records.append((k, v))}, [])

    def take(self, *messages: Any) -> list[Alert]:
        """Give messages as one record; the alerts that came out."""
        before = len(self.records)
        assert self.state.run(self.state.next_offset, messages) == []
        return [msgspec.json.decode(v, type=Alert) for _, v in self.records[before:]]

    def restart(self) -> None:
        """Go on from the encoded state."""
        data, offset = self.state.encode(), self.state.next_offset
        self.state = self._new()
        self.state.restore(data, offset)


TRADES = "trades-classified"


def rules(source: str = TRADES, **fields: Any) -> Rules:
    return Rules(source, only(**fields))


def one(alerts: list[Alert]) -> Alert:
    (alert,) = alerts
    return alert

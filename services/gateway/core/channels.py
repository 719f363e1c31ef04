"""The channels that clients subscribe to: names, classes and keys, in one list."""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from schemas import market
from schemas.alerts import Alert
from schemas.bars import Bar
from schemas.basis import Basis
from schemas.board import BoardRow
from schemas.busd_forecasts import BusdForecast
from schemas.busd_patterns import BusdPattern
from schemas.foreign_flow import ForeignFlow
from schemas.index_estimates import IndexEstimate
from schemas.market_summary import MarketLeaders, MarketSummary
from schemas.session_flow import SessionFlow
from schemas.topic import Topic
from schemas.topics import (
    ALERTS,
    BARS,
    BASIS,
    BOARD,
    BUSD_FORECASTS,
    BUSD_PATTERNS,
    FOREIGN_FLOW,
    INDEX_ESTIMATES,
    INDEX_VALUES,
    INSTRUMENTS,
    MARKET,
    MARKET_SUMMARY,
    SESSION_FLOW,
    SESSIONS,
    TRADES_CLASSIFIED,
)
from schemas.trades_classified import TradeClassified

Kind = Literal["event", "state"]


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """
    One channel. A derived topic is a channel of its name; `market` is one per message type.

    Attributes:
        kind: `event`: every message arrives, in order, with `prev`; `state`: each message
            stands for itself and the newest of a key wins.
        key: fields that, within a stream, tell which state a message replaces.
        daily: a state of an older `day` is none any more (that of a phase not begun today).
        wild: a client may subscribe to all its streams at once with `*`.
        table: where the database keeps it; None when it does not.
    """

    name: str
    topic: Topic
    value: type[msgspec.Struct]
    kind: Kind
    key: tuple[str, ...] = ()
    wild: bool = False
    daily: bool = False
    table: str | None = None

    @property
    def tag(self) -> str:
        """`type` of its messages."""
        return str(self.value.__struct_config__.tag)

    def described(self) -> dict[str, Any]:
        """What `GET /v1/channels` says of it."""
        return {
            "channel": self.name,
            "class": self.kind,
            "key": ["symbol", *self.key],
            "wildcard": self.wild,
            "history": self.table is not None,
            "topic": self.topic.name,
            "type": self.tag,
            "schema": msgspec.json.schema(self.value),
        }


def _event(value: type[msgspec.Struct], wild: bool = False, table: bool = True) -> Channel:
    name = str(value.__struct_config__.tag)
    return Channel(name, MARKET, value, "event", (), wild, table=_table(name) if table else None)


def _state(value: type[msgspec.Struct], *key: str) -> Channel:
    name = str(value.__struct_config__.tag)
    return Channel(name, MARKET, value, "state", key, True, table=_table(name))


def _derived(topic: Topic, value: type[msgspec.Struct], *key: str, daily: bool = False) -> Channel:
    return Channel(topic.name, topic, value, "state", key, True, daily, topic.table)


def _table(tag: str) -> str:
    return f"{MARKET.table}_{tag}"


CHANNELS: tuple[Channel, ...] = (
    Channel(
        TRADES_CLASSIFIED.name,
        TRADES_CLASSIFIED,
        TradeClassified,
        "event",
        table=TRADES_CLASSIFIED.table,
    ),
    _derived(SESSION_FLOW, SessionFlow, "phase", daily=True),
    _derived(FOREIGN_FLOW, ForeignFlow),
    _derived(BASIS, Basis),
    _derived(BOARD, BoardRow),
    # Of each interval the bar under way and the last that is over: the first never hides it.
    _derived(BARS, Bar, "interval", "phase", "final"),
    _derived(INDEX_ESTIMATES, IndexEstimate),
    _derived(MARKET_SUMMARY, MarketSummary),
    Channel("market-leaders", MARKET_SUMMARY, MarketLeaders, "state", table="market_leaders"),
    Channel(BUSD_PATTERNS.name, BUSD_PATTERNS, BusdPattern, "event", table=BUSD_PATTERNS.table),
    _derived(BUSD_FORECASTS, BusdForecast),
    # `status` is every change, this is what holds now: of each exchange, and of halted symbols.
    _derived(SESSIONS, market.Status, "exchange"),
    # Streams are (rule, symbol): of each the newest stands; history has all.
    _derived(ALERTS, Alert, "rule"),
    # A trade is stored once, classified.
    _event(market.Trade, table=False),
    _event(market.BookDelta),
    _event(market.Status, wild=True),
    _event(market.Gap, wild=True),
    _state(market.Quote, "board"),
    _state(market.Foreign),
    _state(market.Day),
    _state(market.Index),
    _state(market.Auction),
    _state(market.OpenInterest),
    _state(market.Candle, "interval", "source"),
    _state(market.Instrument),
    _state(market.Basket),
)
"""
No `clock`: order between streams is not promised, so a client could close nothing by it.
Gaps and statuses forwarded into derived topics are served once, from `market`.
"""

BY_NAME: dict[str, Channel] = {c.name: c for c in CHANNELS}
_ALSO = ((INSTRUMENTS, "instrument"), (INSTRUMENTS, "basket"), (INDEX_VALUES, "index"))
"""The same messages, kept for ever: a gateway that starts has them, however long ago they came."""
BY_TOPIC_AND_TYPE: dict[tuple[str, str], Channel] = {
    **{(c.topic.name, c.tag): c for c in CHANNELS},
    **{(topic.name, name): BY_NAME[name] for topic, name in _ALSO},
}
TOPICS: tuple[Topic, ...] = tuple(
    dict.fromkeys([*(c.topic for c in CHANNELS), *(topic for topic, _ in _ALSO)])
)

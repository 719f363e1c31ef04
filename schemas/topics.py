"""
Every topic, once. `vntape topics apply` creates them from here and nothing else does.

A name here is without the tape: `Topic.on(tape)` is the Kafka name, `demo.market` on the
tape `demo`, bare `market` on `live`.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from schemas.alerts import Alert
from schemas.bars import Bar
from schemas.basis import Basis
from schemas.board import BoardRow
from schemas.busd_forecasts import BusdForecast
from schemas.busd_partials import BusdPartial
from schemas.busd_patterns import BusdPattern
from schemas.control import ControlMessage
from schemas.foreign_flow import ForeignFlow
from schemas.index_estimates import IndexEstimate
from schemas.market import Basket, Index, Instrument, MarketMessage, Status
from schemas.market_partials import MarketPartial
from schemas.market_summary import MarketSummaryMessage
from schemas.session_flow import SessionFlow
from schemas.trades_classified import TradesClassifiedMessage

LIVE = "live"
_TAKEN = {"public", "information"}
"""Schemas that a database has, like all that begin with pg."""
PARTITIONS = 12
"""Of `market` and all derived topics: fixed for a tape's life; divides by 1, 2, 3, 4, 6, 12."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

Codec = Literal["raw", "frames", "json", "snapshot", "dead_letter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """
    One topic's contract.

    Attributes:
        value: the type of a message, for decoders; None where the value is opaque bytes.
        codec: raw vendor bytes, frames (NDJSON, only `market`), one JSON message a record,
            a chunk of a snapshot, or a dead letter.
        stream: which field, or pair, names the stream in which `(seq, part)` increases.
        key: what the record key is.
        retention_ms: on the tape `live`; elsewhere a tape is kept until it is dropped.
        compression: of the producers' batches.
        compacted: the last record of each key is kept for ever.
        clocked: clocks, gaps and statuses of the input are forwarded into it.
    """

    name: str
    value: Any
    codec: Codec
    stream: str
    key: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    partitions: int = PARTITIONS
    retention_ms: int = 7 * DAY_MS
    compression: Literal["none", "lz4", "zstd"] = "none"
    compacted: bool = False
    clocked: bool = False

    def on(self, tape: str) -> str:
        """The name of this topic in Kafka on `tape`."""
        return self.name if tape == LIVE else f"{tape}.{self.name}"

    @property
    def table(self) -> str:
        """The name with `_`: its table, its module, its metric label."""
        return self.name.replace("-", "_")


def check_tape(tape: str) -> str:
    """
    The tape's name, when it is one.

    Raises:
        ValueError: when it is not a letter followed by letters and digits, all lower case, or
            when a database has that schema for itself.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]{0,39}", tape):
        raise ValueError(f"a tape's name is [a-z][a-z0-9]*, at most 40 characters; it was {tape!r}")
    if tape in _TAKEN or tape.startswith("pg"):
        raise ValueError(f"a tape cannot be named {tape!r}: the database has that name for itself")
    return tape


BINANCE = Topic(
    name="binance",
    value=None,
    codec="raw",
    stream="venue",
    key="routing key",
    producers=("ingest",),
    consumers=("ingest",),
)


def _vietnamese(name: str) -> Topic:
    return Topic(
        name=name,
        value=None,
        codec="raw",
        stream="venue",
        key="routing key",
        producers=("ingest",),
        consumers=("ingest",),
    )


SSI_X = _vietnamese("ssi-x")
SSI_R = _vietnamese("ssi-r")
SSI_MI = _vietnamese("ssi-mi")
SSI_B = _vietnamese("ssi-b")
SSI_F = _vietnamese("ssi-f")
SSI_OL = _vietnamese("ssi-ol")
SSI3 = _vietnamese("ssi3")
IBOARD = _vietnamese("iboard")
CONTROL = Topic(
    name="control",
    value=ControlMessage,
    codec="raw",
    stream="venue",
    key="venue",
    producers=("ingest",),
    consumers=("ingest",),
    partitions=1,
)
MARKET = Topic(
    name="market",
    value=MarketMessage,
    codec="frames",
    stream="symbol",
    key="none",
    producers=("ingest",),
    consumers=(
        "classifier",
        "board",
        "foreign",
        "derivatives",
        "orderflow-index",
        "index",
        "analytics-market",
        "analytics-busd",
        "writer",
        "gateway",
    ),
    clocked=True,
)
TRADES_CLASSIFIED = Topic(
    name="trades-classified",
    value=TradesClassifiedMessage,
    codec="json",
    stream="symbol",
    key="routing key",
    producers=("classifier",),
    consumers=("orderflow", "analytics-trades-classified", "writer", "gateway"),
    clocked=True,
)
SESSION_FLOW = Topic(
    name="session-flow",
    value=SessionFlow,
    codec="json",
    stream="symbol",
    key="routing key",
    producers=("classifier",),
    consumers=("analytics-session-flow", "writer", "gateway"),
)
CLASSIFIER_SNAPSHOTS = Topic(
    name="classifier-snapshots",
    value=None,
    codec="snapshot",
    stream="partition",
    key="none",
    producers=("classifier",),
    consumers=("classifier",),
    retention_ms=14 * DAY_MS,
)


def _latest(name: str, value: Any, key: str, *readers: str) -> Topic:
    """
    A compacted topic of `board`: read from the beginning it gives the whole picture.

    After a crash whole runs of old records come again, so for a moment the last record of a key
    may be an older one: a reader keeps the newest `(seq, part)` of each key.
    """
    return Topic(
        name=name,
        value=value,
        codec="json",
        stream="symbol",
        key=key,
        producers=("board",),
        consumers=(*readers, "writer", "gateway"),
        compacted=True,
    )


BOARD = _latest("board", BoardRow, "symbol", "analytics-board")
INSTRUMENTS = _latest("instruments", Instrument | Basket, "symbol; of a basket, basket:symbol")
SESSIONS = _latest("sessions", Status, "symbol; of a broadcast, the exchange")
INDEX_VALUES = _latest("index-values", Index, "symbol")
BOARD_SNAPSHOTS = Topic(
    name="board-snapshots",
    value=None,
    codec="snapshot",
    stream="partition",
    key="none",
    producers=("board",),
    consumers=("board",),
    retention_ms=14 * DAY_MS,
)
BARS = Topic(
    name="bars",
    value=Bar,
    codec="json",
    stream="symbol",
    key="routing key",
    producers=("orderflow", "orderflow-index"),
    consumers=("writer", "gateway"),
)


def _snapshots(service: str, partitions: int = PARTITIONS) -> Topic:
    return Topic(
        name=f"{service}-snapshots",
        value=None,
        codec="snapshot",
        stream="partition",
        key="none",
        producers=(service,),
        consumers=(service,),
        partitions=partitions,
        retention_ms=14 * DAY_MS,
    )


ORDERFLOW_SNAPSHOTS = _snapshots("orderflow")
ORDERFLOW_INDEX_SNAPSHOTS = _snapshots("orderflow-index")
MARKET_PARTIALS = Topic(
    name="market-partials",
    value=MarketPartial,
    codec="json",
    stream="symbol, which names a partition of market",
    key="symbol",
    producers=("index",),
    consumers=("index-merge",),
    partitions=1,
)


def _of_the_merge(name: str, value: Any, *readers: str) -> Topic:
    return Topic(
        name=name,
        value=value,
        codec="json",
        stream="symbol",
        key="symbol",
        producers=("index-merge",),
        consumers=(*readers, "writer", "gateway"),
        partitions=1,
    )


INDEX_ESTIMATES = _of_the_merge("index-estimates", IndexEstimate, "analytics-index-estimates")
MARKET_SUMMARY = _of_the_merge("market-summary", MarketSummaryMessage)
INDEX_SNAPSHOTS = _snapshots("index")
INDEX_MERGE_SNAPSHOTS = _snapshots("index-merge", 1)
BUSD_PATTERNS = Topic(
    name="busd-patterns",
    value=BusdPattern,
    codec="json",
    stream="symbol",
    key="routing key",
    producers=("analytics-busd",),
    consumers=("writer", "gateway"),
)
BUSD_PARTIALS = Topic(
    name="busd-partials",
    value=BusdPartial,
    codec="json",
    stream="symbol, which names a partition of market",
    key="symbol",
    producers=("analytics-busd",),
    consumers=("analytics-busd-merge",),
    partitions=1,
)
BUSD_FORECASTS = Topic(
    name="busd-forecasts",
    value=BusdForecast,
    codec="json",
    stream="symbol",
    key="symbol",
    producers=("analytics-busd-merge",),
    consumers=("writer", "gateway"),
    partitions=1,
)
ANALYTICS_BUSD_SNAPSHOTS = _snapshots("analytics-busd")
ANALYTICS_BUSD_MERGE_SNAPSHOTS = _snapshots("analytics-busd-merge", 1)
FOREIGN_FLOW = Topic(
    name="foreign-flow",
    value=ForeignFlow,
    codec="json",
    stream="symbol",
    key="routing key",
    producers=("foreign",),
    consumers=("analytics-foreign-flow", "writer", "gateway"),
)
FOREIGN_SNAPSHOTS = _snapshots("foreign")
BASIS = Topic(
    name="basis",
    value=Basis,
    codec="json",
    stream="symbol",
    key="routing key",
    producers=("derivatives",),
    consumers=("analytics-basis", "writer", "gateway"),
)
DERIVATIVES_SNAPSHOTS = _snapshots("derivatives")
ALERT_INPUTS: tuple[Topic, ...] = (
    MARKET,
    TRADES_CLASSIFIED,
    SESSION_FLOW,
    BOARD,
    FOREIGN_FLOW,
    BASIS,
    INDEX_ESTIMATES,
)
"""Over which rules may be written: an app each, `analytics-<topic>`."""
ALERTS = Topic(
    name="alerts",
    value=Alert,
    codec="json",
    stream="rule and symbol",
    key="routing key",
    producers=tuple(f"analytics-{source.name}" for source in ALERT_INPUTS),
    consumers=("writer", "gateway", "delivery"),
    retention_ms=14 * DAY_MS,
)
ANALYTICS_SNAPSHOTS: tuple[Topic, ...] = tuple(
    _snapshots(f"analytics-{source.name}", source.partitions) for source in ALERT_INPUTS
)
DEAD_LETTERS = Topic(
    name="dead-letters",
    value=None,
    codec="dead_letter",
    stream="service and source",
    key="the source's seq",
    producers=(
        "ingest",
        "classifier",
        "board",
        "foreign",
        "derivatives",
        "orderflow",
        "orderflow-index",
        "index",
        "index-merge",
        *ALERTS.producers,
        "analytics-busd",
        "analytics-busd-merge",
        "writer",
        "delivery",
    ),
    consumers=("writer",),
    partitions=1,
    retention_ms=30 * DAY_MS,
)

TOPICS: tuple[Topic, ...] = (
    BINANCE,
    SSI_X,
    SSI_R,
    SSI_MI,
    SSI_B,
    SSI_F,
    SSI_OL,
    SSI3,
    IBOARD,
    CONTROL,
    MARKET,
    TRADES_CLASSIFIED,
    SESSION_FLOW,
    CLASSIFIER_SNAPSHOTS,
    BOARD,
    INSTRUMENTS,
    SESSIONS,
    INDEX_VALUES,
    BOARD_SNAPSHOTS,
    BARS,
    ORDERFLOW_SNAPSHOTS,
    ORDERFLOW_INDEX_SNAPSHOTS,
    ALERTS,
    *ANALYTICS_SNAPSHOTS,
    FOREIGN_FLOW,
    FOREIGN_SNAPSHOTS,
    MARKET_PARTIALS,
    INDEX_ESTIMATES,
    MARKET_SUMMARY,
    INDEX_SNAPSHOTS,
    INDEX_MERGE_SNAPSHOTS,
    BUSD_PATTERNS,
    BUSD_PARTIALS,
    BUSD_FORECASTS,
    ANALYTICS_BUSD_SNAPSHOTS,
    ANALYTICS_BUSD_MERGE_SNAPSHOTS,
    BASIS,
    DERIVATIVES_SNAPSHOTS,
    DEAD_LETTERS,
)
BY_NAME: dict[str, Topic] = {t.name: t for t in TOPICS}


def snapshots_of(service: str) -> Topic:
    """The snapshot topic of a computing service; KeyError when it has none."""
    return BY_NAME[f"{service}-snapshots"]

"""
Every topic, once. `vntape topics apply` creates them from here and nothing else does.

A name here is without the tape: `Topic.on(tape)` is the Kafka name, `demo.market` on the
tape `demo`, bare `market` on `live`.
"""

from typing import Any

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
from schemas.topic import DAY_MS, PARTITIONS, Topic
from schemas.trades_classified import TradesClassifiedMessage


def _raw(name: str) -> Topic:
    """A vendor's channel, as it came."""
    return Topic(
        name=name,
        value=None,
        codec="raw",
        stream="venue",
        key="routing key",
        producers=("ingest",),
        consumers=("ingest",),
    )


def _snapshots(service: str, partitions: int = PARTITIONS) -> Topic:
    """The state of a computing service, by partition of its input."""
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


def _derived(
    name: str, value: Any, *producers: str, readers: tuple[str, ...] = (), clocked: bool = False
) -> Topic:
    """What a service computes of each symbol, kept in a table and streamed to clients."""
    return Topic(
        name=name,
        value=value,
        codec="json",
        stream="symbol",
        key="routing key",
        producers=producers,
        consumers=(*readers, "writer", "gateway"),
        clocked=clocked,
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


def _partials(name: str, value: Any, producer: str) -> Topic:
    """What each partition of `market` adds to a sum over all: one reader merges them."""
    return Topic(
        name=name,
        value=value,
        codec="json",
        stream="symbol, which names a partition of market",
        key="symbol",
        producers=(producer,),
        consumers=(f"{producer}-merge",),
        partitions=1,
    )


def _merged(name: str, value: Any, producer: str, *readers: str) -> Topic:
    """What such a merge computes of the whole market."""
    return Topic(
        name=name,
        value=value,
        codec="json",
        stream="symbol",
        key="symbol",
        producers=(producer,),
        consumers=(*readers, "writer", "gateway"),
        partitions=1,
    )


BINANCE = _raw("binance")
SSI_X = _raw("ssi-x")
SSI_R = _raw("ssi-r")
SSI_MI = _raw("ssi-mi")
SSI_B = _raw("ssi-b")
SSI_F = _raw("ssi-f")
SSI_OL = _raw("ssi-ol")
SSI3 = _raw("ssi3")
IBOARD = _raw("iboard")
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
TRADES_CLASSIFIED = _derived(
    "trades-classified",
    TradesClassifiedMessage,
    "classifier",
    readers=("orderflow", "analytics-trades-classified"),
    clocked=True,
)
SESSION_FLOW = _derived(
    "session-flow", SessionFlow, "classifier", readers=("analytics-session-flow",)
)
CLASSIFIER_SNAPSHOTS = _snapshots("classifier")
BOARD = _latest("board", BoardRow, "symbol", "analytics-board")
INSTRUMENTS = _latest("instruments", Instrument | Basket, "symbol; of a basket, basket:symbol")
SESSIONS = _latest("sessions", Status, "symbol; of a broadcast, the exchange")
INDEX_VALUES = _latest("index-values", Index, "symbol")
BOARD_SNAPSHOTS = _snapshots("board")
BARS = _derived("bars", Bar, "orderflow", "orderflow-index")
ORDERFLOW_SNAPSHOTS = _snapshots("orderflow")
ORDERFLOW_INDEX_SNAPSHOTS = _snapshots("orderflow-index")
MARKET_PARTIALS = _partials("market-partials", MarketPartial, "index")
INDEX_ESTIMATES = _merged(
    "index-estimates", IndexEstimate, "index-merge", "analytics-index-estimates"
)
MARKET_SUMMARY = _merged("market-summary", MarketSummaryMessage, "index-merge")
INDEX_SNAPSHOTS = _snapshots("index")
INDEX_MERGE_SNAPSHOTS = _snapshots("index-merge", 1)
BUSD_PATTERNS = _derived("busd-patterns", BusdPattern, "analytics-busd")
BUSD_PARTIALS = _partials("busd-partials", BusdPartial, "analytics-busd")
BUSD_FORECASTS = _merged("busd-forecasts", BusdForecast, "analytics-busd-merge")
ANALYTICS_BUSD_SNAPSHOTS = _snapshots("analytics-busd")
ANALYTICS_BUSD_MERGE_SNAPSHOTS = _snapshots("analytics-busd-merge", 1)
FOREIGN_FLOW = _derived("foreign-flow", ForeignFlow, "foreign", readers=("analytics-foreign-flow",))
FOREIGN_SNAPSHOTS = _snapshots("foreign")
BASIS = _derived("basis", Basis, "derivatives", readers=("analytics-basis",))
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

"""
Step 2 of the market-wide merge on the pump (design §7): one worker puts the partials of a second
together when all partitions have passed it.
"""

from schemas.index_estimates import IndexEstimate
from schemas.market_summary import MarketLeaders, MarketSummary
from schemas.topics import INDEX_ESTIMATES, MARKET_PARTIALS, MARKET_SUMMARY
from services.index.core.merge import MergeState, initial, merge
from services.runtime.metrics import Metrics
from services.runtime.service import Service

VERSION = 1
"""Of the state's layout and of the results (design §6)."""

NAME = "index-merge"


def measure(state: MergeState, metrics: Metrics) -> None:
    """How far the estimates are off, and whether a partition keeps the merge waiting."""
    for name, index in state.market.indices.items():
        if index.error_percent is not None and index.error_ts_ms is not None:
            metrics.index_error.labels(NAME, name).set(index.error_percent / 100)
            metrics.index_settled.labels(NAME, name).set(index.error_ts_ms / 1000)
    newest = max(state.passed)
    behind_us = newest - min(state.waiting, default=newest)
    metrics.merge_waiting.labels(NAME).set(behind_us / 1_000_000)


SERVICE: Service[MergeState] = Service(
    name=NAME,
    version=VERSION,
    input=MARKET_PARTIALS,
    outputs={
        IndexEstimate: INDEX_ESTIMATES,
        MarketSummary: MARKET_SUMMARY,
        MarketLeaders: MARKET_SUMMARY,
    },
    state=MergeState,
    initial=initial,
    step=merge,
    unit="venue",
    measure=measure,
)

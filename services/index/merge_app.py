"""
Step 2 of the market-wide merge on the pump (design §7): one worker puts the partials of a second
together when all partitions have passed it.
"""

from schemas.index_estimates import IndexEstimate
from schemas.market_summary import MarketLeaders, MarketSummary
from schemas.topics import INDEX_ESTIMATES, MARKET_PARTIALS, MARKET_SUMMARY
from services.index.core.merge import MergeState, initial, merge
from services.runtime.service import Service

VERSION = 1
"""Of the state's layout and of the results (design §6)."""

SERVICE: Service[MergeState] = Service(
    name="index-merge",
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
)

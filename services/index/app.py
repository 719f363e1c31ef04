"""
Step 1 of the market-wide merge on the pump (design §7): each partition of `market` to one partial
a second, with as many workers as one likes. Step 2 is `merge_app`.
"""

from schemas.market_partials import MarketPartial
from schemas.topics import MARKET, MARKET_PARTIALS
from services.index.core.reduce import is_open, step
from services.index.core.reduced import PartitionState, initial
from services.runtime.service import Service

VERSION = 1
"""Of the state's layout and of the results (design §6)."""

SERVICE: Service[PartitionState] = Service(
    name="index",
    version=VERSION,
    input=MARKET,
    outputs={MarketPartial: MARKET_PARTIALS},
    state=PartitionState,
    initial=initial,
    step=step,
    unit="partition",
    is_open=is_open,
)

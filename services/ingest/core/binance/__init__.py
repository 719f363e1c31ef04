"""Binance: spot (BN), USD-M (BNF) and COIN-M (BNC) streams and REST snapshots."""

from services.ingest.core.binance.decoder import BinanceDecoder
from services.ingest.core.binance.route import route
from services.ingest.core.feed import Feed

FEED = Feed(route=route, decoder=BinanceDecoder)

__all__ = ["FEED", "BinanceDecoder", "route"]

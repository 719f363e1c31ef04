"""Binance: spot (BN), USD-M (BNF) and COIN-M (BNC) streams and REST snapshots."""

from services.ingest.core.binance.decoder import BinanceDecoder
from services.ingest.core.binance.route import route
from services.ingest.core.feed import Feed, Routed

TOPIC = "binance"


def _routed(venue: str, message: bytes) -> Routed:
    return Routed(TOPIC, *route(venue, message), message)


FEED = Feed(route=_routed, decoder=BinanceDecoder, topics=(TOPIC,))

__all__ = ["FEED", "BinanceDecoder", "route"]

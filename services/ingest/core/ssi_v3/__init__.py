"""SSI FastConnect v3: trades, books, foreign room, indices and sessions of the venue VN."""

from services.ingest.core.feed import Feed
from services.ingest.core.ssi_v3.decoder import SsiV3Decoder
from services.ingest.core.ssi_v3.route import TOPIC, route

FEED = Feed(route=route, decoder=SsiV3Decoder, topics=(TOPIC,))

__all__ = ["FEED", "SsiV3Decoder", "route"]

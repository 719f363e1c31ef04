"""SSI FastConnect Data v2: channels F, X-TRADE, X-QUOTE, X, R, MI, B, OL of the venue VN."""

from services.ingest.core.feed import Feed
from services.ingest.core.ssi_v2.decoder import SsiDecoder
from services.ingest.core.ssi_v2.route import TOPICS, route

FEED = Feed(route=route, decoder=SsiDecoder, topics=TOPICS)

__all__ = ["FEED", "SsiDecoder", "route"]

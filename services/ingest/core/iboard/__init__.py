"""SSI's iBoard push feed: L# (trades) and S# (quotes and figures) of the venue VN."""

from services.ingest.core.feed import Feed
from services.ingest.core.iboard.decoder import IboardDecoder
from services.ingest.core.iboard.route import TOPIC, route

FEED = Feed(route=route, decoder=IboardDecoder, topics=(TOPIC,))

__all__ = ["FEED", "IboardDecoder", "route"]

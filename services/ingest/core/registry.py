"""The feeds that ingest can decode, by the name that raw records carry."""

from collections.abc import Mapping

from services.ingest.core import binance
from services.ingest.core.feed import Feed

FEEDS: Mapping[str, Feed] = {"binance": binance.FEED}

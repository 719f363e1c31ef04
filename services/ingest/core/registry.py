"""The feeds that ingest can decode, by the name that raw records carry."""

from collections.abc import Mapping

from services.ingest.core import binance, iboard, ssi_v2, ssi_v3
from services.ingest.core.feed import Feed

FEEDS: Mapping[str, Feed] = {
    "binance": binance.FEED,
    "ssi": ssi_v2.FEED,
    "ssi3": ssi_v3.FEED,
    "iboard": iboard.FEED,
}

"""The live lines that a person asked for, from settings."""

from collections.abc import Callable, Sequence

from services.ingest.feeds.base import FeedError
from services.ingest.feeds.live import iboard, ssi_v2, web
from services.ingest.feeds.live.line import Line
from services.ingest.feeds.live.ssi_token import VARIABLES, Tokens
from services.runtime.settings import Settings


def lines_of(settings: Settings, names: Sequence[str]) -> list[Line]:
    """
    The lines of live feeds, by the names of `FEEDS`.

    Raises:
        FeedError: there is no such feed, or a setting of it is missing or wrong; naming it.
    """
    if unknown := [name for name in names if name not in FEEDS]:
        raise FeedError(f"no live feed {', '.join(unknown)}; there are {', '.join(FEEDS)}")
    return [line for name in dict.fromkeys(names) for line in FEEDS[name](settings)]


def _ssi_v2(settings: Settings) -> list[Line]:
    consumer, secret = settings.ssi_consumer_id, settings.ssi_consumer_secret
    if consumer is None or secret is None:
        raise FeedError(
            f"{VARIABLES} are needed (or the same with _FILE, naming a file): SSI gives them in "
            "iBoard, under support, API service"
        )
    rest = _address(settings.ssi_v2_rest_url, "VNTAPE_SSI_V2_REST_URL", "https")
    stream = _address(settings.ssi_v2_stream_url, "VNTAPE_SSI_V2_STREAM_URL", "https")
    tokens = Tokens(rest, consumer, secret)
    wanted = ssi_v2.wanted(settings.ssi_channels, settings.ssi_symbols)
    return [ssi_v2.SsiLine(each, stream, tokens, settings.feed_silence_s) for each in wanted]


def _iboard(settings: Settings) -> list[Line]:
    url = _address(settings.iboard_url, "VNTAPE_IBOARD_URL", "wss")
    symbols = iboard.symbols_of(settings.iboard_symbols)
    return [iboard.IboardLine(url, symbols, settings.feed_silence_s)]


FEEDS: dict[str, Callable[[Settings], list[Line]]] = {"ssi_v2": _ssi_v2, "iboard": _iboard}
"""Name of a live feed -> its lines."""


def _address(url: str, variable: str, secure: str) -> str:
    if fault := web.address_fault(url, secure):
        # Not what it was: a wrong address may hold a password.
        raise FeedError(f"{variable} {fault}")
    return url

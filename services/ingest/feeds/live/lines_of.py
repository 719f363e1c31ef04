"""The live lines that a person asked for, from settings."""

from collections.abc import Callable, Sequence
from functools import partial

from services.ingest.core.ssi_v2.route import MARKET
from services.ingest.feeds.base import FeedError
from services.ingest.feeds.live import binance, iboard, progress, ssi_v2, ssi_v3, web
from services.ingest.feeds.live.binance import BinanceLine
from services.ingest.feeds.live.binance_books import Books
from services.ingest.feeds.live.binance_history import History
from services.ingest.feeds.live.binance_rest import Rest
from services.ingest.feeds.live.line import Errand, Line
from services.ingest.feeds.live.ssi_backfill import PRINTS, SsiBackfill
from services.ingest.feeds.live.ssi_official import SsiOfficial
from services.ingest.feeds.live.ssi_reference import Filed, SsiReference
from services.ingest.feeds.live.ssi_rest import SsiRest
from services.ingest.feeds.live.ssi_token import VARIABLES, Tokens
from services.ingest.feeds.live.ssi_v3_token import VARIABLES as VARIABLES_V3
from services.ingest.feeds.live.ssi_v3_token import TokensV3
from services.ingest.feeds.live.watch import TradingDay
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


def _tokens(settings: Settings) -> tuple[str, Tokens]:
    consumer, secret = settings.ssi_consumer_id, settings.ssi_consumer_secret
    if consumer is None or secret is None:
        raise FeedError(
            f"{VARIABLES} are needed (or the same with _FILE, naming a file): SSI gives them in "
            "iBoard, under support, API service"
        )
    rest = _address(settings.ssi_v2_rest_url, "VNTAPE_SSI_V2_REST_URL", "https")
    return rest, Tokens(rest, consumer, secret)


def _ssi_v2(settings: Settings) -> list[Line]:
    _, tokens = _tokens(settings)
    stream = _address(settings.ssi_v2_stream_url, "VNTAPE_SSI_V2_STREAM_URL", "https")
    wanted = ssi_v2.wanted(settings.ssi_channels, settings.ssi_symbols)
    return [ssi_v2.SsiLine(each, stream, tokens, settings.feed_silence_s) for each in wanted]


def errands_of(
    settings: Settings, names: Sequence[str], filed: Filed, is_trading_day: TradingDay
) -> list[Errand]:
    """
    What is asked of these feeds' vendors beside; `filed` as of `SsiReference`.

    Raises:
        FeedError: as of `lines_of`.
    """
    if "ssi_v2" not in names:
        return []
    url, tokens = _tokens(settings)
    rest = SsiRest(url, tokens)
    wanted = ssi_v2.wanted(settings.ssi_channels, settings.ssi_symbols)
    prints = [each.symbols for each in wanted if f"{MARKET}.{each.channel}" in PRINTS]
    chosen = [] if ssi_v2.ALL in prints else [code for each in prints for code in each.split("-")]
    return [
        SsiReference(rest, filed),
        SsiBackfill(rest, chosen, filed, is_trading_day),
        SsiOfficial(rest, is_trading_day),
    ]


def _ssi_v3(settings: Settings) -> list[Line]:
    key, secret = settings.ssi_api_key, settings.ssi_api_secret
    if key is None or secret is None:
        raise FeedError(f"{VARIABLES_V3} are needed (or the same with _FILE, naming a file)")
    rest = _address(settings.ssi_v3_rest_url, "VNTAPE_SSI_V3_REST_URL", "https")
    stream = _address(settings.ssi_v3_stream_url, "VNTAPE_SSI_V3_STREAM_URL", "wss")
    tokens = TokensV3(rest, key, secret)
    kinds = ssi_v3.kinds_of_topics(settings.ssi_v3_topics)
    silence_s = settings.feed_silence_s
    return [
        ssi_v3.SsiV3Line(kind, topics, stream, tokens, silence_s) for kind, topics in kinds.items()
    ]


def _iboard(settings: Settings) -> list[Line]:
    url = _address(settings.iboard_url, "VNTAPE_IBOARD_URL", "wss")
    symbols = iboard.symbols_of(settings.iboard_symbols)
    return [iboard.IboardLine(url, symbols, settings.feed_silence_s)]


def _binance(settings: Settings, venue: str) -> list[Line]:
    usdm = "USDM_" if venue == "BNF" else ""
    symbols = settings.binance_usdm_symbols if usdm else settings.binance_symbols
    names = binance.symbols_of(symbols, f"VNTAPE_BINANCE_{usdm}SYMBOLS")
    stream = settings.binance_usdm_stream_url if usdm else settings.binance_stream_url
    stream = _address(stream, f"VNTAPE_BINANCE_{usdm}STREAM_URL", "wss")
    url = settings.binance_usdm_rest_url if usdm else settings.binance_rest_url
    rest = Rest(
        venue, _address(url, f"VNTAPE_BINANCE_{usdm}REST_URL", "https"), settings.binance_api_key
    )
    prints, books = binance.streams_of(settings.binance_streams)
    lines: list[Line] = []
    if prints:
        asked = names if "trade" in prints and (not usdm or settings.binance_api_key) else []
        history = History(venue, rest, asked, settings.binance_history, progress.shown())
        lines.append(BinanceLine(venue, stream, names, prints, history, settings.feed_silence_s))
    if books:
        deep = any(each.startswith("depth") for each in books)
        keeper = Books(venue, rest, names, deep=deep)
        lines.append(BinanceLine(venue, stream, names, books, keeper, settings.feed_silence_s))
    return lines


FEEDS: dict[str, Callable[[Settings], list[Line]]] = {
    "ssi_v2": _ssi_v2,
    "ssi_v3": _ssi_v3,
    "iboard": _iboard,
    "binance": partial(_binance, venue="BN"),
    "binance_usdm": partial(_binance, venue="BNF"),
}
"""Name of a live feed -> its lines."""


def _address(url: str, variable: str, secure: str) -> str:
    if fault := web.address_fault(url, secure):
        # Not what it was: a wrong address may hold a password.
        raise FeedError(f"{variable} {fault}")
    return url

"""Books of Vietnamese symbols into `quote` messages."""

from struct import pack
from zlib import crc32

from schemas.base import Level
from schemas.market import Quote
from services.ingest.core.feed import BadFrame, Output
from services.ingest.core.records import Raw
from services.ingest.core.vn.chains import PRICE_RATIO, TimeChain
from services.ingest.core.vn.numbers import whole
from services.ingest.core.vn.subject import Subject

Numbers = tuple[float | None, ...]
"""Price and volume in turn: all bids, best first, then as many asks."""


def tell_quote(raw: Raw, out: Output, about: Subject, numbers: Numbers) -> None:
    """
    Give the `quote` message of a book, or count it as repeated or late.

    Raises:
        BadFrame: a volume is not whole, or a price cannot be true.
    """
    symbol, state, at = about.symbol, about.state, about.at
    chain = state.quote
    if chain is None or chain.day != at.day:
        chain = TimeChain(at.day, 0, 0)
        # The first believed price of the day, where it is known.
        chain.price.accepted = chain.other.accepted = about.facts.reference or 0.0
    check = crc32(pack(f"{len(numbers)}d", *(number or 0.0 for number in numbers)))
    verdict = chain.judge(at.ts_ms, check)
    state.quote = chain
    about.keep()
    if verdict != "new":
        out.drop(verdict)
        return
    half = len(numbers) // 2
    bids, auction_bid = side_of(numbers[:half])
    asks, auction_ask = side_of(numbers[half:])
    _believe(symbol, chain, bids, asks)
    chain.accept(at.ts_ms, check)
    out.messages.append(
        Quote(
            symbol=symbol,
            feed=raw.feed,
            seq=out.next_seq(),
            ts_ms=at.ts_ms,
            ts_source=at.source,
            bids=sorted(bids, reverse=True),
            asks=sorted(asks),
            phase=about.phase,
            auction_bid_volume=auction_bid,
            auction_ask_volume=auction_ask,
        )
    )


def side_of(numbers: Numbers) -> tuple[list[Level], int | None]:
    """
    Levels of one side from price and volume in turn, and the auction's queue.

    A price of 0 with a volume before any level is the queue of market orders in ATO and ATC.

    Raises:
        BadFrame: a volume is not whole.
    """
    levels: list[Level] = []
    queue = None
    for price, volume in zip(numbers[::2], numbers[1::2], strict=True):
        if not volume:
            continue
        if price:
            levels.append((price, whole(volume, "a level's volume")))
        elif not levels and queue is None:
            queue = whole(volume, "the auction's queue")
    return levels, queue


def _believe(symbol: str, chain: TimeChain, bids: list[Level], asks: list[Level]) -> None:
    # Both guards see every quote, so that each side's run of suspects is its own.
    believed = [
        (name, levels[0][0], guard)
        for name, levels, guard in (("bid", bids, chain.price), ("ask", asks, chain.other))
        if levels and not guard.accept(levels[0][0], PRICE_RATIO)
    ]
    for name, price, guard in believed:
        why = f"{symbol}: {name} {price}, last believed {guard.accepted}"
        raise BadFrame("absurd_price", why)

"""The agreement of sources: read from a tape, and shown."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec
from rich.console import Console

from schemas import frames
from schemas.control import Sources
from schemas.topics import CONTROL, MARKET
from services.ingest.core.records import Raw
from services.report import raw
from services.report.agreement import Agreement, Said, compare
from services.report.sources import Reading, others
from services.report.tables import draw
from services.runtime import kafka


async def read(bootstrap: str, tape: str, symbol: str | None = None) -> Agreement:
    """
    Every source that a tape has raw records of and that `market` is not made from.

    Raises:
        LookupError: the tape has no `market`.
    """
    market, readings = (
        Said(),
        [Reading(source) for source in others(await _choice(bootstrap, tape))],
    )
    async for record in kafka.read_all(bootstrap, MARKET.on(tape)):
        for message in frames.messages(record.value):
            if symbol in (None, message.symbol):
                market.add(message)
    for topic in await raw.topics(bootstrap, tape):
        async for each in raw.records(bootstrap, topic):
            one = Raw(each.venue, each.seq, each.feed, each.channel, each.key, each.value)
            for reading in readings:
                reading.add(each.partition, one)
    found = compare(market, {r.source.name: r.said for r in readings})
    found.refused = {r.source.name: dict(r.refused) for r in readings if r.refused}
    if symbol is not None:
        found.prints = [each for each in found.prints if each.symbol == symbol]
        found.quotes = [each for each in found.quotes if each.symbol == symbol]
        found.foreign = [each for each in found.foreign if each.symbol == symbol]
    return found


async def _choice(bootstrap: str, tape: str) -> Mapping[str, str]:
    """Kind -> `feed:channel`, as the tape last said of Vietnam; empty: the usual ones."""
    choice: Mapping[str, str] = {}
    async for record in kafka.read_all(bootstrap, CONTROL.on(tape)):
        if dict(record.headers).get("channel") == b"sources":
            said = msgspec.json.decode(record.value, type=Sources)
            choice = said.choice if said.venue == "VN" else choice
    return choice


def as_json(found: Agreement) -> dict[str, Any]:
    """For programs."""
    return asdict(found)


def show(console: Console, found: Agreement) -> None:
    """A table of prints, of quotes and of foreign trading, and what was refused."""
    if not (found.prints or found.quotes or found.foreign):
        console.print("no source stands beside those that market is made from")
        return
    _show_prints(console, found)
    if found.quotes:
        rows = [
            (q.symbol, q.source, f"{q.seconds:,}", f"{q.equal:,}", _share(q.equal, q.seconds))
            for q in found.quotes
        ]
        title = "Best bid and ask at the end of seconds in which the source quotes"
        draw(console, title, ("symbol", "source", "seconds", "equal", "equal %"), rows)
    if found.foreign:
        totals = [(f.symbol, f.source, _pair(f.theirs), _pair(f.market)) for f in found.foreign]
        head = ("symbol", "source", "bought / sold", "market: bought / sold")
        draw(console, "Foreign trading of the day", head, totals)
    for source, reasons in found.refused.items():
        said = ", ".join(f"{n:,} {reason}" for reason, n in sorted(reasons.items()))
        console.print(f"{source}: could not be read: {said}", highlight=False)


def _show_prints(console: Console, found: Agreement) -> None:
    if not found.prints:
        return
    rows = [
        (
            p.symbol,
            p.source,
            f"{p.count:,}",
            f"{p.volume:,}",
            f"{p.matched:,}",
            f"{p.only_source:,}",
            f"{p.only_market:,}",
            f"{p.volume_difference:+,}",
            _price(p.last),
            _price(p.market_last),
        )
        for p in found.prints
    ]
    head = ("symbol", "source", "prints", "volume", "matched", "only here", "only in market")
    more = ("volume difference", "last price", "market's")
    title = "Prints against market (matched: same second, price and volume)"
    draw(console, title, (*head, *more), rows)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "-"


def _price(price: float | None) -> str:
    return "-" if price is None else f"{price:,.12g}"


def _pair(pair: tuple[int, int] | None) -> str:
    return "-" if pair is None else f"{pair[0]:,} / {pair[1]:,}"

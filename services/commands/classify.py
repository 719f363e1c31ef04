"""Infer the aggressor of every trade in files, and tell how often it is the vendor's."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import click
import msgspec

from schemas.base import BROADCAST
from schemas.keys import venue_of
from schemas.market import Clock, MarketMessage
from schemas.trades_classified import TradeClassified
from services.classifier.core.accuracy import Accuracy, table
from services.classifier.core.classifier import step
from services.classifier.core.state import SymbolState, initial
from services.commands._captures import CaptureError, market_messages
from services.ingest.feeds.base import FeedError

FILE = click.Path(path_type=Path, allow_dash=True, exists=True, dir_okay=False)


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option(
    "--venue",
    type=click.Choice(["BN", "BNF", "BNC"]),
    help="Venue of the captures: Binance spot, USD-M or COIN-M; told from the files if absent.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the classified trades here, as the values of trades-classified, one a line.",
)
def command(files: tuple[Path, ...], venue: str | None, out: Path | None) -> None:
    """
    Infer the aggressor of every trade in FILES and tell how often it is the vendor's.

    FILES are captures (`<receive ns> <message>`, plain, gzip or zstd), one manifest of a
    recording (.json), or market messages, one JSON object a line (`-`: standard input).
    Needs no Kafka.
    """
    accuracy = Accuracy()
    try:
        with ExitStack() as stack:
            written = stack.enter_context(out.open("wb")) if out else None
            for trade in classify(market_messages(files, venue)):
                accuracy.add(
                    trade.symbol,
                    trade.vendor_side,
                    trade.inferred_side,
                    trade.rule,
                    trade.confidence,
                )
                if written:
                    written.write(msgspec.json.encode(trade) + b"\n")
    except (CaptureError, FeedError, OSError) as e:
        raise click.ClickException(str(e)) from e
    for line in table(accuracy):
        click.echo(line)


def classify(messages: Iterable[MarketMessage]) -> Iterator[TradeClassified]:
    """What the classifier publishes for these messages, by the pump's rules, in their order."""
    states: dict[str, SymbolState] = {}
    last: dict[str, int] = {}
    for message in messages:
        symbol = message.symbol
        if symbol == BROADCAST:
            if not isinstance(message, Clock):
                _broadcast(states, message)
            continue
        if message.seq <= last.get(symbol, -1):
            continue
        last[symbol] = message.seq
        state = states.get(symbol)
        if state is None:
            state = states[symbol] = initial(symbol)
        # Rows of session-flow are closed by clocks, which files of trades need not have.
        yield from (out for out in step(state, message) if isinstance(out, TradeClassified))


def _broadcast(states: dict[str, SymbolState], message: MarketMessage) -> None:
    for symbol, state in states.items():
        if venue_of(symbol) == message.venue:  # type: ignore[union-attr]  # broadcasts have one
            step(state, message)

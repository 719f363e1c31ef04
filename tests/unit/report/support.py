"""A scripted day as its two sides: what its lines say, and what our own code makes of them."""

import copy
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import msgspec

from schemas.base import BROADCAST
from schemas.board import BoardRow
from schemas.market import MarketMessage, Trade
from schemas.session_flow import SessionFlow
from schemas.trades_classified import TradeClassified
from services.board.app import SERVICE as BOARD
from services.classifier.app import SERVICE as CLASSIFIER
from services.report.facts import Tape
from services.report.held import Days
from services.report.independent import Counting, Recording, digest
from services.report.reconcile import FLOW_PARTS, Stored
from tests.support.vn_day import Script
from tests.support.vn_day_run import Outputs, decoded, market, raws

Day = Callable[[], Script]
Change = Callable[[MarketMessage], MarketMessage | None]


@cache
def counted(day: Day) -> Recording:
    """The lines of a script, counted by plain JSON; leave it as it is."""
    counting = Counting()
    for us, feed, message in day().lines():
        counting.line(feed, "VN", us, message)
    return counting.settle()


@cache
def messages(day: Day) -> list[MarketMessage]:
    """`market` of a script."""
    return market(decoded(raws(day())))


def days(made: Iterable[MarketMessage]) -> Days:
    """What `market` says of each symbol-day."""
    found = Days()
    for message in made:
        found.add(message)
    return found


def one_share_more(symbol: str) -> Change:
    """The first trade of a symbol has one share more than it had."""
    done: list[str] = []

    def change(message: MarketMessage) -> MarketMessage:
        if isinstance(message, Trade) and message.symbol == symbol and not done:
            done.append(symbol)
            return msgspec.structs.replace(message, volume=message.volume + 1)
        return message

    return change


def tape_of(day: Day) -> tuple[Tape, Stored]:
    """A tape and its tables as ingest, classifier, board and writer leave them, to be changed."""
    return copy.deepcopy(_tape_of(day))


@cache
def _tape_of(day: Day) -> tuple[Tape, Stored]:
    made, tape = messages(day), Tape()
    _put_raw(day(), tape)
    for message in made:
        tape.days.add(message)
        kind = str(message.__struct_config__.tag)
        tape.market[kind][message.symbol] += message.symbol != BROADCAST
        if isinstance(message, Trade):
            tape.trades[message.symbol].add(repr(message.volume), message.vendor_side == "buy")
            tape.ids[message.symbol, str(message.seq)] += 1
    flows = _put_derived(made, tape)
    trades = {symbol: found.figures() for symbol, found in tape.classified.items()}
    rows = {f"market_{kind}": dict(symbols) for kind, symbols in tape.market.items()}
    return tape, Stored(trades, rows, flows)


def _put_raw(script: Script, tape: Tape) -> None:
    for raw in raws(script):
        if raw.feed != "ingest":
            tape.raw.lines["VN", raw.channel.partition(".")[2]] += 1
            tape.raw.digests["VN"] = (tape.raw.digests["VN"] + digest(raw.value)) % 2**64


def _put_derived(made: list[MarketMessage], tape: Tape) -> dict[tuple[str, str], Any]:
    classifier, board = Outputs(CLASSIFIER, made), Outputs(BOARD, made)
    for trade in classifier.of(TradeClassified):
        tape.classified[trade.symbol].add(repr(trade.volume), trade.vendor_side == "buy")
        tape.classified_ids[trade.symbol, str(trade.seq)] += 1
    tape.derived.there |= {"session-flow", "board"}
    for name, outputs, kind in (
        ("session-flow", classifier, SessionFlow),
        ("board", board, BoardRow),
    ):
        for value in outputs.values[kind]:
            tape.derived.add(name, 0, value)
    return {
        key: tuple(row[name] for name in (*FLOW_PARTS, "total_volume"))
        for key, row in tape.derived.flow_of_day().items()
    }

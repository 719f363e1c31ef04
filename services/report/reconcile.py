"""Two numbers that should agree are compared, and said so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.keys import venue_of
from services.report import completeness
from services.report.facts import Tape
from services.report.independent import SCALE, DayKey, Recording

FLOW_PARTS = ("buy_volume", "sell_volume", "neutral_volume", "unknown_volume")


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: what, and the two sides."""

    what: str
    left: Any
    right: Any

    @property
    def agrees(self) -> bool:
        """Whether both sides are equal."""
        return bool(self.left == self.right)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the tables hold: see `services.report.stored`."""

    trades: Mapping[str, tuple[int, int, int]]
    rows: Mapping[str, Mapping[str, int]]
    flow: Mapping[tuple[str, str], tuple[Any, ...]] = field(default_factory=dict)


def reconcile(files: Recording, tape: Tape, stored: Stored) -> list[Check]:
    """
    Files = raw topics = market = tables; every trade classified exactly once; sums of the day.

    Trades are compared by count, volume x 10⁸ and the vendor's buys, for each symbol.
    """
    return [
        *_messages(files, tape),
        *_trades(files, tape, stored),
        *_days(files, tape, stored),
        *_tables(files, stored),
    ]


def _messages(files: Recording, tape: Tape) -> Iterator[Check]:
    yield Check("files = raw topics: messages by venue and kind", files.lines, tape.raw.lines)
    yield Check("files = raw topics: every byte", files.digests, tape.raw.digests)
    for what, kind, counted in (
        ("quotes", "quote", files.quotes),
        ("book deltas", "book_delta", files.deltas),
        ("foreign trading", "foreign", files.foreign),
        ("index values", "index", files.indices),
    ):
        if counted or tape.market[kind]:
            yield Check(f"files = market: {what}", dict(counted), dict(tape.market[kind]))


def _trades(files: Recording, tape: Tape, stored: Stored) -> Iterator[Check]:
    once = set(tape.classified_ids.values()) <= {1} and set(tape.ids.values()) <= {1}
    trades = _figures(files.trades)
    yield Check("files = market: trades, volume, buys", trades, _figures(tape.trades))
    yield Check("files = trades-classified", trades, _figures(tape.classified))
    everyone = (set(tape.ids), True), (set(tape.classified_ids), once)
    yield Check("every trade classified, once", *everyone)
    yield Check("files = table trades_classified", trades, dict(sorted(stored.trades.items())))


def _tables(files: Recording, stored: Stored) -> Iterator[Check]:
    for name, counted in (
        ("market_quote", files.quotes),
        ("market_book_delta", files.deltas),
        ("market_foreign", files.foreign),
        ("market_index", files.indices),
    ):
        if counted or stored.rows.get(name):
            yield Check(f"files = table {name}", dict(counted), dict(stored.rows.get(name, {})))


def _days(files: Recording, tape: Tape, stored: Stored) -> Iterator[Check]:
    rows = {
        key: tuple(row[name] for name in (*FLOW_PARTS, "total_volume"))
        for key, row in tape.derived.flow_of_day().items()
    }
    wanted = _totals(files)
    yield Check(
        "files = session-flow: buy + sell + neutral + unknown = total", wanted, _summed(rows)
    )
    yield Check("files = table session_flow", wanted, _summed(stored.flow))
    lines = completeness.compare(files.days, tape.days.by_key)
    faults = [f"{line.symbol} {line.day}: {fault}" for line in lines for fault in line.faults]
    yield Check("files: prints + gaps = the vendor's totals, foreign = R", [], faults)
    if "board" in tape.derived.there:
        board = {
            symbol: (row["total_volume"], row["last"])
            for symbol, row in tape.derived.board.items()
            if venue_of(symbol) == "VN" and row["last"] is not None
        }
        yield Check("files = board: total volume, last price", _last(files), board)


def _totals(files: Recording) -> dict[DayKey, tuple[int, int]]:
    """Both sums, x 10⁸: of a Vietnamese symbol the vendor's total, else the sum of the prints."""
    sums = {
        key: day.total * SCALE if venue_of(key[0]) == "VN" else day.volume_e8
        for key, day in files.days.items()
    }
    return {key: (both, both) for key, both in sums.items() if both}


def _summed(rows: Mapping[DayKey, tuple[Any, ...]]) -> dict[DayKey, tuple[int, int]]:
    """(sum of the parts, total), volume x 10⁸, by symbol and day."""
    both = {
        key: (sum(round(part * SCALE) for part in parts), round(total * SCALE))
        for key, (*parts, total) in rows.items()
    }
    return {key: sums for key, sums in both.items() if sums != (0, 0)}


def _last(files: Recording) -> dict[str, tuple[int, float | None]]:
    """Vietnamese symbol -> the vendor's total and last price of its last day, if it traded."""
    return {
        symbol: (day.total, day.price)
        for (symbol, _), day in sorted(files.days.items())
        if venue_of(symbol) == "VN" and day.total
    }


def _figures(trades: Mapping[str, Any]) -> dict[str, tuple[int, int, int]]:
    return {symbol: t.figures() for symbol, t in sorted(trades.items())}

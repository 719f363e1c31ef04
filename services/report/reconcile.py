"""Two numbers that should agree are compared, and said so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.report.facts import Tape
from services.report.independent import Recording


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


def _figures(trades: Mapping[str, Any]) -> dict[str, tuple[int, int, int]]:
    return {symbol: t.figures() for symbol, t in sorted(trades.items())}


def reconcile(
    files: Recording,
    tape: Tape,
    stored: Mapping[str, tuple[int, int, int]],
    rows: Mapping[str, Mapping[str, int]],
) -> list[Check]:
    """
    Files = raw topics = market = tables; every trade classified exactly once.

    Trades are compared by count, volume x 10⁸ and the vendor's buys, for each symbol.
    """
    once = set(tape.classified_ids.values()) <= {1} and set(tape.ids.values()) <= {1}
    trades = _figures(files.trades)
    return [
        Check("files = raw topic: messages by venue and kind", files.lines, tape.raw.lines),
        Check("files = raw topic: every byte", files.digests, tape.raw.digests),
        Check("files = market: trades, volume, buys", trades, _figures(tape.trades)),
        Check("files = market: quotes", files.quotes, tape.quotes),
        Check("files = market: book deltas", files.deltas, tape.deltas),
        Check("files = trades-classified", trades, _figures(tape.classified)),
        Check(
            "every trade classified, once", (set(tape.ids), True), (set(tape.classified_ids), once)
        ),
        Check("files = table trades_classified", trades, dict(sorted(stored.items()))),
        Check("files = table market_quote", dict(files.quotes), dict(rows.get("market_quote", {}))),
        Check(
            "files = table market_book_delta",
            dict(files.deltas),
            dict(rows.get("market_book_delta", {})),
        ),
    ]

"""X-TRADE and X: trades, auction estimates, the day's figures; X-QUOTE and X: books."""

from collections.abc import Collection

from services.ingest.core.feed import BadFrame, Output
from services.ingest.core.records import Raw
from services.ingest.core.ssi_v2.frames import TradeData, levels_of, quotes, trades
from services.ingest.core.ssi_v2.subject import subject_of
from services.ingest.core.vn.codes import side
from services.ingest.core.vn.figures import Totals, tell_auction, tell_day
from services.ingest.core.vn.numbers import money, whole
from services.ingest.core.vn.prints import NO_VOLUME, QUIET, Print, tell_trade
from services.ingest.core.vn.quotes import tell_quote
from services.ingest.core.vn.sources import Kind
from services.ingest.core.vn.state import Symbols
from services.ingest.core.vn.subject import need


class Prints:
    """Makes `trade`, `auction` and `day` messages; `kinds` are those that the channel writes."""

    def __init__(self, symbols: Symbols, kinds: Collection[Kind]) -> None:
        self._symbols, self._kinds = symbols, frozenset(kinds)

    def decode(self, raw: Raw, out: Output) -> None:
        """One message of the channel."""
        d = trades.read(raw.value)
        about = subject_of(raw, out, d, self._symbols)
        if about is None:
            return
        new = _print(d)
        verdict = tell_trade(raw, out, about, new) if "trade" in self._kinds else NO_VOLUME
        if verdict != "new" and verdict not in QUIET:
            return
        # What it says of the auction and the day holds even when nothing traded.
        told = "auction" in self._kinds and tell_auction(raw, out, about, d.EstMatchedPrice)
        totals = Totals(
            open=d.Open,
            high=d.Highest or d.High,
            low=d.Lowest or d.Low,
            # A future's is VND a contract on SSI's side.
            average=d.AvgPrice / about.multiplier if d.AvgPrice else None,
            volume=new.total,
            value=new.value,
        )
        told |= "day" in self._kinds and tell_day(raw, out, about, totals)
        if verdict != "new" and not told:
            out.drop(verdict)


def _print(d: TradeData) -> Print:
    volume = whole(d.LastVol or 0, "LastVol")
    total = whole(need(d.TotalVol, "TotalVol"), "TotalVol")
    price = d.LastPrice or 0.0
    if volume and total:
        if not price:
            raise BadFrame("bad_number", f"LastPrice of {volume} must be positive")
        if total < volume:
            raise BadFrame("bad_number", f"LastVol {volume} is more than TotalVol {total}")
        if (d.Floor and price < d.Floor) or (d.Ceiling and price > d.Ceiling):
            raise BadFrame("absurd_price", f"LastPrice {price} is not in {d.Floor} to {d.Ceiling}")
    return Print(price, volume, total, money(d.TotalVal), side(d.Side))


class Quotes:
    """Makes `quote` messages."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols

    def decode(self, raw: Raw, out: Output) -> None:
        """One message of the channel."""
        d = quotes.read(raw.value)
        about = subject_of(raw, out, d, self._symbols)
        if about is not None:
            tell_quote(raw, out, about, levels_of(d))

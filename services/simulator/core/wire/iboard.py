"""
iBoard's push frames: L# (a trade) and S# (quote and figures), field by field as in real frames.

Prices are VND, points for futures; a stock's expected price is in thousands.
"""

from typing import NamedTuple

from services.simulator.core.book import Book
from services.simulator.core.ledger import Foreign
from services.simulator.core.prices import TENTHS, Ladder, limits
from services.simulator.core.universe import Instrument
from services.simulator.core.wire.ssi_v2 import Last

CHANNELS = ("L", "S")
_EXCHANGES = {"HOSE": "hose", "HNX": "hnx", "UPCOM": "upcom", "DERIVATIVES": "vnf"}
_LEVELS = 10
_STOCK_LEVELS = 3
_FIELDS = 102


class Estimate(NamedTuple):
    """An auction's: price an index of the ladder; time in ms since the epoch."""

    price: int
    volume: int
    time_ms: int


class Frames:
    """Writes the frames of one instrument."""

    def __init__(self, instrument: Instrument, ladder: Ladder) -> None:
        self._instrument, self._prices = instrument, ladder.prices
        self._scale = TENTHS if instrument.kind == "future" else 1
        self._limits = limits(
            instrument.reference, instrument.exchange, instrument.kind, instrument.band
        )

    def trade(self, time: str, last: Last, side: str, now_ms: int) -> str:
        """L#; `side` is bu, sd or empty, `now_ms` since the epoch."""
        assert last.price is not None
        price, reference = self._prices[last.price], self._instrument.reference
        change = price - reference
        fields = (
            "MAIN", f"L#{self._instrument.symbol}", self._number(price), last.volume,
            last.total_volume, time, self._number(reference), side, self._number(abs(change)),
            _ratio(abs(change), reference), "U" if change > 0 else "D" if change < 0 else "",
            "MAIN", now_ms,
        )  # fmt: skip
        return "|".join(map(str, fields))

    def snapshot(
        self, book: Book, last: Last, foreign: Foreign, estimate: Estimate | None,
        open_interest: int | None, now_ms: int,
    ) -> str:  # fmt: skip
        """S#; `now_ms` since the epoch."""
        about, future = self._instrument, self._scale > 1
        fields = [""] * _FIELDS
        fields[0], fields[1] = "MAIN", f"S#{about.symbol}"
        for at, side in ((2, book.bids), (22, book.asks)):
            for n, price in enumerate(side.levels(_LEVELS if future else _STOCK_LEVELS)):
                fields[at + 2 * n] = self._number(self._prices[price])
                fields[at + 2 * n + 1] = str(side.volume[price])
        self._figures(fields, last)
        fields[45] = _EXCHANGES[about.exchange]
        fields[48:52] = map(
            str, (foreign.buy_volume, foreign.buy_value, foreign.sell_volume, foreign.sell_value)
        )
        ceiling, floor = self._limits
        fields[59:62] = map(self._number, (ceiling, floor, about.reference))
        fields[66:68] = "f" if future else "s", "N"
        if future and about.expiry is not None:
            fields[58] = str(open_interest or 0)
            fields[62], fields[68] = f"{about.expiry:%d/%m/%Y}", f"{about.expiry:%Y%m%d}"
            fields[70:72] = about.leads, "0"
        else:
            fields[65], fields[73] = str(foreign.room), about.symbol
        if estimate is not None:
            self._expect(fields, estimate)
        fields[101] = str(now_ms)
        return "|".join(fields)

    def _figures(self, fields: list[str], last: Last) -> None:
        if last.price is None or last.high is None or last.low is None or last.open is None:
            return
        prices, about = self._prices, self._instrument
        price = prices[last.price]
        change = price - about.reference
        fields[42:45] = self._number(price), str(last.volume), self._number(prices[last.high])
        average = last.value / last.total_volume / (about.unit * self._scale)
        fields[46], fields[47] = self._number(prices[last.low]), repr(round(average, 2))
        fields[52:56] = (
            self._number(change), _ratio(change, about.reference),
            str(last.total_volume), str(last.value),
        )  # fmt: skip
        fields[75] = self._number(prices[last.open])

    def _expect(self, fields: list[str], estimate: Estimate) -> None:
        price, reference = self._prices[estimate.price], self._instrument.reference
        change = price - reference
        shown = self._number(price) if self._scale > 1 else f"{price / 1000:g}"
        fields[96:101] = (
            shown, str(estimate.volume), self._number(change), _ratio(change, reference),
            str(estimate.time_ms),
        )  # fmt: skip

    def _number(self, price: int) -> str:
        whole, rest = divmod(abs(price), self._scale)
        sign = "-" if price < 0 else ""
        return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


def _ratio(change: int, reference: int) -> str:
    return repr(round(change / reference * 100, 2))

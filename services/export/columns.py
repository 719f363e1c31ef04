"""The columns of the files: names, types, where they come from, what they mean."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from schemas.base import Venue

Kind = Literal["trades", "quotes"]
KINDS: tuple[Kind, ...] = ("trades", "quotes")
LEVELS = 10
"""Of a book's side: what the exchanges show at most."""
_TIME = pa.timestamp("us", tz="UTC")
_NAME = pa.dictionary(pa.int32(), pa.string())
"""Few values, many rows: pandas has it as a category."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `sql` is its expression over the tape's table, a time as µs since 1970."""

    name: str
    type: pa.DataType
    sql: str
    text: str

    @property
    def field(self) -> pa.Field:
        """With its description as metadata."""
        return pa.field(self.name, self.type, metadata={"description": self.text})


@dataclass(frozen=True, slots=True)
class Source:
    """A kind's table and columns."""

    table: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """Of the files."""
        return pa.schema([column.field for column in self.columns])


def source(kind: Kind, venue: Venue) -> Source:
    """What a venue's files of a kind have; volumes are whole numbers at VN, coins elsewhere."""
    volume = pa.int64() if venue == "VN" else pa.float64()
    if kind == "trades":
        return Source("trades_classified", (*_HEAD, *_trades(volume)))
    return Source("market_quote", (*_HEAD, *_quotes(volume)))


_HEAD = (
    Column("symbol", _NAME, "symbol", "As in market: HPG, VN30F2612, BTCUSDT.BN"),
    Column(
        "time", _TIME, "(extract(epoch FROM ts) * 1000000)::bigint",
        "Exchange's time; SSI's are whole seconds",
    ),
    Column("received", _TIME, "seq", "When we received it, to the µs: orders a venue's day"),
    Column("seq", pa.int64(), "seq", "The same as a number, unique and ascending in the file"),
)  # fmt: skip


def _trades(volume: pa.DataType) -> tuple[Column, ...]:
    number, flag = pa.float64(), _NAME
    return (
        Column("price", number, "price", "VND, index points or USDT"),
        Column("volume", volume, _whole("volume", volume), "Shares, contracts or coins"),
        Column("side", flag, "side", "Aggressor: buy, sell, neutral (auctions …), unknown"),
        Column("vendor_side", flag, "vendor_side", "The vendor's flag, null where it gives none"),
        Column("inferred_side", flag, "inferred_side", "Our own judgement, without any flag"),
        Column("rule", flag, "rule", "What decided inferred_side"),
        Column("confidence", number, "confidence", "Probability that inferred_side is right"),
        Column("phase", flag, "phase", "ato, continuous, break, atc, plo …"),
        Column("board", flag, "board", "main, odd_lot or put_through"),
        Column("trade_id", pa.string(), "trade_id", "The vendor's number, null where none"),
        Column(
            "total_volume", volume, _whole("total_volume", volume),
            "The vendor's volume of the day with this trade, null where none",
        ),
        Column("reference", number, "reference", "Reference price of the day"),
        Column("ceiling", number, "ceiling", "Highest price of the day"),
        Column("floor", number, "floor", "Lowest price of the day"),
    )  # fmt: skip


def _quotes(volume: pa.DataType) -> tuple[Column, ...]:
    names = {"bid": "bids", "ask": "asks"}
    levels = [
        column
        for n in range(1, LEVELS + 1)
        for side, array in names.items()
        for column in (
            Column(
                f"{side}_price_{n}", pa.float64(), f"{array}[{n}][1]",
                f"Price of the {side} number {n}, null where there is none",
            ),
            Column(
                f"{side}_volume_{n}", volume, _whole(f"{array}[{n}][2]", volume), "... its volume"
            ),
        )
    ]  # fmt: skip
    queues = [
        Column(
            f"auction_{side}_volume", volume, _whole(f"auction_{side}_volume", volume),
            "Market orders of an auction, which have no price",
        )
        for side in names
    ]  # fmt: skip
    return (
        Column("phase", _NAME, "phase", "ato, continuous, break, atc, plo …"),
        Column("board", _NAME, "board", "main or odd_lot"),
        *levels,
        *queues,
    )


def _whole(sql: str, volume: pa.DataType) -> str:
    return f"({sql})::bigint" if volume == pa.int64() else sql

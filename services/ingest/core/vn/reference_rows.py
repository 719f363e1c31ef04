"""
Lines of the reference data files (CSV), checked one by one.

Every file has the columns `effective_date`, `source` and `unverified`: names of columns of
that line, separated by spaces, which no source confirms. An empty field is a value that
nobody knows. A line that is wrong is refused with the file, its number and what to do.
"""

import csv
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec

from schemas.market import InstrumentKind
from services.ingest.core.vn.instruments import kind_of
from services.ingest.core.vn.schedule import Exchange

_Symbol = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{3,20}$")]
_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Price = Annotated[float, msgspec.Meta(gt=0, lt=1e12)]
_Shares = Annotated[int, msgspec.Meta(gt=0, le=2**53)]
_Ratio = Annotated[float, msgspec.Meta(gt=0, le=1)]
_SATURDAY = 5


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of all files share; `OPTIONAL` are columns that a file need not have."""

    OPTIONAL: ClassVar[frozenset[str]] = frozenset()

    effective_date: date
    source: _Text
    unverified: str = ""

    def key(self) -> tuple[str, ...]:
        """What may stand once a day."""
        return ()

    def fault(self) -> str | None:
        """What is wrong although each field is right by itself, and what to do."""
        return None


class HolidayRow(Row, frozen=True, kw_only=True):
    """A day without trading."""

    name: _Text

    def fault(self) -> str | None:
        if self.effective_date.weekday() >= _SATURDAY:
            return f"{self.effective_date} is of a weekend, never a trading day: remove the line"
        return None


class InstrumentRow(Row, frozen=True, kw_only=True):
    """
    What a symbol is from a day on.

    `restriction`: it trades in periodic call auctions all day, or not at all.
    """

    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"restriction"})

    symbol: _Symbol
    exchange: Exchange
    kind: InstrumentKind
    name_vi: str | None = None
    name_en: str | None = None
    isin: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}[A-Z0-9]{9}\d$")] | None = None
    first_trading_day: date | None = None
    last_trading_day: date | None = None
    listed_shares: _Shares | None = None
    restriction: Literal["periodic", "halted"] | None = None

    def key(self) -> tuple[str, ...]:
        return (self.symbol,)

    def fault(self) -> str | None:
        if self.kind == "future" or self.exchange == "DERIVATIVES":
            return "futures are made from their rules: remove the line"
        by_code = kind_of(self.symbol)
        if by_code not in (None, self.kind):
            return f"kind: the code {self.symbol} is that of a {by_code}, not of a {self.kind}"
        return None


class SectorRow(Row, frozen=True, kw_only=True):
    """The sector of a symbol from a day on."""

    symbol: _Symbol
    sector: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]+$")]

    def key(self) -> tuple[str, ...]:
        return (self.symbol,)


class WeightRow(Row, frozen=True, kw_only=True):
    """A member of an index from a day on, until the next day that has lines for the index."""

    index: _Symbol
    symbol: _Symbol
    shares: _Shares | None = None
    free_float: _Ratio | None = None
    cap: _Ratio | None = None

    def key(self) -> tuple[str, ...]:
        return (self.index, self.symbol)


class PriceRow(Row, frozen=True, kw_only=True):
    """Reference price of one day, and its limits where a source gave them."""

    symbol: _Symbol
    reference: _Price
    ceiling: _Price | None = None
    floor: _Price | None = None

    def key(self) -> tuple[str, ...]:
        return (self.symbol,)

    def fault(self) -> str | None:
        if (self.ceiling is None) != (self.floor is None):
            return "ceiling and floor: give both or leave both empty"
        if self.ceiling is not None and self.floor is not None:  # noqa: SIM102  # mypy needs both
            if not self.floor <= self.reference <= self.ceiling:
                return "must be floor <= reference <= ceiling"
        return None


R = TypeVar("R", bound=Row)


def read(name: str, text: bytes, row: type[R], faults: list[str]) -> list[tuple[int, R]]:
    """
    The lines of a file with their numbers (the header is line 1), in their order.

    Each fault is added to `faults`: "<file> line <n>: <what is wrong>: <what to do>".
    """
    try:
        lines = (line + "\n" for line in text.decode("utf-8-sig").split("\n"))
        records = csv.reader(lines, strict=True)
        numbered = [(records.line_num, record) for record in records if record]
    except (UnicodeDecodeError, csv.Error) as e:
        faults.append(f"{name}: {e}: save it as CSV, in UTF-8")
        return []
    columns = list(row.__struct_fields__)
    header = numbered[0][1] if numbered else []
    wanted = [name for name in columns if name in header or name not in row.OPTIONAL]
    if sorted(header) != sorted(wanted):
        faults.append(f"{name} line 1: must name the columns {', '.join(sorted(columns))}")
        return []
    found: list[tuple[int, R]] = []
    for number, record in numbered[1:]:
        try:
            found.append((number, _row(header, record, row)))
        except (msgspec.ValidationError, ValueError) as e:
            faults.append(f"{name} line {number}: {e}")
    _check_order(name, found, faults)
    return found


def _row(header: Sequence[str], record: Sequence[str], row: type[R]) -> R:
    if len(record) != len(header):
        raise ValueError(f"must have {len(header)} fields, has {len(record)}")
    fields: dict[str, Any] = {
        column: value.strip() for column, value in zip(header, record, strict=True) if value.strip()
    }
    try:
        made = msgspec.convert(fields, row, strict=False)
    except msgspec.ValidationError as e:
        raise ValueError(str(e).replace(" - at `$.", ": correct column `")) from e
    for column in made.unverified.split():
        if column not in row.__struct_fields__ or column in ("source", "unverified"):
            raise ValueError(f"unverified names {column!r}, which is no column: name columns")
    if fault := made.fault():
        raise ValueError(fault)
    return made


def _check_order(name: str, rows: Sequence[tuple[int, Row]], faults: list[str]) -> None:
    seen: dict[tuple[date, tuple[str, ...]], int] = {}
    last = date.min
    for number, row in rows:
        if row.effective_date < last:
            faults.append(
                f"{name} line {number}: {row.effective_date} stands after {last}: "
                "sort the lines by effective_date"
            )
        last = max(last, row.effective_date)
        first = seen.setdefault((row.effective_date, row.key()), number)
        if first != number:
            what = " ".join((str(row.effective_date), *row.key()))
            faults.append(f"{name} line {number}: {what} stands in line {first} too: remove one")

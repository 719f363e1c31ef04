"""The reference data files, taken together: each line by itself, then against the others."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.ingest.core.vn.futures import parse_code
from services.ingest.core.vn.reference_rows import (
    HolidayRow,
    InstrumentRow,
    PriceRow,
    SectorRow,
    WeightRow,
    read,
)

HOLIDAYS, INSTRUMENTS = "holidays.csv", "instruments.csv"
SECTORS, WEIGHTS, PRICES = "sectors.csv", "vn30-weights.csv", "day-prices.csv"
FILES = (HOLIDAYS, INSTRUMENTS, SECTORS, WEIGHTS, PRICES)

_MEMBERS = {"VN30": 30, "VN100": 100}


class BadReferenceData(ValueError):
    """Files that cannot be used; `faults` has one sentence for each fault, with its line."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = list(faults)


class Tables(NamedTuple):
    """
    Lines of the files, each ascending in time.

    `baskets` is (index, first day) -> its members; `prices` is (day, symbol) -> line.
    """

    holidays: list[HolidayRow]
    instruments: list[InstrumentRow]
    sectors: list[SectorRow]
    baskets: dict[tuple[str, date], list[WeightRow]]
    prices: dict[tuple[date, str], PriceRow]


def parse(files: Mapping[str, bytes]) -> Tables:
    """
    The content of the five `FILES`, by name.

    Raises:
        BadReferenceData: with every fault of every file, lines by number.
    """
    if missing := [f"{name}: is missing: restore it" for name in FILES if name not in files]:
        raise BadReferenceData(missing)
    faults: list[str] = []
    holidays = read(HOLIDAYS, files[HOLIDAYS], HolidayRow, faults)
    instruments = read(INSTRUMENTS, files[INSTRUMENTS], InstrumentRow, faults)
    sectors = read(SECTORS, files[SECTORS], SectorRow, faults)
    weights = read(WEIGHTS, files[WEIGHTS], WeightRow, faults)
    prices = read(PRICES, files[PRICES], PriceRow, faults)
    if not faults:
        # Against a file that lost lines these would only repeat what was said.
        known = {row.symbol for _, row in instruments}
        faults += _unknown(SECTORS, sectors, known)
        faults += _unknown(WEIGHTS, weights, known)
        faults += _unknown(PRICES, prices, known)
    baskets = _baskets(row for _, row in weights)
    if not faults:
        faults += _wrong_sizes(baskets)
    if faults:
        raise BadReferenceData(faults)
    return Tables(
        [row for _, row in holidays],
        [row for _, row in instruments],
        [row for _, row in sectors],
        baskets,
        {(row.effective_date, row.symbol): row for _, row in prices},
    )


def _baskets(rows: Iterable[WeightRow]) -> dict[tuple[str, date], list[WeightRow]]:
    found: dict[tuple[str, date], list[WeightRow]] = {}
    for row in rows:
        found.setdefault((row.index, row.effective_date), []).append(row)
    return found


def _unknown(
    name: str, rows: Sequence[tuple[int, SectorRow | WeightRow | PriceRow]], known: set[str]
) -> list[str]:
    return [
        f"{name} line {number}: {row.symbol} has no line in {INSTRUMENTS}: add one there"
        for number, row in rows
        if row.symbol not in known and parse_code(row.symbol) is None
    ]


def _wrong_sizes(baskets: Mapping[tuple[str, date], Sequence[WeightRow]]) -> list[str]:
    return [
        f"{WEIGHTS}: {index} of {start} must have {_MEMBERS[index]} lines, has {len(rows)}: "
        "list the whole basket"
        for (index, start), rows in baskets.items()
        if len(rows) != _MEMBERS.get(index, len(rows))
    ]

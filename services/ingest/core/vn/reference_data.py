"""
Reference data of the Vietnamese venue: `deploy/reference-data`, and the rules beside it.

Gives the `reference` control record with which each trading day begins.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeVar

from schemas.control import Reference
from schemas.market import Basket, Instrument, Status
from services.ingest.core.vn import futures, image
from services.ingest.core.vn.holidays import Calendar
from services.ingest.core.vn.reference_files import FILES, HOLIDAYS, INSTRUMENTS, parse
from services.ingest.core.vn.reference_rows import InstrumentRow, PriceRow, SectorRow
from services.ingest.core.vn.schedule import EXCHANGES, phase_at


class UnknownSymbol(LookupError):
    """A name that means no instrument on a day; the text says what was looked for."""


class ReferenceData:
    """
    What is known of the venue, for any day.

    Args:
        files: name -> content of the five `FILES`.

    Raises:
        BadReferenceData: with every fault of every file.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._tables = parse(files)
        self.digest = hashlib.sha256(b"\0".join(files[name] for name in FILES)).hexdigest()[:12]
        self.calendar = Calendar(
            [row.effective_date for row in self._tables.holidays],
            [row.effective_date for row in self._tables.holidays if row.unverified],
        )

    def record(self, day: date, ms_of_day: int = 0) -> Reference:
        """
        The full image of local `day`, as it stands `ms_of_day` after local midnight.

        A function of the files, the day and the time alone; seq, ts_ms and feed of its
        messages are given by ingest.
        """
        return Reference(
            venue=image.VENUE,
            source=f"reference-data {self.digest} for {day}",
            instruments=self.instruments(day),
            baskets=self.baskets(day),
            statuses=self.statuses(day, ms_of_day),
            trading_day=self.calendar.is_trading_day(day),
        )

    def instruments(self, day: date) -> list[Instrument]:
        """Those known to trade on `day`, by symbol: of the files, and all listed futures."""
        prices = self._tables.prices
        sectors = _effective(self._tables.sectors, day)
        found = [
            image.instrument(row, sectors.get(symbol), prices.get((day, symbol)))
            for symbol, row in _effective(self._tables.instruments, day).items()
            if row.last_trading_day is None or row.last_trading_day >= day
        ]
        for underlying in futures.INDICES:
            for contract in futures.listed(underlying, day, self.calendar):
                price = prices.get((day, futures.code(contract, self.calendar)))
                found.append(image.future(contract, day, self.calendar, price))
        return sorted(found, key=lambda each: each.symbol)

    def baskets(self, day: date) -> list[Basket]:
        """The newest known of each index; its `source` says when a later review is missing."""
        # Ascending in time, so the last one of each index stays.
        newest = {index: start for index, start in self._tables.baskets if start <= day}
        return [
            image.basket(self._tables.baskets[index, start], day)
            for index, start in sorted(newest.items())
        ]

    def statuses(self, day: date, ms_of_day: int = 0) -> list[Status]:
        """The phase of each exchange at a local time of `day`, then of restricted symbols."""
        trading = self.calendar.is_trading_day(day)
        found = [image.status(each, phase_at(each, ms_of_day, trading)) for each in EXCHANGES]
        if trading:
            rows = _effective(self._tables.instruments, day).values()
            found += filter(None, map(image.restriction, rows))
        return found

    def resolve(self, name: str, day: date) -> str:
        """
        The symbol that a code or an alias means on `day`; case does not matter.

        Raises:
            UnknownSymbol: when it is no future and no symbol of the files.
        """
        wanted = name.strip().upper()
        if code := futures.resolve(wanted, day, self.calendar):
            return code
        if any(row.symbol == wanted for row in self._tables.instruments):
            return wanted
        raise UnknownSymbol(
            f"{name!r} is no symbol of {INSTRUMENTS} and no future listed on {day}: "
            "give a code like VCB, 41I1GC000 or VN30F2612, or an alias like VN30F1M"
        )

    def unverified(self, day: date) -> dict[str, list[str]]:
        """Symbol -> columns of its lines for `day` that no source confirms."""
        rows: list[InstrumentRow | SectorRow | PriceRow] = [
            *_effective(self._tables.instruments, day).values(),
            *_effective(self._tables.sectors, day).values(),
            *(row for (start, _), row in self._tables.prices.items() if start == day),
        ]
        found: dict[str, list[str]] = {}
        for row in rows:
            columns = found.setdefault(row.symbol, []) if row.unverified else []
            columns += (name for name in row.unverified.split() if name not in columns)
        return found

    def doubts(self, day: date) -> list[str]:
        """What else of `day`'s image is not certain: the day and the baskets, a sentence each."""
        found = []
        if not self.calendar.is_certain(day):
            says = "a trading day" if self.calendar.is_trading_day(day) else "a holiday"
            found.append(f"{day} is taken for {says}, which {HOLIDAYS} does not confirm")
        for basket in self.baskets(day):
            if "unverified" in basket.source:
                found.append(f"basket {basket.symbol}: {basket.source}")
            if any(None in (m.shares, m.free_float, m.cap) for m in basket.members):
                found.append(f"basket {basket.symbol}: shares, free float or cap are not known")
        return found


_S = TypeVar("_S", InstrumentRow, SectorRow)


def _effective(rows: Iterable[_S], day: date) -> dict[str, _S]:
    """Symbol -> its last line up to `day`; `rows` ascend in time."""
    return {row.symbol: row for row in rows if row.effective_date <= day}

"""
Codes of Vietnamese futures.

Rules: VPS's FAQ on KRX codes ("4" derivative, "1" future, two characters of underlying, one
of year, one of month, "000"), PHS's terms of index futures. A bond future's expiry is not in
the sources, so its code is read but it has no days here.
"""

import re
from datetime import date, timedelta
from typing import Literal, NamedTuple

from services.ingest.core.vn.holidays import Calendar

Underlying = Literal["VN30", "VN100", "GB05", "GB10"]

KRX_START = date(2025, 5, 5)
"""First day of KRX: contracts listed from here on bear its codes, older ones kept theirs."""

_KRX_UNDERLYINGS: dict[str, Underlying] = {"I1": "VN30", "I2": "VN100", "B5": "GB05", "BA": "GB10"}
_KRX_IDS = {underlying: id_ for id_, underlying in _KRX_UNDERLYINGS.items()}
# F is 2025, G 2026, H 2027 (live lists); the rest follows from the FAQ's order 0-9, A-W.
_YEARS, _FIRST_YEAR = "0123456789ABCDEFGHJKLMNPQRSTVW", 2010
_MONTHS = "123456789ABC"
_KRX = re.compile(rf"41(I1|I2|B5|BA)([{_YEARS}])([{_MONTHS}])000")
_OLD = re.compile(r"(VN30|VN100|GB05|GB10)F(\d\d)(0[1-9]|1[0-2])")
_CONTINUOUS = re.compile(r"(VN30|VN100)F([12])([MQ])")

_FIRST_CONTRACTS: dict[Underlying, date] = {
    # General knowledge: VN30 futures began on 10 August 2017; VN100 futures on 10 October 2025.
    "VN30": date(2017, 8, 10),
    "VN100": date(2025, 10, 10),
}
INDICES = tuple(_FIRST_CONTRACTS)
"""Underlyings whose futures have a known expiry."""

_THURSDAY = 3
_MONTHS_AHEAD = 12


class Contract(NamedTuple):
    """A future of one month."""

    underlying: Underlying
    year: int
    month: int


def parse_code(code: str) -> Contract | None:
    """The contract that a code of either scheme names, as in 41I1GC000 and VN30F2612."""
    if found := _KRX.fullmatch(code):
        year = _FIRST_YEAR + _YEARS.index(found[2])
        return Contract(_KRX_UNDERLYINGS[found[1]], year, _MONTHS.index(found[3]) + 1)
    if found := _OLD.fullmatch(code):
        underlying = _KRX_UNDERLYINGS[_KRX_IDS[found[1]]]  # type: ignore[index]
        return Contract(underlying, 2000 + int(found[2]), int(found[3]))
    return None


def krx_code(contract: Contract) -> str:
    """
    As in 41I1GC000.

    Raises:
        ValueError: for a year before 2010 or after 2039, which has no letter.
    """
    year = contract.year - _FIRST_YEAR
    if not 0 <= year < len(_YEARS):
        raise ValueError(f"a KRX code names the years 2010 to 2039, not {contract.year}")
    month = _MONTHS[contract.month - 1]
    return f"41{_KRX_IDS[contract.underlying]}{_YEARS[year]}{month}000"


def old_code(contract: Contract) -> str:
    """As in VN30F2612."""
    return f"{contract.underlying}F{contract.year % 100:02}{contract.month:02}"


def code(contract: Contract, calendar: Calendar) -> str:
    """
    The code under which the exchange lists the contract.

    A bond future's, whose listing day is unknown here, is the KRX one from its first
    contract month under KRX on.
    """
    if contract.underlying in _FIRST_CONTRACTS:
        under_krx = first_trading_day(contract, calendar) >= KRX_START
    else:
        under_krx = (contract.year, contract.month) >= (KRX_START.year, KRX_START.month)
    return krx_code(contract) if under_krx else old_code(contract)


def last_trading_day(contract: Contract, calendar: Calendar) -> date:
    """
    The third Thursday of the month; where that is a holiday, the trading day before.

    Raises:
        ValueError: for a bond future.
    """
    _require_index(contract)
    first = date(contract.year, contract.month, 1)
    third = first + timedelta(days=(_THURSDAY - first.weekday()) % 7 + 14)
    return calendar.on_or_before(third)


def first_trading_day(contract: Contract, calendar: Calendar) -> date:
    """
    The trading day after the expiry that made room for the contract.

    Raises:
        ValueError: for a bond future.
    """
    _require_index(contract)
    front = contract
    for back in range(1, _MONTHS_AHEAD):
        earlier = _shift(contract, -back)
        if contract not in _listed_with(earlier):
            break
        front = earlier
    listed = calendar.after(last_trading_day(_shift(front, -1), calendar))
    return max(listed, calendar.on_or_after(_FIRST_CONTRACTS[contract.underlying]))


def listed(underlying: Underlying, day: date, calendar: Calendar) -> list[Contract]:
    """
    The four contracts that trade on `day`: this month's (until its last trading day, that day
    included), the next, and the last months of the next two quarters. None before the first
    contract of the underlying, and none for bond futures.
    """
    if underlying not in _FIRST_CONTRACTS or day < _FIRST_CONTRACTS[underlying]:
        return []
    front = Contract(underlying, day.year, day.month)
    if day > last_trading_day(front, calendar):
        front = _shift(front, 1)
    return _listed_with(front)


def continuous_names(contract: Contract, day: date, calendar: Calendar) -> list[str]:
    """What vendors call it on `day`: VN30F1M, F2M, F1Q or F2Q; nothing when it does not trade."""
    trading = listed(contract.underlying, day, calendar)
    if contract not in trading:
        return []
    return [f"{contract.underlying}F{('1M', '2M', '1Q', '2Q')[trading.index(contract)]}"]


def aliases(contract: Contract, day: date, calendar: Calendar) -> list[str]:
    """Its other names on `day`: the code of the other scheme, and the continuous one."""
    own = code(contract, calendar)
    both = (krx_code(contract), old_code(contract))
    return [c for c in both if c != own] + continuous_names(contract, day, calendar)


def is_name(name: str) -> bool:
    """Whether `name` has the form of a code or of a continuous name, as VN30F1M has."""
    return parse_code(name) is not None or _CONTINUOUS.fullmatch(name) is not None


def resolve(name: str, day: date, calendar: Calendar) -> str | None:
    """
    The code that `name`, a code of either scheme or a continuous name, means on `day`.

    None when it names no future, or when no such contract trades on that day. A code is
    resolved on any day: it means one contract.
    """
    if contract := parse_code(name):
        return code(contract, calendar)
    if found := _CONTINUOUS.fullmatch(name):
        underlying = _KRX_UNDERLYINGS[_KRX_IDS[found[1]]]  # type: ignore[index]
        trading = listed(underlying, day, calendar)
        place = int(found[2]) - 1 + (2 if found[3] == "Q" else 0)
        return code(trading[place], calendar) if trading else None
    return None


def _listed_with(front: Contract) -> list[Contract]:
    """The four contracts while `front` is the nearest."""
    found = [front, _shift(front, 1)]
    later = (_shift(front, months) for months in range(2, _MONTHS_AHEAD))
    return found + [contract for contract in later if contract.month % 3 == 0][:2]


def _shift(contract: Contract, months: int) -> Contract:
    year, month = divmod(contract.year * 12 + contract.month - 1 + months, 12)
    return contract._replace(year=year, month=month + 1)


def _require_index(contract: Contract) -> None:
    if contract.underlying not in _FIRST_CONTRACTS:
        raise ValueError(f"{contract.underlying} futures: the expiry rule is not known here")

"""Codes of Vietnamese feeds: symbols, exchanges, sessions, trading statuses, sides."""

import re
from functools import lru_cache

from schemas.base import Phase, Side
from services.ingest.core.feed import BadFrame
from services.ingest.core.vn.futures import INDICES, parse_code
from services.ingest.core.vn.instruments import BOND_MULTIPLIER, INDEX_MULTIPLIER
from services.ingest.core.vn.schedule import Exchange

_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,31}", re.ASCII)
_STATUS = re.compile(r"[A-Z]{1,12}", re.ASCII)
_EXCHANGES: dict[str, Exchange] = {
    "HOSE": "HOSE",
    "HSX": "HOSE",
    "HNX": "HNX",
    "UPCOM": "UPCOM",
    "DERIVATIVES": "DERIVATIVES",
    "DER": "DERIVATIVES",
    "VNF": "DERIVATIVES",
}
_SESSIONS: dict[str, Phase] = {
    "ATO": "ato",
    "LO": "continuous",
    "ATC": "atc",
    "BREAK": "break",
    "PT": "put_through",
    "C": "closed",
    "HALT": "halted",
    "H": "halted",
}
SUSPENDED = frozenset({"H", "S", "SA", "D"})
"""Trading statuses in which the main board does not trade: halted, suspended, delisted."""


@lru_cache(maxsize=65536)
def symbol_of(code: str | None) -> str:
    """
    Our symbol of a vendor's code: in capitals (SSI writes HNXindex).

    Raises:
        BadFrame: `malformed` when it cannot be a code.
    """
    symbol = (code or "").strip().upper()
    if _SYMBOL.fullmatch(symbol) is None:
        raise BadFrame("malformed", f"no symbol: {(code or '')[:40]!r}")
    return symbol


@lru_cache(maxsize=65536)
def exchange_of(symbol: str, *names: str | None) -> Exchange:
    """
    The exchange by the first of `names` that names one, else by the symbol: a future trades
    with the derivatives, an HNX index at HNX, the rest at HOSE.
    """
    for name in names:
        if name and (found := _EXCHANGES.get(name.strip().upper())):
            return found
    if parse_code(symbol) is not None:
        return "DERIVATIVES"
    if symbol.startswith("HNX"):
        return "UPCOM" if "UPCOM" in symbol else "HNX"
    return "HOSE"


@lru_cache(maxsize=65536)
def multiplier(symbol: str) -> int:
    """VND a unit of price, by the code: of a future of an index or of bonds, else 1."""
    contract = parse_code(symbol)
    if contract is None:
        return 1
    return INDEX_MULTIPLIER if contract.underlying in INDICES else BOND_MULTIPLIER


def session_phase(session: str | None) -> Phase | None:
    """The phase that a session code of SSI names; None when it names none known."""
    return _SESSIONS.get((session or "").strip().upper())


def trading_status(status: str | None) -> str | None:
    """A status code of SSI; "Active" (derivatives) is N; None when it is no code."""
    code = (status or "").strip().upper()
    if _STATUS.fullmatch(code) is None:
        return None
    return "N" if code == "ACTIVE" else code


def side(code: str | None) -> Side | None:
    """BU is a buyer's print, SD a seller's, in either case; None for what is neither."""
    match (code or "").strip().upper():
        case "BU" | "B":
            return "buy"
        case "SD" | "S":
            return "sell"
    return None

"""Figures in sentences: as Vietnamese write them (1.234,5) and as English do (1,234.5)."""

from services.analytics.core.rules import Text

_SWAP = str.maketrans({",": ".", ".": ","})
_BILLION, _MILLION = 1_000_000_000, 1_000_000


def number(value: float, decimals: int = 0, sign: bool = False) -> Text:
    """
    >>> number(1234.5, 1), number(-0.25, 2, sign=True)
    (('1.234,5', '1,234.5'), ('-0,25', '-0.25'))
    """
    text = f"{value:{'+' if sign else ''},.{decimals}f}"
    return text.translate(_SWAP), text


def price(value: float) -> Text:
    """
    A price in its own unit, without decimals that say nothing.

    >>> price(98500.0), price(1287.5), price(0.0000123)
    (('98.500', '98,500'), ('1.287,5', '1,287.5'), ('0,0000123', '0.0000123'))
    """
    text = f"{value:,.8f}".rstrip("0").rstrip(".")
    return text.translate(_SWAP), text


def money(value: float, venue: str = "VN") -> Text:
    """
    VND in billions or millions; of other venues USDT.

    >>> money(52_340_000_000)
    ('52,3 tỷ đồng', 'VND 52.3 bn')
    >>> money(-800_000_000)
    ('-800,0 triệu đồng', 'VND -800.0 m')
    >>> money(1200.0, "BN")
    ('1.200 USDT', '1,200 USDT')
    """
    if venue != "VN":
        vi, en = number(value)
        return f"{vi} USDT", f"{en} USDT"
    for unit, vi_name, en_name in ((_BILLION, " tỷ", " bn"), (_MILLION, " triệu", " m")):
        if abs(value) >= unit:
            vi, en = number(value / unit, 1)
            return f"{vi}{vi_name} đồng", f"VND {en}{en_name}"
    vi, en = number(value)
    return f"{vi} đồng", f"VND {en}"


def percent(ratio: float) -> Text:
    """
    >>> percent(0.651)
    ('65,1%', '65.1%')
    """
    vi, en = number(ratio * 100, 1)
    return f"{vi}%", f"{en}%"

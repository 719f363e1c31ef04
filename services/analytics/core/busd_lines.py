"""
Trades in recorded lines of iBoard's L# frames, in both forms there are.

The real frame, bare, after a receive time, or in a wrapper of JSON: price in VND, HH:MM:SS in
field 5. The form of the owner's document: no time of day, price in thousands of VND. Both have
stock, price and volume in fields 1 to 3, the side in 7, the server's time in 12.
"""

Line = tuple[str, float, int, int, bool]
"""
Symbol, price in VND, volume, the exchange's time in ms since the epoch, whether the aggressor
bought. (A plain tuple: a named one costs a fifth of the throughput.)
"""

_MARK = b"MAIN|L#"
_AFTER = 12 - 1
"""Fields between the symbol and the server's time."""
_DIGITS = 13
_ENDS = (b"", b'"', b"|", b"\n", b"\r")
_MOST_VND = 1e9
_MOST_SHARES = 10**9


class BadLine(ValueError):
    """A line is a trade of the main board, but not one that can be read."""


def read(line: bytes) -> Line | None:
    """
    The trade in a line; None where there is none of the main board with a side.

    Raises:
        BadLine: it is cut off, or a number is none; it says which line.
    """
    start = line.find(_MARK)
    if start < 0:
        return None
    fields = line[start + 7 :].split(b"|", _AFTER)
    if len(fields) <= _AFTER:
        raise BadLine(f"no server time in {line[:200]!r}")
    side = fields[6]
    if side != b"bu" and side != b"sd":
        return None
    last = fields[_AFTER]
    try:
        price, volume, ts_ms = float(fields[1]), int(fields[2]), int(last[:_DIGITS])
    except ValueError:
        raise BadLine(f"a number is none in {line[:200]!r}") from None
    if fields[4][-3:-2] != b":":
        price *= 1000
    sane = 0 < price < _MOST_VND and 0 < volume < _MOST_SHARES and ts_ms >= 10**12
    if not sane or last[_DIGITS : _DIGITS + 1] not in _ENDS:
        raise BadLine(f"a price, volume or time that cannot be in {line[:200]!r}")
    return fields[0].decode(), price, volume, ts_ms, side == b"bu"

"""
iBoard's frames: fields between pipes, as they came or as files of others recorded them.

Fields: 0 board, 1 kind and symbol, then by kind (see `Print` and `Snapshot`). Sources: real
frames of 2023 and 2025; the older form of recorded trades, from its description.
"""

import re
from typing import NamedTuple

import msgspec

from services.ingest.core.feed import BadFrame
from services.ingest.core.vn.codes import symbol_of
from services.ingest.core.vn.times import ms_of

_STAMPED = re.compile(r"\d{13}\|")
_CLOCK = re.compile(r"\d{1,2}:\d{2}:\d{2}")
_HEAD = re.compile(r"([A-Z])#(.+)", re.DOTALL)
_THOUSAND = 1000
_MAX_TIME_MS = 10**14

_PRICE, _VOLUME, _TOTAL, _TIME, _SIDE, _BOARD, _SERVER_TIME = 2, 3, 4, 5, 7, 11, 12
_LEVELS, _LAST, _HIGH, _EXCHANGE, _LOW = 2, 42, 44, 45, 46
_AVERAGE, _FOREIGN, _TOTAL_VOLUME, _OPEN_INTEREST = 47, 48, 54, 58
_CEILING, _FLOOR, _ROOM, _KIND, _OPEN = 59, 60, 65, 66, 75
_EXPECTED, _EXPECTED_VOLUME, _UPDATED = 96, 97, 101
_LEVEL_FIELDS = 40
_SHORTEST_SNAPSHOT = 62


class _Response(msgspec.Struct, gc=False):
    payload: str = msgspec.field(name="payloadData")


class _Data(msgspec.Struct, gc=False):
    response: _Response


class _Wrapper(msgspec.Struct, gc=False):
    data: _Data


_wrapper = msgspec.json.Decoder(_Wrapper)


class Frame(NamedTuple):
    """The fields of one frame; `kind` is the letter before `#`."""

    board: str
    kind: str
    symbol: str
    fields: list[str]

    def text(self, at: int) -> str:
        """A field, "" where it is blank or beyond the end."""
        return self.fields[at].strip() if at < len(self.fields) else ""

    def number(self, at: int) -> float | None:
        """
        A field as a number that is not negative; None where it is blank.

        Raises:
            BadFrame: `bad_number` when it is none.
        """
        written = self.text(at)
        if not written:
            return None
        try:
            # float() takes underscores and digits of other scripts, which no feed writes.
            number = float(written) if written.isascii() and "_" not in written else -1.0
        except ValueError:
            number = -1.0
        if not 0 <= number < 1e18:
            raise BadFrame("bad_number", f"field {at} of {self.symbol} is {written[:40]!r}")
        return number

    def time_ms(self, at: int) -> int | None:
        """A field as ms since the epoch; None where it is blank or no such time."""
        number = self.number(at)
        return int(number) if number and 10**12 <= number < _MAX_TIME_MS else None


class Print(NamedTuple):
    """
    L#: a trade. `price` in VND (points for a future), `total` of the day where known, `time`
    of day in ms and `server_ms` since the epoch where known.
    """

    price: float
    volume: float
    total: float | None
    time_ms: int | None
    server_ms: int | None
    side: str
    board: str


class Snapshot(NamedTuple):
    """S#: quote and figures; `levels` are price and volume in turn, ten bids, then ten asks."""

    levels: tuple[float | None, ...]
    exchange: str
    open: float | None
    high: float | None
    low: float | None
    average: float | None
    total_volume: float | None
    total_value: float | None
    foreign: tuple[float | None, ...]
    room: float | None
    open_interest: float | None
    expected_price: float | None
    expected_volume: float | None
    updated_ms: int | None


def read(value: bytes) -> Frame:
    """
    The frame in a raw record: bare, after a receive time in ms, or in a wrapper of JSON.

    Raises:
        BadFrame: `malformed` when there is none.
    """
    try:
        text = value.decode()
        if text.lstrip().startswith("{"):
            text = _wrapper.decode(value).data.response.payload
    except (msgspec.DecodeError, ValueError, RecursionError) as e:
        raise BadFrame("malformed", str(e)[:200]) from e
    if _STAMPED.match(text):
        text = text[14:]
    fields = text.rstrip("\r\n").split("|")
    found = _HEAD.fullmatch(fields[1]) if len(fields) > 1 else None
    if found is None:
        raise BadFrame("malformed", f"no frame: {text[:40]!r}")
    return Frame(fields[0], found[1], symbol_of(found[2]), fields)


def as_print(frame: Frame) -> Print:
    """
    The trade in an L# frame, of either form.

    Real frames have HH:MM:SS in field 5, prices in VND and the day's volume in field 4. Those
    of the older description have neither; their prices are in thousands, and the server's
    time is required.

    Raises:
        BadFrame: a number or a time is absent or none.
    """
    price, volume = frame.number(_PRICE), frame.number(_VOLUME)
    if not price or not volume:
        raise BadFrame("bad_number", f"{frame.symbol}: price {price} and volume {volume}")
    server_ms = frame.time_ms(_SERVER_TIME)
    if _CLOCK.fullmatch(frame.text(_TIME)):
        total, time_ms = frame.number(_TOTAL), ms_of(frame.text(_TIME))
        board = frame.text(_BOARD) or frame.board
    else:
        if server_ms is None:
            raise BadFrame("bad_time", f"{frame.symbol}: a frame without HH:MM:SS or server time")
        # 85.2 thousand is 85200 VND, without the noise of a float's last digits.
        price, total, time_ms = round(price * _THOUSAND, 3), None, None
        board = frame.board
    return Print(price, volume, total, time_ms, server_ms, frame.text(_SIDE), board)


def as_snapshot(frame: Frame) -> Snapshot:
    """
    The figures in an S# frame; a future's has 102 fields, a stock's may have fewer.

    A stock's expected price is written in thousands.

    Raises:
        BadFrame: it is too short, or a number is none.
    """
    if len(frame.fields) < _SHORTEST_SNAPSHOT:
        raise BadFrame("malformed", f"{frame.symbol}: {len(frame.fields)} fields are no S# frame")
    number = frame.number
    expected = number(_EXPECTED)
    if expected is not None and frame.text(_KIND) != "f":
        expected = round(expected * _THOUSAND, 3)
    ceiling, floor = number(_CEILING), number(_FLOOR)
    if expected and ((ceiling and expected > ceiling) or (floor and expected < floor)):
        expected = None
    return Snapshot(
        levels=tuple(number(at) for at in range(_LEVELS, _LEVELS + _LEVEL_FIELDS)),
        exchange=frame.text(_EXCHANGE),
        open=number(_OPEN),
        high=number(_HIGH),
        low=number(_LOW),
        average=number(_AVERAGE),
        total_volume=number(_TOTAL_VOLUME),
        total_value=number(_TOTAL_VOLUME + 1),
        foreign=tuple(number(at) for at in range(_FOREIGN, _FOREIGN + 4)),
        room=number(_ROOM),
        open_interest=number(_OPEN_INTEREST),
        expected_price=expected,
        expected_volume=number(_EXPECTED_VOLUME),
        updated_ms=frame.time_ms(_UPDATED),
    )

"""What clients may say, and what is wrong with what they said."""

import re
from typing import Literal

import msgspec

from services.gateway.core.channels import BY_NAME, Channel
from services.gateway.core.outbound import MAX_RATE
from services.gateway.core.streams import MAX_SNAPSHOT
from services.gateway.core.wire import MAX_PART, MAX_SEQ, Position, is_position

MAX_SYMBOLS = 200
DEFAULT_SNAPSHOT = 50
ErrorCode = Literal["bad_frame", "unknown_channel", "unknown_symbol", "limit", "internal"]
Id = int | str | None
SYMBOL = r"[A-Za-z0-9_*^.:-]{1,40}"
_SYMBOL = re.compile(SYMBOL)


class Sub(msgspec.Struct, tag_field="op", tag="sub"):
    """Subscribe; `after` (symbol -> seq, or [seq, part]) with `epoch` resumes."""

    ch: str
    symbols: list[str]
    id: Id = None
    snap: int = DEFAULT_SNAPSHOT
    epoch: str | None = None
    after: dict[str, int | tuple[int, int] | None] = {}

    def cursor(self, *names: str) -> Position | None:
        """Where the client stands in a stream, by one of its names; None when it has nothing."""
        at = next((self.after[n] for n in names if n in self.after), None)
        return (at, 0) if isinstance(at, int) else at


class Unsub(msgspec.Struct, tag_field="op", tag="unsub"):
    """Leave streams."""

    ch: str
    symbols: list[str]
    id: Id = None


class Set(msgspec.Struct, tag_field="op", tag="set"):
    """Set the flushes of states per second."""

    rate: float
    id: Id = None


class Ping(msgspec.Struct, tag_field="op", tag="ping"):
    """Ask for a pong."""

    id: Id = None


Command = Sub | Unsub | Set | Ping
_decoder = msgspec.json.Decoder(Command)


class _JustId(msgspec.Struct):
    id: Id = None


class Refused(Exception):
    """A command that cannot be carried out: `code` is for programs, the text for people."""

    def __init__(self, code: ErrorCode, text: str, id_: Id = None) -> None:
        super().__init__(text)
        self.code, self.id = code, id_


def parse(text: str) -> Command:
    """
    A frame of a client as a command, fully checked.

    Raises:
        Refused: with the client's `id`, where that can be read.
    """
    try:
        command: Command = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as e:
        raise Refused("bad_frame", f"not a command: {e}", _id_of(text)) from e
    match command:
        case Sub():
            _check_streams(command, "sub")
            _check_cursors(command)
            if not 0 <= command.snap <= MAX_SNAPSHOT:
                reason = f"snap must be from 0 to {MAX_SNAPSHOT}, was {command.snap}"
                raise Refused("limit", reason, command.id)
        case Unsub():
            _check_streams(command, "unsub")
        case Set() if not 1 <= command.rate <= MAX_RATE:
            reason = f"rate must be from 1 to {MAX_RATE:g}, was {command.rate:g}"
            raise Refused("limit", reason, command.id)
    return command


def channel_of(command: Sub | Unsub) -> Channel:
    """
    The channel a checked command names.

    Raises:
        Refused: there is none of that name.
    """
    channel = BY_NAME.get(command.ch)
    if channel is None:
        reason = f"no channel {command.ch!r}; there are {', '.join(BY_NAME)}"
        raise Refused("unknown_channel", reason, command.id)
    return channel


def _check_streams(command: Sub | Unsub, op: str) -> None:
    channel = channel_of(command)
    if not 1 <= len(command.symbols) <= MAX_SYMBOLS:
        reason = f"{op} takes 1 to {MAX_SYMBOLS} symbols, there were {len(command.symbols)}"
        raise Refused("limit", reason, command.id)
    for symbol in command.symbols:
        if not _SYMBOL.fullmatch(symbol):
            raise Refused("unknown_symbol", f"{symbol[:60]!r} is no symbol", command.id)
        if symbol == "*" and not channel.wild:
            reason = f"channel {channel.name} has no wildcard: name the symbols"
            raise Refused("unknown_symbol", reason, command.id)


def _check_cursors(command: Sub) -> None:
    for symbol in command.after:
        at = command.cursor(symbol)
        if at is not None and not is_position(at):
            reason = (
                f"after {symbol[:60]!r} must be a seq from 0 to {MAX_SEQ}, or [seq, part] "
                f"with a part from 0 to {MAX_PART}"
            )
            raise Refused("bad_frame", reason, command.id)


def _id_of(text: str) -> Id:
    try:
        return msgspec.json.decode(text, type=_JustId).id
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None

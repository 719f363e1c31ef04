"""
Faults that the exchange can be told to have: what there is, and how it is written.

As JSON `{"kind": "drop", "every": 50, "channel": "X-TRADE"}`, one or a list; on the command line
also `drop:every=50,channel=X-TRADE;disconnect:at=09:20`. All times but `at` are of the wall clock.
"""

from typing import Any, Literal, get_args

import msgspec

from services.simulator.core.day import clock

Kind = Literal[
    "disconnect", "silent", "half_open", "slow", "duplicate", "drop", "overtake",
    "out_of_order", "stale", "malformed", "expire_tokens", "too_many_requests", "restart",
    "clock_back",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)
ONCE = frozenset({"disconnect", "expire_tokens", "stale"})
"""Done in a moment; the others last."""
MESSAGES = frozenset({"duplicate", "drop", "overtake", "out_of_order", "malformed", "clock_back"})
"""Of single messages; the others are of connections or of the whole exchange."""


class FaultError(ValueError):
    """No such fault; the text says what is wrong with it."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    Attributes:
        at: local time of the exchange's day when it begins, as 09:20:30.
        after: ... or so many seconds from now.
        lasts: seconds, 0 for ever (a restart: how long the exchange is away, at least 0.1).
        feed: only this feed's connections.
        channel, symbol: only this channel's, this symbol's messages or subscribers.
        every: every n-th message (1: each).
        count: at most so many messages or requests, 0 for all.
        how: a disconnect's: `close` says good-bye, `abort` resets; malformed's: cut within
            `content`, `envelope` or `frame`.
        bytes_per_s: of a slow network, for each connection.
        seconds: of the day by which messages come late when out of order, and by which the clock
            of the exchange's machine steps back: messages carry its times.
    """

    kind: Kind
    at: str = ""
    after: float = 0.0
    lasts: float = 0.0
    feed: Literal["", "ssi_v2", "ssi_v3", "iboard"] = ""
    channel: str = ""
    symbol: str = ""
    every: int = 1
    count: int = 0
    how: Literal["", "close", "abort", "content", "envelope", "frame"] = ""
    bytes_per_s: int = 20_000
    seconds: float = 2.0

    def concerns(self, channel: str, symbol: str) -> bool:
        """Whether a message is of its channel and symbol."""
        return (not self.channel or self.channel.upper() == channel) and (
            not self.symbol or self.symbol.upper() == symbol.upper()
        )


def parse(written: str | bytes) -> list[Fault]:
    """
    Faults in either form.

    Raises:
        FaultError: they are written in neither, or one has a value that makes no sense.
    """
    text = written.decode() if isinstance(written, bytes) else written
    try:
        if text.lstrip().startswith(("{", "[")):
            raw = msgspec.json.decode(text)
        else:
            raw = [_short(each) for each in text.split(";") if each.strip()]
        listed = raw if isinstance(raw, list) else [raw]
        faults = [msgspec.convert(each, Fault, strict=False) for each in listed]
    except msgspec.DecodeError as e:
        raise FaultError(f"{e}; faults are {', '.join(KINDS)}, as drop:every=50") from e
    for fault in faults:
        _check(fault)
    return faults


def _short(written: str) -> dict[str, Any]:
    kind, _, rest = written.strip().partition(":")
    found: dict[str, Any] = {"kind": kind}
    for part in rest.split(","):
        name, equals, value = part.partition("=")
        if part and not equals:
            raise FaultError(f"{kind}: {part!r} must be name=value, as every=50")
        if part:
            found[name.strip()] = value.strip()
    return found


def _check(fault: Fault) -> None:
    if fault.at:
        try:
            clock(fault.at)
        except ValueError as e:
            raise FaultError(f"{fault.kind}: at must be like 09:20, was {fault.at!r}") from e
    if fault.at and fault.after:
        raise FaultError(f"{fault.kind}: at and after exclude each other")
    least = {"every": 1, "bytes_per_s": 1, "count": 0, "after": 0, "lasts": 0, "seconds": 0}
    for name, bound in least.items():
        value = getattr(fault, name)
        if not bound <= value < float("inf"):
            raise FaultError(f"{fault.kind}: {name} must be at least {bound}, was {value}")
    known = {"disconnect": {"close", "abort"}, "malformed": {"content", "envelope", "frame"}}
    if fault.how and fault.how not in known.get(fault.kind, ()):
        raise FaultError(f"{fault.kind}: has no how={fault.how}")

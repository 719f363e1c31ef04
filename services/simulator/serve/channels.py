"""
What a client wants to hear: SSI's SwitchChannels strings and iBoard's topics.

`X:VNM-SSI`, `MI:ALL`, `ALL`. One string names one channel: what follows a comma belongs to the
last symbol's name, so "B:VCB,MI:VNINDEX" gives neither (as SSI does: nothing of MI came).
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from services.simulator.core.wire import iboard, ssi_v2

_ALL = "ALL"
_BOARD = "MAIN"
_BY_SYMBOL = frozenset({"stockRealtimeBySymbolsAndBoards", "stockRealtimeByListV2"})
Pair = tuple[str, str]
"""(channel, symbol in capitals)."""


class Choice(Protocol):
    """What a connection wants, whatever its protocol calls it."""

    @property
    def empty(self) -> bool:
        """Whether nothing is chosen."""

    def wants(self, channel: str, symbol: str) -> bool:
        """Whether a message of this channel and symbol is for it."""

    def concerned(self, channel: str, symbol: str) -> bool:
        """Whether it has something of the channel and of the symbol; empty: of any."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Whole channels, and single symbols of channels; empty at first."""

    channels: frozenset[str] = frozenset()
    pairs: frozenset[Pair] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether nothing is chosen."""
        return not self.channels and not self.pairs

    def wants(self, channel: str, symbol: str) -> bool:
        """Whether a message of this channel and symbol is in it."""
        return channel in self.channels or (channel, symbol.upper()) in self.pairs

    def concerned(self, channel: str, symbol: str) -> bool:
        """See `Choice`."""
        mine = [each for each in self.channels if channel in ("", each)]
        named = [
            pair
            for pair in self.pairs
            if channel in ("", pair[0]) and symbol.upper() in ("", pair[1])
        ]
        return bool(mine or named)


def switched(written: str) -> Selection | None:
    """The selection of a SwitchChannels string, None when it names no channel."""
    channel, _, symbols = written.strip().upper().partition(":")
    if channel == _ALL:
        return Selection(frozenset(ssi_v2.CHANNELS))
    if channel not in ssi_v2.CHANNELS or not symbols:
        return None
    names = [name.strip() for name in symbols.split("-")]
    if _ALL in names:
        return Selection(frozenset({channel}))
    return Selection(pairs=frozenset((channel, name) for name in names if name))


def subscribed(pairs: Set[Pair], message: str) -> tuple[frozenset[Pair], str | None]:
    """
    An iBoard client's pairs after its message, and the answer to it, None for none.

    Topics other than those of stocks and futures by symbol are taken and give nothing; so is
    what is no JSON.
    """
    try:
        asked: Any = msgspec.json.decode(message)
    except msgspec.DecodeError:
        return frozenset(pairs), None
    if not isinstance(asked, dict):
        return frozenset(pairs), None
    named = frozenset(
        (channel, symbol)
        for symbol in _symbols(asked.get("topic"), asked.get("variables"))
        for channel in iboard.CHANNELS
    )
    match asked.get("type"):
        case "sub":
            return frozenset(pairs | named), None
        case "unsub":
            left = pairs - named if asked.get("variables") else frozenset[Pair]()
            return frozenset(left), '{"result":"complete","type":"unsub"}'
        case _:
            return frozenset(pairs), None


def _symbols(topic: Any, variables: Any) -> list[str]:
    if topic not in _BY_SYMBOL:
        return []
    if isinstance(variables, dict):
        if _BOARD not in variables.get("boardIds", [_BOARD]):
            return []
        variables = variables.get("symbols")
    if not isinstance(variables, list):
        return []
    return [each.upper() for each in variables if isinstance(each, str)]

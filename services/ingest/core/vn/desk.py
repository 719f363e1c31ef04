"""What the decoders of the Vietnamese venue share: its symbols, and who writes what of them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from schemas.base import BROADCAST
from schemas.market import Gap
from services.ingest.core.feed import Output
from services.ingest.core.records import Raw
from services.ingest.core.vn.sources import BadChoice, Source, Sources, chosen, in_force
from services.ingest.core.vn.state import Symbols


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """State of a decoder that has all of its own on the desk."""


class DeskState(msgspec.Struct):
    """
    Attributes:
        symbols: the chains, by symbol: whoever writes a kind of message, its chain goes on.
        choice: kind -> `feed:channel` where it is not as `sources.PRIMARY` says.
        heard: feed -> channel -> when its last record came, ms since the epoch.
    """

    symbols: Any = msgspec.field(default_factory=dict)
    choice: dict[str, str] = {}
    heard: dict[str, dict[str, int]] = {}


class Desk:
    """
    One venue's. The choice is a function of its `sources` control records alone.

    Attributes:
        turn: another number after each change of the choice.
    """

    def __init__(self) -> None:
        self.symbols, self.turn = Symbols(), 0
        self._choice: dict[str, str] = {}
        self._heard: dict[tuple[str, str], int] = {}

    def sources(self, usual: Sources) -> Sources:
        """Who writes what, where `usual` says it for the kinds about which nobody chose."""
        return in_force(self._choice, usual)

    def hear(self, raw: Raw) -> None:
        """A feed's record came."""
        self._heard[raw.feed, raw.channel] = raw.seq // 1000

    def choose(self, raw: Raw, out: Output, choice: Mapping[str, str]) -> None:
        """
        From now on `choice` holds; for the rest, PRIMARY.

        For each source that loses a kind, and was ever heard, a `gap` of its channel from its
        last record until now. What of it nobody missed, the chains tell.
        """
        try:
            wanted = chosen(choice)
        except BadChoice as e:
            out.reject("malformed", f"sources: {e}")
            return
        before = in_force(self._choice)
        self._choice, self.turn = dict(choice), self.turn + 1
        gone = {s: None for kind, s in before.items() if wanted.get(kind) != s}
        for source in gone:
            self._tell(raw, out, source)

    def _tell(self, raw: Raw, out: Output, source: Source) -> None:
        feed, kind = source
        channel = f"vn.{kind}"
        heard_ms, now_ms = self._heard.get((feed, channel)), raw.seq // 1000
        if heard_ms is None:
            return
        out.messages.append(
            Gap(
                symbol=BROADCAST,
                feed=feed,
                seq=out.next_seq(),
                ts_ms=now_ms,
                ts_source="receive",
                venue=raw.venue,
                channel=channel,
                cause="source_change",
                from_ts_ms=heard_ms,
                to_ts_ms=now_ms,
            )
        )

    def state(self) -> DeskState:
        """What `restore` needs."""
        heard: dict[str, dict[str, int]] = {}
        for (feed, channel), at in self._heard.items():
            heard.setdefault(feed, {})[channel] = at
        return DeskState(self.symbols.state(), dict(self._choice), heard)

    def restore(self, state: DeskState) -> None:
        """
        Go on as the one that gave `state` would.

        Raises:
            msgspec.ValidationError: the symbols are damaged.
        """
        self.symbols.restore(state.symbols)
        self._choice, self.turn = dict(state.choice), self.turn + 1
        self._heard = {
            (feed, channel): at
            for feed, channels in state.heard.items()
            for channel, at in channels.items()
        }

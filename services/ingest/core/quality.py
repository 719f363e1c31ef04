"""
Is this message the next one of its chain, and is its price believable?

Chain state per symbol, a function of the messages alone. A message that fails a check never
moves its chain, so the loss of a rejected message shows as a gap at the next good one.
"""

from typing import Literal

import msgspec

AGREEING = 5
"""So many consecutive suspects that agree with each other are believed: a re-denomination
or a restarted numbering must not block a symbol for ever."""

LEAP = 1_000_000
"""An id beyond twice the last plus this is no gap but a damaged number."""

Content = tuple[int | float, ...]
"""Of a message: what a true repeat of it repeats. Integers stay integers through JSON."""

Verdict = Literal["new", "duplicate", "conflict", "stale", "leap"]


class IdChain(msgspec.Struct, gc=False):
    """
    Where a numbered stream of a symbol stands.

    `content` tells a true repeat from another message with the same id. `suspect` and
    `suspects` count the run of consecutive ids that did not fit but increase.
    """

    id: int
    ts_ms: int
    content: Content
    suspect: int = 0
    suspects: int = 0

    def judge(self, id_: int, ts_ms: int | None, content: Content) -> Verdict:
        """
        What a message with this id is to the chain, which does not move yet.

        An older id is stale. Where its exchange time (`ts_ms`, None where the vendor gives
        none) is later than the last and `AGREEING` such follow each other, the vendor has
        restarted its numbering: new.
        """
        if id_ > self.id:
            if id_ <= 2 * self.id + LEAP or self._agreed(id_):
                return "new"
            return "leap"
        if id_ == self.id:
            return "duplicate" if content == self.content else "conflict"
        if ts_ms is not None and ts_ms > self.ts_ms and self._agreed(id_):
            return "new"
        return "stale"

    def accept(self, id_: int, ts_ms: int, content: Content) -> None:
        """The chain moves to this message."""
        self.id, self.ts_ms, self.content = id_, ts_ms, content
        self.suspects = 0

    def _agreed(self, id_: int) -> bool:
        follows = self.suspects > 0 and self.suspect < id_ <= self.suspect + LEAP
        self.suspects = self.suspects + 1 if follows else 1
        self.suspect = id_
        return self.suspects >= AGREEING


class DepthChain(IdChain, gc=False):
    """
    A chain of book updates; `snapshot` is the id of the last snapshot, 0 without one.

    A snapshot newer than the chain (`snapshot` > `id`) is where the next update must link.
    """

    snapshot: int = 0
    snapshot_ts_ms: int = 0
    snapshot_check: int = 0

    def judge_snapshot(self, id_: int, check: int) -> Verdict:
        """What a snapshot with this id is; `check` tells a true repeat from a new reply."""
        if id_ < self.snapshot:
            return "stale"
        if id_ == self.snapshot and check == self.snapshot_check:
            return "duplicate"
        return "leap" if self.id and id_ > 2 * self.id + LEAP else "new"


class PriceGuard(msgspec.Struct, gc=False):
    """The last believed price of one series; 0 before the first, which is believed."""

    accepted: float = 0.0
    suspect: float = 0.0
    suspects: int = 0

    def accept(self, price: float, ratio: float) -> bool:
        """Whether a positive `price` lies within `ratio` of the last believed one, either way."""
        last = self.accepted
        if last == 0.0 or (last <= price * ratio and price <= last * ratio):
            self.accepted = price
            self.suspects = 0
            return True
        near = self.suspect
        agrees = self.suspects > 0 and near <= price * ratio and price <= near * ratio
        self.suspects = self.suspects + 1 if agrees else 1
        self.suspect = price
        if self.suspects < AGREEING:
            return False
        self.accepted = price
        self.suspects = 0
        return True


class SymbolState(msgspec.Struct, gc=False, omit_defaults=True):
    """All chains of one symbol; a chain is None before its first message."""

    trade: IdChain | None = None
    quote: IdChain | None = None
    depth: DepthChain | None = None
    trade_price: PriceGuard = msgspec.field(default_factory=PriceGuard)
    bid: PriceGuard = msgspec.field(default_factory=PriceGuard)
    ask: PriceGuard = msgspec.field(default_factory=PriceGuard)

"""`session-flow`: who was active today in each symbol, per phase and for the day."""

from typing import Literal

from schemas.base import Derived, Phase, Venue, Volume

FlowPhase = Phase | Literal["day"]
"""A phase in which the symbol has traded, or the whole day."""


class SessionFlow(Derived, frozen=True, kw_only=True, gc=False, tag="session_flow"):
    """
    Sums since the day began of one phase of one symbol, or of its day; the main board only.

    Always, in every row: buy + sell + neutral + unknown volume = `total_volume`, exactly (in
    integers of 1e-8). A row replaces those before it of the same symbol, day and phase: the
    newest `(seq, part)` counts. What changed since the last whole second comes at once, phases
    first, the `day` last; nothing comes when nothing changed.

    Attributes:
        seq: of the clock that published the row; of the first message of a later day when no
            clock came between.
        ts_ms: `seq // 1000`: not the exchange's time.
        day: trading day, ISO: the venue's date of `seq` (VN: UTC+7; crypto: UTC).
        phase: of the prints: by their exchange time. A phase without a print has no row.
        total_volume: in a phase the sum of its parts; in `day` the vendor's total of the newest
            print, or, where the vendor gives none (crypto), the sum of the prints.
        total_value: the same in money, null where unknown. The multiplier is in it.
        buy_volume, sell_volume, neutral_volume: of the prints with that `side`
            (trades-classified). Values are price x volume x multiplier, null when the multiplier
            was unknown; counts are prints.
        unknown_volume: of prints whose side is unknown, and what no print covers: lost messages
            and all before a late start. Missing volume belongs to a phase when the prints on
            both sides of the hole do (before the first print: the opening); else it stands in
            `day` alone, so `day` has at least as much as its phases together. Negative in
            `day` only when the vendor took volume back (cancelled trades): nobody says whose.
        unknown_count: prints whose side is unknown; how many were lost nobody knows.
        unexplained_volume: in `day`, by how much the vendor's total differs from prints and
            announced gaps together, which are counted apart from it: 0 on a sound tape. A part
            of `unknown_volume`. In a phase always 0.
        final: the phase or the day is over: the exchange went on to a later phase a minute or
            more ago, or a later day began. A print that comes even later gives one more row,
            final too.
    """

    venue: Venue
    day: str
    phase: FlowPhase
    total_volume: Volume
    total_value: float | None
    buy_volume: Volume
    buy_value: float | None
    buy_count: int
    sell_volume: Volume
    sell_value: float | None
    sell_count: int
    neutral_volume: Volume
    neutral_value: float | None
    neutral_count: int
    unknown_volume: Volume
    unknown_count: int
    unexplained_volume: Volume
    final: bool

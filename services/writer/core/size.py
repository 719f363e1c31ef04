"""How many rows a transaction may have."""

from dataclasses import dataclass, field

_GROWTH = 10
"""A tenth more after each batch: had it grown at once, each second one would be too large."""


@dataclass(slots=True)
class BatchSize:
    """`full` rows; fewer after a transaction that took too long, until they go well again."""

    full: int
    rows: int = field(init=False)

    def __post_init__(self) -> None:
        self.rows = self.full

    def too_slow(self, count: int) -> None:
        """A batch of `count` rows ran into its timeout: half as many, at least one."""
        self.rows = max(1, min(self.rows, count) // 2)

    def stored(self) -> None:
        """A batch went well."""
        self.rows = min(self.full, self.rows + max(1, self.rows // _GROWTH))

"""How often the aggressor that a tape gives is the true one, in continuous trading."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from services.report.truth.kept import Kept
from services.report.truth.told import Print

SIDES = ("buy", "sell")


@dataclass(slots=True)
class Sides:
    """
    Prints of the continuous session: (true, given) -> how many.

    Attributes:
        published: `side`, the vendor's flag before the inferred one.
        inferred: the side without any flag; None where no rule could tell.
        unflagged: of prints that came without a flag, where `published` is inferred.
        rules: rule -> whether the inferred side was right -> how many.
        elsewhere: prints of other phases that were not neutral.
    """

    published: Counter[tuple[str, str]] = field(default_factory=Counter)
    inferred: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    unflagged: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: dict[str, Counter[bool]] = field(default_factory=dict)
    elsewhere: int = 0

    def add(self, true: Print, kept: Kept) -> None:
        """One print and what the tape says of it."""
        if true.phase != "continuous":
            self.elsewhere += kept.side != true.aggressor
            return
        self.published[true.aggressor, kept.side] += 1
        self.inferred[true.aggressor, kept.inferred] += 1
        if not kept.flagged:
            self.unflagged[true.aggressor, kept.side] += 1
        rule = self.rules.setdefault(kept.rule or "none", Counter())
        rule[kept.inferred == true.aggressor] += 1

    def take(self, other: "Sides") -> None:
        """Add another symbol's."""
        self.published += other.published
        self.inferred += other.inferred
        self.unflagged += other.unflagged
        self.elsewhere += other.elsewhere
        for rule, counted in other.rules.items():
            self.rules[rule] = self.rules.get(rule, Counter()) + counted

    def as_json(self) -> dict[str, Any]:
        """For programs: shares in per cent, null without prints."""
        return {
            "prints": self.published.total(),
            "published_percent": share(self.published),
            "inferred_percent": share(self.inferred),
            "unflagged": self.unflagged.total(),
            "unflagged_percent": share(self.unflagged),
            "published": _confusion(self.published),
            "inferred": _confusion(self.inferred),
            "rules": {rule: [c[True], c.total()] for rule, c in sorted(self.rules.items())},
            "not_neutral_in_auctions": self.elsewhere,
        }


def share(counted: Counter[Any]) -> float | None:
    """Per cent in which both of a pair are equal; None without any."""
    right = sum(count for (true, given), count in counted.items() if true == given)
    return 100 * right / counted.total() if counted else None


def _confusion(counted: Counter[Any]) -> dict[str, dict[str, int]]:
    return {
        true: {
            str(given): n for (each, given), n in sorted(counted.items(), key=str) if each == true
        }
        for true in SIDES
    }

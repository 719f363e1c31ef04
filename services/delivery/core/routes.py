"""Which alerts go to which channel."""

from dataclasses import dataclass
from typing import Literal

from schemas.alerts import Alert, Severity

Kind = Literal["webhook", "telegram", "console"]
_RANK: dict[Severity, int] = {"info": 0, "warning": 1, "critical": 2}


@dataclass(frozen=True, slots=True)
class Route:
    """
    A channel as far as choosing is concerned; empty sets choose all.

    Attributes:
        name: of the channel, in the log and in metrics.
    """

    name: str
    severity: Severity = "info"
    rules: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    symbols: frozenset[str] = frozenset()

    def takes(self, alert: Alert) -> bool:
        """Whether the alert is for this channel."""
        return (
            _RANK[alert.severity] >= _RANK[self.severity]
            and (not self.rules or alert.rule in self.rules)
            and alert.rule not in self.without
            and (not self.symbols or alert.symbol in self.symbols)
        )

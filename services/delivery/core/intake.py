"""From a record of `alerts` to the rows of the delivery log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import msgspec

from schemas.alerts import Alert, alert_id
from services.delivery.core.routes import Route

Status = Literal["waiting", "sent", "withheld", "expired", "dead"]

decode = msgspec.json.Decoder(Alert).decode
"""Raises msgspec.DecodeError for what is no alert."""


class Row(NamedTuple):
    """One alert for one channel, as it enters the log; `alert` is the record as it is."""

    channel: str
    id: str
    seq: int
    status: Status
    reason: str | None
    alert: bytes


@dataclass(frozen=True, slots=True)
class Policy:
    """
    What is delivered at all.

    Attributes:
        tape: the alerts are of this one.
        withheld: why nothing of it is delivered; None: it is.
        oldest_ms: alerts that fired before (ms since the epoch) are no news any more.
    """

    tape: str
    withheld: str | None
    oldest_ms: int

    def status(self, alert: Alert) -> tuple[Status, str | None]:
        """How an alert enters the log, and why it is not sent."""
        if self.withheld is not None:
            return "withheld", self.withheld
        if alert.seq // 1000 < self.oldest_ms:
            return "expired", "older than the service delivers when it read it"
        return "waiting", None


def rows(value: bytes, routes: Sequence[Route], policy: Policy) -> Iterator[Row]:
    """
    The rows of one record, one a channel that takes the alert.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError: it is no alert.
    """
    alert = decode(value)
    status, reason = policy.status(alert)
    name = alert_id(policy.tape, alert)
    for route in routes:
        if route.takes(alert):
            yield Row(route.name, name, alert.seq, status, reason, value)

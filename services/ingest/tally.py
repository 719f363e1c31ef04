"""What ingest counts for operators: metrics, and whether `/health` says degraded."""

import time
from collections import Counter
from collections.abc import Callable
from typing import get_args

from schemas.market import GapCause
from services.runtime.health import Health
from services.runtime.metrics import Metrics

FLOWING_S = 10.0
"""`degraded` for so long after the last dead letter."""
BROKER_S = 5.0
"""A broker that has not answered for so long is named in `/health`."""


class Tally:
    """
    Counts per batch, given to Prometheus in one go: a counter costs as much as a message.

    `refresh` must be called about once a second.
    """

    def __init__(
        self, metrics: Metrics, health: Health, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._metrics, self._health, self._now = metrics, health, now
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._in_flight: dict[int, float] = {}
        self._dead: tuple[float, str] | None = None
        self._dead_flowing = 0
        for cause in get_args(GapCause):
            # A counter that is born at 1 has not risen: there to be seen before the first.
            metrics.gaps.labels(metrics.service, cause)

    def received(self, feed: str, channel: str) -> None:
        """A vendor message came in."""
        self._counts["received", feed, channel] += 1

    def dropped(self, feed: str, reason: str, count: int = 1) -> None:
        """Vendor messages, or a part of one, were left out, as `reason` says."""
        self._counts["dropped", feed, reason] += count

    def gap(self, cause: str) -> None:
        """A gap was written."""
        self._counts["gaps", cause] += 1

    def dead(self, reason: str) -> None:
        """A dead letter; `reason` is `<code>: <why>`, the code is of a closed set."""
        self._counts["dead_letters", reason.partition(":")[0]] += 1
        self._dead = (self._now(), reason)
        self._dead_flowing += 1

    def messages(self, topic: str, count: int) -> None:
        """So many messages went to a topic."""
        self._counts["outputs", topic] += count

    def position(self, size: int, limit: int) -> bool:
        """Whether a position of `size` bytes may be written; `/health` says when it may not."""
        if size <= limit:
            self._health.problems.pop("position", None)
            return True
        self._health.problems["position"] = (
            f"position too large: {size} bytes, {limit} can stand in control; a restart begins "
            "at an older one and takes longer"
        )
        return False

    def sent(self, batch: int) -> None:
        """A batch's raw records were handed to Kafka."""
        self._in_flight[batch] = self._now()
        self._health.waiting = len(self._in_flight)

    def done(self, batch: int) -> None:
        """A batch's messages were handed on: its raw records are acknowledged."""
        self._in_flight.pop(batch, None)
        self._health.waiting = len(self._in_flight)
        self._health.progress()
        for (name, *labels), count in self._counts.items():
            getattr(self._metrics, name).labels(self._metrics.service, *labels).inc(count)
        self._counts.clear()
        self._metrics.progress.labels(self._metrics.service).set_to_current_time()

    def refresh(self) -> None:
        """Say in `/health` what is wrong now, and no longer what is not."""
        self._refresh_dead()
        oldest = min(self._in_flight.values(), default=None)
        if oldest is not None and self._now() - oldest > BROKER_S:
            self._health.problems["kafka"] = (
                f"Kafka has not acknowledged for {self._now() - oldest:.0f} s; it all waits"
            )
            # Not a stall of this process: restarting it would not help.
            self._health.waiting = 0
        else:
            self._health.problems.pop("kafka", None)

    def _refresh_dead(self) -> None:
        if self._dead is not None and self._now() - self._dead[0] < FLOWING_S:
            self._health.problems["dead_letters"] = (
                f"{self._dead_flowing} vendor messages refused, the last: {self._dead[1]}"
            )
        else:
            self._health.problems.pop("dead_letters", None)
            self._dead_flowing = 0

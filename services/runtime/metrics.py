"""
Every Prometheus metric, once, with what it means.

Seconds and bytes only; labels from closed sets (service, topic, outcome, reason), never a
symbol. A process has one `Metrics` on its own registry.
"""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_AGE = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The list; `service` is the constant label of all of them."""

    def __init__(self, service: str, registry: CollectorRegistry | None = None) -> None:
        self.service = service
        self.registry = registry or CollectorRegistry()
        self._reading()
        self._computing()
        self._ingesting()
        self._serving()
        self._watching()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"vntape_{name}", text, ["service", *labels], registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"vntape_{name}", text, ["service", *labels], registry=self.registry)

    def _histogram(
        self, name: str, text: str, *labels: str, buckets: Sequence[float] = _LATENCY
    ) -> Histogram:
        return Histogram(
            f"vntape_{name}",
            text,
            ["service", *labels],
            buckets=buckets,
            registry=self.registry,
        )

    def _reading(self) -> None:
        self.records = self._counter("records", "Kafka records read", "topic")
        self.messages = self._counter(
            "messages",
            "Messages by what became of them: ok, repeat, dead_letter",
            "topic",
            "outcome",
        )
        self.lag = self._gauge("lag_records", "Records in the log, not yet read", "topic")
        self.delay = self._histogram(
            "delay_seconds",
            "From a record's append to the end of its step; repeats left out",
            "topic",
        )
        self.event_age = self._histogram(
            "event_age_seconds",
            "From the receipt of a message to a stage: raw, market, derived (in the log), step, "
            "written, served; of each record the oldest message; replays left out",
            "stage",
            buckets=_AGE,
        )
        self.progress = self._gauge(
            "last_progress_timestamp_seconds", "When input was last finished, unix time"
        )
        self.dead_letters = self._counter("dead_letters", "Messages refused", "reason")

    def _computing(self) -> None:
        self.outputs = self._counter("outputs", "Messages produced", "topic")
        self.frame_seconds = self._histogram("frame_seconds", "One synchronous section of the pump")
        self.snapshots = self._counter("snapshots", "Partition snapshots written")
        self.snapshot_pause = self._histogram(
            "snapshot_pause_seconds", "Encoding of one partition's state, in the event loop"
        )
        self.snapshot_bytes = self._gauge("snapshot_bytes", "Compressed size of the last snapshot")
        self.restores = self._counter("restores", "Partitions restored from a snapshot", "found")
        self.reseeks = self._counter("reseeks", "Holes in the input met by seeking again")
        self.step_errors = self._counter("step_errors", "Exceptions of a step", "outcome")
        self.suspect_units = self._gauge(
            "suspect_units", "Units whose state missed a quarantined message"
        )
        self.assigned = self._gauge("assigned_partitions", "Partitions this worker owns")
        self.index_error = self._gauge(
            "index_error_ratio",
            "Estimate of an index / the value published for its time - 1",
            "index",
        )
        self.index_settled = self._gauge(
            "index_error_timestamp_seconds",
            "Exchange time of the value that the error is of",
            "index",
        )
        self.merge_waiting = self._gauge(
            "merge_waiting_seconds",
            "From the first second that some partition has not passed to the newest",
        )

    def _ingesting(self) -> None:
        self.received = self._counter("received", "Vendor messages in", "feed", "channel")
        self.dropped = self._counter(
            "dropped", "Vendor messages dropped on purpose", "feed", "reason"
        )
        self.gaps = self._counter("gaps", "Gaps written", "cause")
        self.channel_age = self._gauge(
            "feed_channel_age_seconds", "Age of a live connection's newest data", "feed", "channel"
        )
        self.overdue = self._gauge(
            "feed_overdue_seconds",
            "For how long a live connection's data are overdue; 0: they are not, or none are due",
            "feed",
            "channel",
        )
        self.session_open = self._gauge(
            "session_open",
            "1 while a venue trades or is in an auction (VN: HOSE), as live feeds see it",
            "venue",
        )
        self.feed_states = self._counter(
            "feed_states",
            "Entries of a live connection into a state: connecting, live, silent, backing_off, "
            "refused",
            "feed",
            "channel",
            "state",
        )
        self.record_lag = self._gauge(
            "record_lag_seconds", "Age of the oldest raw record that is not in the archive", "venue"
        )
        self.spool_bytes = self._gauge(
            "spool_bytes", "Waiting on disk because Kafka does not take it; 0 while it does"
        )

    def _serving(self) -> None:
        self.rows = self._counter("rows", "Rows stored", "table")
        self.write_seconds = self._histogram("write_seconds", "One transaction of the writer")
        self.write_retries = self._counter("write_retries", "Transactions tried again", "reason")
        self.clients = self._gauge("clients", "Connected WebSocket clients")
        self.frames_sent = self._counter("client_frames", "WebSocket frames sent")
        self.client_bytes = self._gauge("client_queue_bytes", "Waiting in all clients' queues")
        self.slow_clients = self._counter("slow_clients", "Clients closed because they were slow")
        self.deliveries = self._counter(
            "deliveries",
            "Attempts to tell an alert: sent, failed, dead",
            "channel",
            "outcome",
        )
        self.deliveries_waiting = self._gauge(
            "deliveries_waiting", "Alerts that a channel was not told yet", "channel"
        )

    def _watching(self) -> None:
        """What the lag exporter sees; here `service` is whom it speaks of."""
        self.completeness = self._gauge(
            "completeness_ratio",
            "Of the volume of a tape's newest day, by the vendor's count, what is in prints",
            "tape",
            "exchange",
        )
        self.group_lag = self._gauge(
            "group_lag_records",
            "Records in the log that a service has not surely done; of market, frames",
            "tape",
            "topic",
            "partition",
        )
        self.group_lag_seconds = self._gauge(
            "group_lag_seconds",
            "Age of the oldest record that a service has not surely done; 0: none waits",
            "tape",
            "topic",
            "partition",
        )
        self.group_position = self._gauge(
            "group_position",
            "First offset that a service has not surely done",
            "tape",
            "topic",
            "partition",
        )
        self.group_members = self._gauge(
            "group_members", "Live workers in a service's consumer group", "tape"
        )
        self.group_partitions = self._gauge(
            "group_partitions", "Partitions of the topics that a service reads", "tape"
        )
        self.topic_end = self._gauge(
            "topic_end_offset", "Next offset to be written, summed over partitions", "tape", "topic"
        )
        self.topic_age = self._gauge(
            "topic_last_growth_timestamp_seconds",
            "When a topic was last seen to have grown, unix time; of its raw topics, each feed's",
            "tape",
            "topic",
        )

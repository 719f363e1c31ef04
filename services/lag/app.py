"""The lag exporter: positions of all services against the log, as Prometheus wants them."""

import asyncio
import contextlib
import time
from collections import defaultdict

import psycopg
from aiokafka.errors import KafkaError

from schemas.topics import TOPICS
from services.lag import completeness
from services.lag.core.lags import Lag
from services.lag.log import Log
from services.lag.survey import Survey, Surveyor
from services.runtime import logs, roles
from services.runtime.metrics import Metrics
from services.runtime.process import Process, run
from services.runtime.settings import Settings, SettingsError

log = logs.get(__name__)

COMPLETENESS_S = 30.0
ACTIVE_S = 600.0
"""A tape that has not grown for so long is as complete as it was."""
AWAY = (KafkaError, LookupError, OSError, TimeoutError)
WATCHED = tuple(topic.name for topic in TOPICS if topic.codec != "snapshot")
"""Their ends are looked at, whoever reads them; what snapshots weigh their writers say."""


def run_lag(settings: Settings, worker: str = "lag-1") -> None:
    """
    Look every VNTAPE_LAG_INTERVAL_S at all tapes until SIGTERM or SIGINT.

    Raises:
        SettingsError: no Kafka.
    """
    if settings.kafka is None:
        raise SettingsError("no Kafka: set VNTAPE_KAFKA, or start one with `vntape up`")
    run("lag", settings, lambda process: _watch(process, str(settings.kafka)), worker)


def reader_url(settings: Settings) -> str | None:
    """The read-only login; None where there is no database, or no tape was ever migrated."""
    if settings.database_url is None and settings.reader_url is None:
        return None
    with contextlib.suppress(SettingsError):
        return roles.url(settings, roles.READER)
    return None


async def _watch(process: Process, bootstrap: str) -> None:
    board = _Board(process.metrics)
    while not process.stopping.is_set():
        try:
            async with Log(bootstrap) as kafka:
                surveyor = Surveyor(kafka, reader_url(process.settings), WATCHED)
                while not process.stopping.is_set():
                    survey = await surveyor.look()
                    await board.measure(surveyor.database_url)
                    board.show(survey)
                    surveyor.database_url = reader_url(process.settings)
                    _well(process, survey.problem)
                    await _rest(process, process.settings.lag_interval_s)
        except AWAY as e:
            # What was said last is not true any more: better nothing than that.
            board.clear()
            process.health.problems["kafka"] = f"Kafka does not answer: {e!r}"
            process.health.progress()  # waiting for something that is away is no stall
            log.warning("backing_off", error=repr(e))
            await _rest(process, 1.0)


def _well(process: Process, problem: str | None) -> None:
    process.health.ready = True
    process.health.problems.clear()
    if problem is not None:
        process.health.problems["database"] = problem
    process.health.progress()
    process.metrics.progress.labels(process.service).set_to_current_time()


async def _rest(process: Process, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await process.stopping.wait()


class _Board:
    """The gauges; a place that is gone leaves no series behind."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._ends: dict[tuple[str, str], tuple[int, float]] = {}
        self._ratios: dict[tuple[str, str], float] = {}
        self._next_s = 0.0

    def clear(self) -> None:
        found = self._metrics
        for gauge in (
            found.group_lag,
            found.group_lag_seconds,
            found.group_position,
            found.group_members,
            found.group_partitions,
            found.topic_end,
            found.topic_age,
            found.completeness,
        ):
            gauge.clear()

    async def measure(self, url: str | None) -> None:
        """Now and then, the completeness of tapes that grow; what cannot be asked is not known."""
        now_s = time.time()
        if url is None or now_s < self._next_s:
            return
        self._next_s = now_s + COMPLETENESS_S
        grown = {t for (t, _), (_, at_s) in self._ends.items() if now_s - at_s < ACTIVE_S}
        try:
            self._ratios = await completeness.ratios(url, grown)
        except psycopg.Error as e:
            self._ratios = {}
            log.warning("completeness_unknown", error=" ".join(str(e).split()))

    def show(self, survey: Survey) -> None:
        # No await in here: nobody scrapes between the two.
        self.clear()
        partitions: dict[tuple[str, str], int] = defaultdict(int)
        for lag in survey.lags:
            self._lag(lag)
            partitions[lag.place.reader.service, lag.place.reader.tape] += 1
        for labels, count in partitions.items():
            self._metrics.group_partitions.labels(*labels).set(count)
        for reader, count in survey.members.items():
            self._metrics.group_members.labels(reader.service, reader.tape).set(count)
        self._topics(survey)
        for place, ratio in self._ratios.items():
            self._metrics.completeness.labels(self._metrics.service, *place).set(ratio)

    def _lag(self, lag: Lag) -> None:
        (tape, service), topic, partition = lag.place
        labels = (service, tape, topic, str(partition))
        self._metrics.group_lag.labels(*labels).set(lag.records)
        self._metrics.group_position.labels(*labels).set(lag.position)
        if lag.age_s is not None:
            self._metrics.group_lag_seconds.labels(*labels).set(lag.age_s)

    def _topics(self, survey: Survey) -> None:
        ends: dict[tuple[str, str], int] = defaultdict(int)
        for (tape, topic, _), span in survey.spans.items():
            ends[tape, topic] += span.end
        grown: dict[tuple[str, str], tuple[int, float]] = {}
        for key, end in ends.items():
            before, at_s = self._ends.get(key, (end, 0.0))
            grown[key] = (end, time.time() if end != before else at_s)
            labels = (self._metrics.service, *key)
            self._metrics.topic_end.labels(*labels).set(end)
            if grown[key][1]:
                self._metrics.topic_age.labels(*labels).set(grown[key][1])
        self._ends = grown

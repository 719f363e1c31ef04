"""The life of `vntape record`: rounds until it is asked to stop, or until all is there."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from schemas.topics import LIVE, TOPICS
from services.ingest.archive.recorder import Recorder, Sure
from services.runtime import logs, process
from services.runtime.process import Process
from services.runtime.settings import Settings, SettingsError

log = logs.get(__name__)

ROUND_S = 1.0
ALARM_MS = min(t.retention_ms for t in TOPICS if t.codec == "raw") // 2
"""A recorder so far behind may lose records: Kafka deletes them after twice that."""
ROUNDS_A_FRAME = 5
"""A frame a second would compress badly, and one a minute would lose much of a file's use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where to, and whether to end when all that stands is recorded."""

    folder: Path
    once: bool = False


def run_recorder(settings: Settings, options: Options) -> None:
    """
    Record the settings' tape until SIGTERM, or, with `once`, until nothing is left.

    Raises:
        LookupError: the tape has no raw topics.
        BadArchive: the folder is another tape's, or damaged.
    """
    process.run("recorder", settings, partial(record, options=options))


async def record(life: Process, options: Options) -> None:
    """All venues of the tape, each into its own files."""
    settings = life.settings
    if settings.kafka is None:
        raise SettingsError("VNTAPE_KAFKA is not set: give host:port of Kafka, or `vntape up`")
    sure = Sure(settings.kafka, settings.tape)
    recorders: dict[str, Recorder] = {}
    try:
        await sure.start()
        rounds = 0
        while True:
            last = life.stopping.is_set() or options.once
            await sure.refresh()
            for venue in sorted(set(sure.of) - set(recorders)):
                recorders[venue] = Recorder(settings.kafka, settings.tape, venue, options.folder)
                await recorders[venue].start()
            for venue, recorder in recorders.items():
                count = await recorder.round(sure.of[venue])
                _watch(life, recorder, count)
            rounds += 1
            if rounds % ROUNDS_A_FRAME == 0:
                for recorder in recorders.values():
                    await recorder.flush()
            life.health.ready = True
            life.health.details["records"] = {v: r.records for v, r in recorders.items()}
            if last:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(life.stopping.wait(), ROUND_S)
    finally:
        for recorder in recorders.values():
            await recorder.stop()
        await sure.stop()
    log.info("recorded", **{v: r.records for v, r in recorders.items()})


def _watch(life: Process, recorder: Recorder, count: int) -> None:
    """Say how old what was just recorded is; loudly when Kafka may soon delete the rest."""
    age_ms = max(0, int(time.time() * 1000) - recorder.read_ms) if count else 0
    life.metrics.feed_age.labels(life.service, recorder.venue).set(age_ms / 1000)
    if age_ms > ALARM_MS and life.settings.tape == LIVE:
        log.error("record_behind", venue=recorder.venue, hours=age_ms // 3_600_000)

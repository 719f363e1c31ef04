"""The life of `vntape record`: rounds until it is asked to stop, or until all is there."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from schemas.topic import LIVE
from schemas.topics import TOPICS
from services.ingest.archive.lag import age_s, alarm
from services.ingest.archive.recorder import Recorder, Sure
from services.runtime import logs, process
from services.runtime.process import Process
from services.runtime.settings import Settings, SettingsError

log = logs.get(__name__)

ROUND_S = 1.0
RETENTION_S = min(t.retention_ms for t in TOPICS if t.codec == "raw") / 1000
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
    watching = asyncio.create_task(_watch(life, recorders))
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
                await recorder.round(sure.of[venue])
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
        watching.cancel()
        for recorder in recorders.values():
            await recorder.stop()
        await sure.stop()
    log.info("recorded", **{v: r.records for v, r in recorders.items()})


async def _watch(life: Process, recorders: Mapping[str, Recorder]) -> None:
    """Say each second how far behind each venue is; loudly when Kafka may delete the rest."""
    while True:
        for venue, recorder in recorders.items():
            lag_s = age_s(recorder.oldest_us(), time.time_ns() // 1000)
            life.metrics.record_lag.labels(life.service, venue).set(lag_s)
            sentence = alarm(lag_s, RETENTION_S) if life.settings.tape == LIVE else None
            name = f"record_behind_{venue}"
            if sentence is None:
                life.health.problems.pop(name, None)
            elif life.health.problems.get(name) != sentence:
                life.health.problems[name] = sentence
                log.error("record_behind", venue=venue, note=sentence)
        await asyncio.sleep(ROUND_S)

"""Kafka or the database goes away under a running ingest, and comes back."""

import asyncio
import time
from pathlib import Path

import pytest

from services.ingest.verify import verify
from tests.support.eventually import eventually_sync
from tests.support.ingest import ONE_VENUE, IngestProcess, make_topics
from tests.support.ingest_data import captured
from tests.support.stack import OwnStack

pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(240)]

TAPE = "outage"


def test_killed_broker_and_database_come_back_and_nothing_is_missing_or_twice(
    own_stack: OwnStack, tmp_path: Path
) -> None:
    """
    The feed waits while Kafka is away, /health names it, and the same process goes on after.

    The database being away stops nothing.
    """
    at = own_stack.addresses
    make_topics(at.kafka, TAPE)
    options = ("--speed", "20x")
    run = IngestProcess(TAPE, ONE_VENUE, at.kafka, tmp_path, at.database, options)
    try:
        eventually_sync(lambda: run.done() > 1000, 30)
        own_stack.kill("postgres")
        done = run.done()
        eventually_sync(lambda: run.done() > done + 2000, 20)
        own_stack.kill("kafka")
        eventually_sync(lambda: "kafka" in run.health().get("problems", {}), 20)
        waiting = run.done()
        time.sleep(1)
        assert run.done() <= waiting + 1000, "back-pressure: it does not read on"
        assert run.health()["state"] == "degraded"
        own_stack.start("postgres")
        own_stack.start("kafka")
        eventually_sync(lambda: run.done() > waiting + 2000, 60)
        assert run.wait(90) == 0, run.said()
    finally:
        run.process.kill()
    verdict = asyncio.run(verify(at.kafka, TAPE))
    assert verdict.ok, verdict.faults
    assert sum(verdict.raw.values()) == len(captured()) + 2

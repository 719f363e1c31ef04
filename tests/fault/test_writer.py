"""The writer against SIGKILL: of itself, of the database, of the broker."""

import asyncio
import os
import random
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.runtime.settings import Settings
from services.stack import Addresses
from tests.support.derived import derived, send_with_repeats
from tests.support.eventually import TIME_FACTOR, eventually
from tests.support.stack import ROOT, OwnStack
from tests.support.tables import assert_equal, stored_all
from tests.support.writing import Sender, market, prepared

pytestmark = [pytest.mark.broker, pytest.mark.database]

KILLS = 12
SEED = int(os.environ.get("VNTAPE_TEST_SEED", "0")) or secrets.randbelow(1 << 32)


class WriterProcess:
    """`vntape run writer` as a process of its own."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._log = log
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")}
        assert settings.kafka is not None
        assert settings.database_url is not None
        self._environment |= {
            "VNTAPE_TAPE": settings.tape,
            "VNTAPE_STACK": settings.stack,
            "VNTAPE_LOCAL_DIR": str(settings.local_dir),
            "VNTAPE_KAFKA": settings.kafka,
            "VNTAPE_DATABASE_URL": settings.database_url.get_secret_value(),
            # Small transactions: more places to be killed at.
            "VNTAPE_WRITER_BATCH_ROWS": "300",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from services.cli import main; main()", "run", "writer"],
                env=self._environment,
                cwd=ROOT,
                stderr=log,
                stdout=log,
            )

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def end(self, number: signal.Signals) -> int:
        """Send the signal; the exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(20 * TIME_FACTOR)

    def log(self) -> str:
        return self._log.read_text()


@contextmanager
def process(settings: Settings, folder: Path) -> Iterator[WriterProcess]:
    made = WriterProcess(settings, folder / "writer.log")
    made.start()
    try:
        yield made
    finally:
        if made.running():
            made.end(signal.SIGKILL)
        print(made.log()[-3000:])


async def test_killed_at_random_moments_it_stores_each_message_once(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    """Under a steady load, and with computing services that repeat whole runs."""
    print(f"VNTAPE_TEST_SEED={SEED}")
    rnd = random.Random(SEED)
    settings = await prepared(stack, tape)
    messages = list(market(40_000, seed=SEED))
    with process(settings, tmp_path) as writer:
        async with Sender(stack.kafka, tape) as sender:
            sending = asyncio.create_task(_steadily(sender, messages))
            repeating = asyncio.create_task(_derived_steadily(sender))
            for _ in range(KILLS):
                await asyncio.sleep(rnd.uniform(0.1, 1.6))  # the random moment itself
                writer.end(signal.SIGKILL)
                writer.start()
            await asyncio.gather(sending, repeating)
            await eventually(lambda: stored_all(stack.kafka, stack.database, tape), 120, every=0.2)
        assert writer.end(signal.SIGTERM) == 0
    assert await assert_equal(stack.kafka, stack.database, tape) > 30_000


async def _steadily(sender: Sender, messages: list) -> None:
    step = 500
    for start in range(0, len(messages), step):
        await sender.market(messages[start : start + step])
        if start % 5000 == 4500:
            await sender.market(messages[start - 1000 : start])
        await asyncio.sleep(0.1)


async def _derived_steadily(sender: Sender) -> None:
    """`board` and its like meanwhile, whose rows are replaced, and older runs of them again."""
    messages = derived(600, seed=SEED)
    for start in range(0, len(messages), 500):
        await send_with_repeats(sender, messages[start : start + 500], SEED + start)
        await asyncio.sleep(0.5)


async def test_database_and_broker_killed_and_back(own_stack: OwnStack, tmp_path: Path) -> None:
    """It waits, keeps its process, and goes on; nothing is lost, nothing twice."""
    addresses = own_stack.addresses
    settings = await prepared(addresses, "killed")
    messages = list(market(9000))
    with process(settings, tmp_path) as writer:
        async with Sender(addresses.kafka, "killed") as sender:
            await sender.market(messages[:3000])
            await _all(addresses)
            own_stack.kill("postgres")
            await sender.market(messages[3000:6000])
            await eventually(lambda: '"backing_off"' in writer.log(), 15)
            own_stack.start("postgres")
            await _all(addresses)
            sending = asyncio.create_task(sender.market(messages[6000:]))
            own_stack.kill("kafka")
            own_stack.start("kafka")
            await sending
        await _all(addresses)
        assert writer.running(), "it ended instead of waiting"
        assert writer.end(signal.SIGTERM) == 0
    assert await assert_equal(addresses.kafka, addresses.database, "killed") > 7000


async def _all(addresses: Addresses) -> None:
    await eventually(lambda: stored_all(addresses.kafka, addresses.database, "killed"), 60)

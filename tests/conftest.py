"""Fixtures that give tests the real broker and the real database."""

import os
import secrets
import signal
from collections.abc import Iterator

import pytest

from services.runtime.settings import Settings
from services.stack import Addresses
from tests.support.stack import OwnStack, disposable, shared_stack
from tests.support.tapes import forget

# A script's background job ignores Ctrl-C, and so would every process that a test starts of it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def stack() -> Iterator[Addresses]:
    """Real Kafka and TimescaleDB, shared by all tests of the run; see `shared_stack`."""
    with shared_stack() as addresses:
        yield addresses


@pytest.fixture
def kafka(stack: Addresses) -> str:
    """Address "127.0.0.1:PORT" of a real Kafka."""
    return stack.kafka


@pytest.fixture
def database(stack: Addresses) -> str:
    """postgresql:// URL of a real TimescaleDB, as superuser."""
    return stack.database


@pytest.fixture
def tape(stack: Addresses) -> Iterator[str]:
    """A name no other test has; its topics and its schema are removed afterwards."""
    name = f"t{secrets.token_hex(6)}"
    yield name
    forget(name, stack)


@pytest.fixture(scope="module")
def own_stack(request: pytest.FixtureRequest) -> Iterator[OwnStack]:
    """An instance of this test module alone, for tests that kill a broker or a database."""
    purpose = request.module.__name__.rpartition(".")[2].removeprefix("test_")
    with disposable(purpose.replace("_", "-")) as own:
        yield own


@pytest.fixture(scope="session")
def wall_tape(stack: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a tape that holds a simulated day in all tables; nobody writes to it."""
    from tests.support.wall_day import shared

    folder = tmp_path_factory.getbasetemp()
    # One day for all workers of a run: each has a folder of its own in that of the run.
    with shared(stack, folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) as tape:
        yield tape

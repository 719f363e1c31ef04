"""A gateway on a tape of its own, and demos, for the tests of this folder."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.stack import Addresses
from tests.support.demos import Demos
from tests.support.gateway import Feed, Gateway, feed, gateway
from tests.support.tapes import forget


@pytest.fixture
async def source(kafka: str, tape: str) -> AsyncIterator[Feed]:
    """Writes what ingest and the classifier would."""
    async with feed(kafka, tape) as f:
        yield f


@pytest.fixture
async def served(kafka: str, tape: str, source: Feed, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway without a database, ready."""
    async with gateway(kafka, tape, tmp_path) as g:
        yield g


@pytest.fixture
def demos(stack: Addresses, tmp_path: Path) -> Iterator[Demos]:
    """Their tapes are dropped afterwards."""
    made = Demos(stack, tmp_path / "local")
    yield made
    for tape in made.tapes:
        forget(tape, stack)

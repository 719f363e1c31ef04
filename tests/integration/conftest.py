"""A gateway on a tape of its own, for the tests of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.gateway import Feed, Gateway, feed, gateway


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

"""The recording of the path's tests, and what a run without any trouble leaves of it."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.stack import Addresses
from tests.support.path import crew
from tests.support.path_recording import damaged
from tests.support.path_result import Result, result, summary
from tests.support.tapes import forget

SECONDS = 160


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three venues, nine symbols, a bad message each second."""
    return damaged(tmp_path_factory.mktemp("recording"), SECONDS)


@pytest.fixture(scope="session")
def undisturbed(
    stack: Addresses, recording: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Result]:
    """What a run without any trouble leaves; it depends on no stack."""
    tape = f"t{secrets.token_hex(6)}"
    with crew(stack, tape, tmp_path_factory.mktemp("undisturbed"), recording) as path:
        for name in ("ingest-1", "classifier-1", "writer-1"):
            path.start(name)
        path.finish()
        assert path.restarts == 0
    found = result(stack, tape)
    print(f"\nundisturbed: {summary(found)}")
    assert found.repeats == 0
    yield found
    forget(tape, stack)

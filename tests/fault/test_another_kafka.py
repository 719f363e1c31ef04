"""A tape is moved to another Kafka by its recording; the database stays, and nothing changes."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import zstandard
from psycopg import sql

from services.stack import Addresses
from tests.support.path import Crew, crew
from tests.support.path_result import assert_same, result, summary
from tests.support.stack import ROOT, OwnStack
from tests.support.workers import Worker

pytestmark = [
    pytest.mark.soak,
    pytest.mark.broker,
    pytest.mark.database,
    pytest.mark.timeout(400),
]

COMPUTING = ("classifier-1", "board-1", "orderflow-1")
PYTHON = (sys.executable, "-m", "services.cli")


def recorded(path: Crew, tape: str, out: Path) -> tuple[list[str], bytes]:
    """The manifests that `vntape record` wrote, and what is in the files."""
    command = [*PYTHON, "record", "--tape", tape, "--out", str(out), "--once"]
    said = subprocess.run(
        command, cwd=ROOT, env=path._environment(), check=True, capture_output=True, text=True
    )
    manifests = said.stdout.split()
    files = [out / json.loads(Path(name).read_text())["file"] for name in manifests]
    return manifests, b"".join(map(unpacked, files))


def unpacked(path: Path) -> bytes:
    with path.open("rb") as file:
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        return bytes(reader.read())


def replayed(path: Crew, tape: str, manifests: list[str], folder: Path) -> None:
    """`vntape replay` in the place of ingest, the writer, and those who compute."""
    command = [*PYTHON, "replay", *manifests, "--tape", tape]
    for name in (*COMPUTING, "writer-1"):
        path.start(name)
    path.workers["ingest-1"] = Worker(1, command, path._environment(), folder).start()
    path.finish()


def test_a_tape_on_another_kafka_is_the_same_and_its_tables_stay_as_they_were(
    stack: Addresses, own_stack: OwnStack, tape: str, tmp_path: Path, recording: Path
) -> None:
    """As docs/scaling.md does it: record, replay there, forget the old offsets, compare."""
    with crew(stack, tape, tmp_path / "old", recording) as path:
        for name in (*COMPUTING, "writer-1", "ingest-1"):
            path.start(name)
        path.finish()
        manifests, lines = recorded(path, tape, tmp_path / "archive")
    wanted = result(stack, tape)
    with psycopg.connect(stack.database) as connection:
        connection.execute(sql.SQL("DELETE FROM {}.offsets").format(sql.Identifier(tape)))
    there = Addresses(own_stack.addresses.kafka, stack.database)
    with crew(there, tape, tmp_path / "new", recording) as path:
        replayed(path, tape, manifests, tmp_path)
        assert recorded(path, tape, tmp_path / "again")[1] == lines
    found = result(there, tape)
    print(summary(found))
    assert_same(found, wanted)

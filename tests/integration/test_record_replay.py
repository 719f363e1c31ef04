"""A tape that was recorded, by a recorder killed again and again, is replayed byte for byte."""

import asyncio
import hashlib
import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from services.stack import Addresses
from tests.support.ingest import ONE_VENUE, ROOT, IngestProcess, make_topics, written
from tests.support.tapes import forget

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

KILLS = 3


@pytest.fixture
def second_tape(stack: Addresses) -> Iterator[str]:
    name = f"t{secrets.token_hex(6)}"
    yield name
    forget(name, stack)


def vntape(kafka: str, folder: Path, *words: str) -> subprocess.Popen[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")}
    env |= {
        "VNTAPE_KAFKA": kafka,
        "VNTAPE_LOCAL_DIR": str(folder),
        "VNTAPE_STACK": "nowhere",
    }
    return subprocess.Popen(
        [sys.executable, "-c", "from services.cli import main; main()", *words],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> str:
    said, wrong = process.communicate(timeout=90)
    assert process.returncode == 0, wrong
    return said


def unpacked(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        data = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
    return data.splitlines()


def test_recorded_under_kill_9_and_replayed_a_tape_is_the_same_to_the_byte(
    kafka: str, tape: str, second_tape: str, tmp_path: Path
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    make_topics(kafka, tape)
    out = tmp_path / "archive"
    ingest = IngestProcess(tape, ONE_VENUE, kafka, tmp_path, options=("--speed", "60"))
    for _ in range(KILLS):
        recorder = vntape(kafka, tmp_path, "record", "--tape", tape, "--out", str(out))
        time.sleep(chance.uniform(1.5, 3.5))  # the moment of the kill
        recorder.kill()
        recorder.communicate()
    assert ingest.wait(90) == 0, ingest.said()
    paths = ended(vntape(kafka, tmp_path, "record", "--tape", tape, "--out", str(out), "--once"))
    manifests = [Path(line) for line in paths.split()]
    original = asyncio.run(written(kafka, tape))

    files = [out / json.loads(path.read_text())["file"] for path in manifests]
    lines = [line for file in files for line in unpacked(file)]
    seqs = [json.loads(line)["seq"] for line in lines]
    assert seqs == sorted(set(seqs))
    assert len(lines) == sum(map(len, original.raw.values()))
    for path, file in zip(manifests, files, strict=True):
        said = json.loads(path.read_text())
        assert said["records"] == len(unpacked(file)) == sum(said["topics"].values())
        assert said["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert said["holes"] == []

    ended(vntape(kafka, tmp_path, "replay", *map(str, manifests), "--tape", second_tape))
    again = asyncio.run(written(kafka, second_tape))
    assert again.raw == original.raw
    assert again.market == original.market
    assert again.letters == original.letters


def test_a_file_that_was_changed_is_refused(kafka: str, tape: str, tmp_path: Path) -> None:
    make_topics(kafka, tape, "ssi")
    manifest = ROOT / "tests" / "data" / "vn" / "manifest-20260720.json"
    assert IngestProcess(tape, manifest, kafka, tmp_path).wait() == 0
    out = tmp_path / "archive"
    (path,) = ended(
        vntape(kafka, tmp_path, "record", "--tape", tape, "--out", str(out), "--once")
    ).split()
    file = out / json.loads(Path(path).read_text())["file"]
    assert file.name == "VN-2026-07-20.jsonl.zst"
    file.write_bytes(file.read_bytes() + b" ")
    replay = vntape(kafka, tmp_path, "replay", path, "--tape", f"{tape}x")
    _, wrong = replay.communicate(timeout=60)
    assert replay.returncode == 1
    assert f"{file.name} is not what VN-2026-07-20.json describes" in " ".join(wrong.split())

"""Days of an archive played again: killed and resumed, and a quarter of an hour of them."""

import asyncio
import json
import secrets
import signal
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.topics import MARKET
from services.runtime import kafka as brokers
from services.stack import Addresses
from tests.integration.test_record_replay import ended, vntape
from tests.support import vn_day_crowd
from tests.support.eventually import eventually_sync
from tests.support.ingest import IngestProcess, Written, make_topics, written
from tests.support.tapes import forget

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

SYMBOLS = ("ZAA", "VN30")
UTC_PLUS_7 = timedelta(hours=7)


@pytest.fixture
def tapes(stack: Addresses) -> Iterator[list[str]]:
    names = [f"t{secrets.token_hex(6)}" for _ in range(3)]
    yield names
    for name in names:
        forget(name, stack)


def original(kafka: str, tape: str, folder: Path) -> tuple[list[str], Written]:
    """Two Vietnamese days on a tape, recorded: the manifests, and what the tape holds."""
    manifest = vn_day_crowd.recording(folder)
    data = vn_day_crowd.reference_data(folder / "reference")
    settings = (("VNTAPE_RECEIVE_CLOCK", "recorded"), ("VNTAPE_REFERENCE_DATA", str(data)))
    make_topics(kafka, tape, "ssi", "iboard")
    assert IngestProcess(tape, manifest, kafka, folder, settings=settings).wait(90) == 0
    out = str(folder / "archive")
    paths = ended(vntape(kafka, folder, "record", "--tape", tape, "--out", out, "--once")).split()
    assert [Path(path).stem for path in paths] == [f"VN-{day}" for day in vn_day_crowd.DAYS]
    return paths, asyncio.run(written(kafka, tape))


def selected(lines: Sequence[bytes], start: str, end: str) -> list[bytes]:
    """By plain JSON: the excerpt's rule once more."""
    found = []
    for line in lines:
        said: dict[str, Any] = json.loads(line)
        at = datetime.fromtimestamp(said["seq"] / 1e6, UTC) + UTC_PLUS_7
        time = f"{at:%H:%M:%S.%f}"
        early = said["type"] in ("instrument", "basket", "status")
        clock = said["type"] == "clock" and time == f"{end}.000000"
        if said["symbol"] in (*SYMBOLS, "*") and (early or start <= time) and (time < end or clock):
            found.append(line)
    return found


@pytest.mark.soak
def test_a_replay_of_two_days_killed_and_resumed_is_the_tape_and_a_part_has_its_seqs(
    kafka: str, tapes: list[str], tmp_path: Path
) -> None:
    """`market` of the parts is the same lines, byte for byte, in every partition."""
    paths, whole = original(kafka, tapes[0], tmp_path)

    again = ("replay", *paths, "--tape", tapes[1])
    killed = vntape(kafka, tmp_path, *again)

    def flowing() -> bool:
        assert killed.poll() is None, "it ended before it was killed"
        spans = asyncio.run(brokers.spans(kafka, [MARKET.on(tapes[1])]))
        return sum(end for _, end in spans[MARKET.on(tapes[1])].values()) > 100

    eventually_sync(lambda: _safely(flowing), 60)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    ended(vntape(kafka, tmp_path, *again))
    found = asyncio.run(written(kafka, tapes[1]))
    assert (found.raw, found.market, found.letters) == (whole.raw, whole.market, whole.letters)

    part = ("replay", *paths, "--tape", tapes[2], "--symbols", ",".join(SYMBOLS))
    times = ("--from", "09:14", "--to", "09:15:20")
    ended(vntape(kafka, tmp_path, *part, *times))
    excerpt = asyncio.run(written(kafka, tapes[2]))
    wanted = {p: selected(lines, "09:14:00", "09:15:20") for p, lines in whole.market.items()}
    assert excerpt.market == {p: lines for p, lines in wanted.items() if lines}
    kinds = {json.loads(line)["type"] for lines in wanted.values() for line in lines}
    assert {"clock", "instrument", "status", "trade", "quote"} <= kinds
    assert dict(excerpt.raw) == {}

    # Again: nothing is written twice. Another part has no place on this tape.
    ended(vntape(kafka, tmp_path, *part, *times))
    assert asyncio.run(written(kafka, tapes[2])).market == excerpt.market
    other = vntape(kafka, tmp_path, *part, "--from", "09:14", "--to", "09:16")
    _, wrong = other.communicate(timeout=60)
    assert other.returncode == 78
    assert "other parts of it" in wrong


def _safely(condition: Any) -> bool:
    """A topic that is not there yet is not flowing."""
    try:
        return bool(condition())
    except LookupError:
        return False


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--from", "10:30", "--to", "10:15"), "must end after it begins"),
        (("--from", "half past ten"), "must be like 10:15"),
        (("--to", "25:00"), "must be like 10:15"),
    ],
)
def test_a_part_that_cannot_be_is_refused(
    kafka: str, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    manifest = tmp_path / "VN-2026-07-16.json"
    manifest.write_text("{}")
    refused = vntape(kafka, tmp_path, "replay", str(manifest), *words)
    _, wrong = refused.communicate(timeout=60)
    assert refused.returncode == 2
    assert sentence in " ".join(wrong.split())

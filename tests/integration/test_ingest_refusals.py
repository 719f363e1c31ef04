"""Bad input never ends ingest; a second owner, or an impossible wish, never starts it."""

import asyncio
import gzip
import random
from pathlib import Path

import psycopg
import pytest
import zstandard

from services.ingest.verify import verify
from tests.support.eventually import eventually_sync
from tests.support.ingest import IngestProcess, make_topics, play, written
from tests.support.ingest_data import captured, recording, text

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

BESIDE = 2
"""Raw records of a venue that no vendor sent: its reference data, the tick that closes it."""


def bad_lines(count: int, ns: int) -> list[bytes]:
    """Lines that no decoder likes, of many kinds; with and without a receive time."""
    chance = random.Random(7)
    good = captured(50)
    kinds = [
        lambda: b"",
        lambda: b"{",
        lambda: b"\x00\xff\xfe",
        lambda: b"null",
        lambda: b'{"stream":"btcusdt@trade","data":{"p":-1}}',
        lambda: b'{"stream":"btcusdt@trade"}',
        lambda: b"[" * 5000,
        lambda: chance.choice(good)[1][: chance.randrange(60)],
        lambda: chance.randbytes(40).replace(b"\n", b"").replace(b"\r", b""),
    ]
    lines = [b"%d %s\n" % (ns, chance.choice(kinds)()) for _ in range(count)]
    return [line if chance.random() < 0.8 else line[9:] for line in lines]


def test_200_bad_messages_in_a_row_are_dead_lettered_and_ingest_lives(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """Good messages after them are decoded, all are accounted for, and /health says degraded."""
    make_topics(kafka, tape)
    good = captured(400)
    bad = bad_lines(250, good[200][0])
    data = text(good[:200]) + b"".join(bad) + text(good[200:])
    manifest = recording(tmp_path, {"BN": data})
    run = IngestProcess(tape, manifest, kafka, tmp_path, options=("--stay",))
    try:
        eventually_sync(lambda: run.health().get("recording", {}).get("finished"), 30)
        health = run.health()
        assert health["state"] == "degraded"
        assert "refused" in health["problems"]["dead_letters"]
        # 10 s after the last one the message is gone.
        eventually_sync(lambda: run.health()["state"] == "ok", 20, 0.5)
    finally:
        assert run.terminate() == 0, run.said()
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    blank = sum(not line.strip() for line in bad)
    assert sum(verdict.raw.values()) == 400 + 250 - blank + BESIDE
    assert sum(verdict.dead.values()) >= 200
    found = asyncio.run(written(kafka, tape))
    assert len(found.letters) == sum(verdict.dead.values())
    for key, _, heads in found.letters:
        names = dict(heads)
        assert names["service"] == b"ingest"
        assert names["topic"] == b"binance"
        assert names["venue"] == b"BN"
        assert {"reason", "channel", "partition"} <= set(names)
        assert key.isdigit()


def test_files_in_any_compression_play_alike_and_a_torn_one_up_to_the_tear(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """BN is plain, BNF Zstandard, BNC a gzip file cut in the middle: none ends ingest."""
    make_topics(kafka, tape)
    lines = captured(3000)
    packed = gzip.compress(text(lines))
    files = {
        "BN": text(lines),
        "BNF": zstandard.compress(text(lines)),
        "BNC": packed[: len(packed) // 2],
    }
    run = IngestProcess(tape, recording(tmp_path, files), kafka, tmp_path, options=("--stay",))
    try:
        eventually_sync(lambda: run.health().get("recording", {}).get("finished"), 30)
        (damage,) = run.health()["recording"]["damaged"]
        assert "s-BNC.txt: damaged after line" in damage
    finally:
        run.terminate()
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    of_venue = {
        v: sum(n for (venue, channel), n in verdict.raw.items() if venue == v != channel)
        for v in files
    }
    assert of_venue["BN"] == of_venue["BNF"] == 3000 + BESIDE
    assert 100 < of_venue["BNC"] < 2000


def test_a_message_too_long_for_a_topic_is_cut_into_the_dead_letters(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """9 MB in one line: refused with its length; the messages around it pass.

    Two that came at once have a letter each.
    """
    make_topics(kafka, tape)
    lines = captured(20)
    for n in (10, 11):
        lines[n] = (lines[10][0], b'{"x":"' + b"y" * 9_000_000 + b'"}')
    play(tape, recording(tmp_path, {"BN": text(lines)}), kafka, tmp_path)
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    assert sum(verdict.raw.values()) == 18 + BESIDE
    letters = asyncio.run(written(kafka, tape)).letters
    reasons = sorted(dict(heads)["reason"] for _, _, heads in letters)
    assert [b"too_long: 9000008 bytes" in reason for reason in reasons] == [True, True]
    assert [f"BN, line {n}," in reasons[i].decode() for i, n in enumerate((11, 12))] == [True] * 2


def test_a_message_that_would_grow_too_long_for_market_is_dead_lettered_whole(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """6 MB of short numbers decode to 18 MB: ingest goes on after it, and `verify` agrees."""
    make_topics(kafka, tape)
    lines = captured(20)
    head = b'{"stream":"aaausdt@depth","data":{"e":"depthUpdate","E":1,"s":"AAAUSDT","U":1,"u":2'
    levels = b",".join([b"[9e14,9e17]"] * 500_000)
    lines[10] = (lines[10][0], head + b',"a":[],"b":[' + levels + b"]}}")
    play(tape, recording(tmp_path, {"BN": text(lines)}), kafka, tmp_path)
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    assert sum(verdict.raw.values()) == 20 + BESIDE
    (letter,) = asyncio.run(written(kafka, tape)).letters
    assert letter[1] == lines[10][1]
    assert dict(letter[2])["reason"].startswith(b"too_long_decoded: spot.depth")


def test_long_silences_do_not_fill_memory(kafka: str, tape: str, tmp_path: Path) -> None:
    """Messages 30 days apart have 43,200 clocks in each partition before them."""
    make_topics(kafka, tape)
    lines = [(ns + n * 30 * 86_400 * 10**9, v) for n, (ns, v) in enumerate(captured(8))]
    manifest = recording(tmp_path, {"BN": text(lines)})
    run = IngestProcess(tape, manifest, kafka, tmp_path, options=("--stay",))
    try:
        eventually_sync(lambda: run.health().get("recording", {}).get("finished"), 90)
        status = Path(f"/proc/{run.process.pid}/status").read_text()
    finally:
        assert run.terminate() == 0, run.said()
    [peak_kib] = [int(row.split()[1]) for row in status.splitlines() if "VmHWM" in row]
    assert peak_kib < 300 * 1024


@pytest.mark.database
def test_a_second_ingest_of_a_tape_is_refused_and_told_who_owns_it(
    kafka: str, database: str, tape: str, tmp_path: Path
) -> None:
    """While one runs another gets status 78 and its pid; when it is killed one can start."""
    make_topics(kafka, tape)
    manifest = recording(tmp_path, {"BN": text(captured(15_000))})  # a minute
    paced = ("--speed", "1")
    first = IngestProcess(tape, manifest, kafka, tmp_path, database, paced)
    try:
        eventually_sync(lambda: first.done() > 0, 20)
        (tmp_path / "second").mkdir()
        second = IngestProcess(tape, manifest, kafka, tmp_path / "second", database)
        assert second.wait() == 78
        assert f"pid {first.process.pid} " in second.said()
        assert f"already ingests BN on tape {tape}" in second.said()
    finally:
        first.kill()
    third = IngestProcess(tape, manifest, kafka, tmp_path, database)
    assert third.wait() == 0, third.said()
    assert asyncio.run(verify(kafka, tape)).ok


@pytest.mark.database
def test_the_lock_is_taken_back_when_its_connection_was_lost(
    kafka: str, database: str, tape: str, tmp_path: Path
) -> None:
    """A lost connection does not stop a running ingest; it takes its lock again."""
    make_topics(kafka, tape)
    manifest = recording(tmp_path, {"BN": text(captured(15_000))})  # a minute
    run = IngestProcess(tape, manifest, kafka, tmp_path, database, ("--speed", "1"))
    with psycopg.connect(database, autocommit=True) as admin:

        def holder() -> int | None:
            row = admin.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name LIKE %s",
                (f"vntape ingest {tape[:12]}%",),
            ).fetchone()
            return row[0] if row else None

        try:
            lost = eventually_sync(holder, 20)
            eventually_sync(lambda: run.done() > 0, 20)
            admin.execute("SELECT pg_terminate_backend(%s)", (lost,))
            eventually_sync(lambda: holder() not in (None, lost), 20)
            done = run.done()
            eventually_sync(lambda: run.done() > done, 10)
        finally:
            assert run.terminate() == 0, run.said()


def test_another_recording_on_a_used_tape_is_refused(kafka: str, tape: str, tmp_path: Path) -> None:
    """One recording is one tape: the refusal says so, with the status that ends restarts."""
    make_topics(kafka, tape)
    lines = captured(101)
    play(tape, recording(tmp_path, {"BN": text(lines[:100])}, "one"), kafka, tmp_path)
    other = IngestProcess(tape, recording(tmp_path, {"BN": text(lines)}, "two"), kafka, tmp_path)
    assert other.wait() == 78
    assert "one recording is one tape" in other.said()


def test_topics_that_are_not_there_are_named(kafka: str, tape: str, tmp_path: Path) -> None:
    """Nobody but `vntape topics apply` creates topics."""
    run = IngestProcess(tape, recording(tmp_path, {"BN": text(captured(5))}), kafka, tmp_path)
    assert run.wait() == 78
    assert f"there is no topic '{tape}.binance'" in run.said()

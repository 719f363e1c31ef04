"""`vntape lag` and the lag exporter, beside real workers, on a real Kafka and database."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from psycopg import connect, sql

from services import cli
from services.stack import Addresses
from tests.support.counting import service
from tests.support.eventually import eventually
from tests.support.load import caught_up, load
from tests.support.workers import Worker, workers
from tests.support.writing import prepared

pytestmark = [pytest.mark.broker, pytest.mark.database]

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def lag(stack: Addresses, *words: str) -> Result:
    environment = {
        "VNTAPE_KAFKA": stack.kafka,
        "VNTAPE_DATABASE_URL": stack.database,
        "VNTAPE_READER_URL": stack.database,
        "COLUMNS": "200",
    }
    return CliRunner().invoke(cli.root, ["lag", *words], env=environment)


def row(result: Result, service: str) -> list[str]:
    """The cells of a service's line."""
    assert result.exit_code == 0, result.output
    lines = [each for each in result.stdout.splitlines() if f" {service} " in each]
    assert len(lines) == 1, result.output
    return re.split(r"\s{2,}", lines[0].strip())


def scraped(folder: Path, stack: str = "main") -> Series:
    """What the exporter in `folder` says now."""
    said = json.loads((folder / stack / "run" / "live-lag-1.json").read_text())
    with urllib.request.urlopen(f"{said['http']}/metrics", timeout=5) as reply:
        lines = reply.read().decode().splitlines()
    found: Series = {}
    for line in lines:
        if match := re.fullmatch(r"(\w+)\{(.*)\} (\S+)", line):
            labels = frozenset(re.findall(r'(\w+)="(.*?)"', match[2]))
            found[match[1], labels] = float(match[3])
    return found


def of(series: Series, name: str, **labels: str) -> float:
    """The one series of this name with these labels; AssertionError when it is not there."""
    wanted = set(labels.items())
    found = [value for (each, has), value in series.items() if each == name and wanted <= has]
    assert len(found) == 1, (name, labels, len(found))
    return found[0]


async def test_a_worker_that_is_behind_is_told_in_records_seconds_and_members(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    """Caught up; frozen, while input comes; gone. The table and the exporter say the same."""
    command = [sys.executable, "-m", "services.cli", "run", "lag"]
    with workers(stack.kafka, tape, tmp_path) as crew:
        environment = crew._environment("", {"lag_interval_s": 0.5})
        environment |= {"VNTAPE_LOCAL_DIR": str(tmp_path / "watch")}
        exporter = Worker(0, command, environment, tmp_path)
        crew.all.append(exporter)
        async with load(stack.kafka, tape) as feed:
            await feed.more(2000)
            worker = crew.start()
            crew.start_service("board")
            exporter.start()

            async def is_done() -> list[str]:
                cells = row(await asyncio.to_thread(lag, stack, "--tape", tape), "classifier")
                assert cells[4:] == ["0", "-", "1"], cells
                return cells

            cells = await eventually(is_done, 20, every=0.5)

            async def of_two_groups() -> list[str]:
                cells = row(await asyncio.to_thread(lag, stack, "--tape", tape), "board")
                assert cells[6] == "1", cells
                return cells

            await eventually(of_two_groups, 20, every=0.5)
            assert cells[:4] == [tape, "classifier", "market", "4"]
            worker.signal(signal.SIGSTOP)
            for number in (0, 0, 0, 2):
                await feed.append(number, b"{}", counts_as=b"")
            await feed._outboxes.flush()

            async def is_behind() -> bool:
                cells = row(await asyncio.to_thread(lag, stack, "--tape", tape), "classifier")
                assert cells[4] == "4", cells
                return float(cells[5].removesuffix(" s")) > 1.0

            await eventually(is_behind, 15, every=0.5)
            behind = {"service": "classifier", "tape": tape, "topic": "market"}

            def exported() -> bool:
                series = scraped(tmp_path / "watch")
                assert of(series, "vntape_group_lag_records", partition="0", **behind) == 3
                assert of(series, "vntape_group_lag_records", partition="2", **behind) == 1
                assert of(series, "vntape_group_lag_records", partition="1", **behind) == 0
                assert of(series, "vntape_group_lag_seconds", partition="1", **behind) == 0
                return of(series, "vntape_group_lag_seconds", partition="0", **behind) > 1

            await eventually(exported, 20, every=0.5)
            worker.kill()

            def is_gone() -> bool:
                series = scraped(tmp_path / "watch")
                name = {"service": "classifier", "tape": tape}
                assert of(series, "vntape_group_partitions", **name) == 4
                return of(series, "vntape_group_members", **name) == 0

            await eventually(is_gone, 20, every=0.5)
        by_partition = await asyncio.to_thread(lag, stack, "--tape", tape, "--partitions")
        assert re.search(r"classifier +market +0 +3 ", by_partition.stdout)
        assert await exporter.stop() == 0
        assert not list((tmp_path / "watch" / "main" / "sd").glob("*.json"))


async def test_what_is_done_is_not_waiting_when_its_worker_was_stopped(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    """Snapshots a minute apart, and no input behind."""

    async def waiting() -> int:
        return int(row(await asyncio.to_thread(lag, stack, "--tape", tape), "classifier")[4])

    with workers(stack.kafka, tape, tmp_path, snapshot_interval_s=60) as crew:
        async with load(stack.kafka, tape) as feed:
            await feed.more(2000)
            worker = crew.start()
            await caught_up(stack.kafka, tape, feed.expected(service()))
            assert await worker.stop() == 0
            assert await waiting() == 0


async def test_a_worker_too_many_is_well_and_takes_over(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    """It says ready with no partition, and gets them all when the one that has them goes."""
    with workers(stack.kafka, tape, tmp_path) as crew:
        async with load(stack.kafka, tape, partitions=1) as feed:
            await feed.more(500)
            first = crew.start(1)
            await eventually(lambda: crew.health(1)["partitions"] == [0], 20)
            second = crew.start(2)
            await eventually(lambda: crew.health(1) and crew.health(2), 20)
            both = [crew.health(n)["partitions"] for n in (1, 2)]
            assert sorted(both) == [[], [0]]
            await feed.more(500)
            owner, other = (1, 2) if both[0] else (2, 1)
            assert await (first, second)[owner - 1].stop() == 0
            await eventually(lambda: crew.health(other)["partitions"] == [0], 20)
            await feed.more(500)
            await caught_up(stack.kafka, tape, feed.expected(service()))


async def test_the_writers_position_is_the_databases_and_what_expired_is_said(
    stack: Addresses, tape: str
) -> None:
    """Not what Kafka has for display; a position below the log is a loss, not a lag."""
    await prepared(stack, tape)
    from tests.support.broker import expire
    from tests.support.writing import Sender, market

    async with Sender(stack.kafka, tape) as sender:
        await sender.market(market(600, symbols=1))
    with connect(stack.database) as connection:
        connection.execute(
            sql.SQL("INSERT INTO {}.offsets VALUES ('market', %s, 0)").format(sql.Identifier(tape)),
            [await _partition_with_data(stack, tape)],
        )
    cells = row(await asyncio.to_thread(lag, stack, "--tape", tape), "writer")
    assert cells[2] == "market"
    assert int(cells[4]) > 5
    assert cells[6] == "-"
    number = await _partition_with_data(stack, tape)
    await expire(stack.kafka, f"{tape}.market", {number: 5})
    after = row(await asyncio.to_thread(lag, stack, "--tape", tape), "writer")
    assert int(after[4]) == int(cells[4]) - 5
    assert after[7] == "5 left the log unread"


async def _partition_with_data(stack: Addresses, tape: str) -> int:
    from tests.support.broker import ends

    found = await ends(stack.kafka, f"{tape}.market")
    return max(found, key=lambda number: found[number])


def test_it_is_watched_until_somebody_has_seen_enough(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    asyncio.run(prepared(stack, tape))
    with connect(stack.database) as connection:
        connection.execute(
            sql.SQL("INSERT INTO {}.offsets VALUES ('market', 0, 0)").format(sql.Identifier(tape))
        )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")} | {
        "VNTAPE_KAFKA": stack.kafka,
        "VNTAPE_READER_URL": stack.database,
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "services.cli", "lag", "--tape", tape, "--watch"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        lines = [watching.stdout.readline() for _ in range(4)]
        watching.send_signal(signal.SIGINT)
        assert watching.wait(10) == 0
    assert [line.split()[:3] for line in lines[1::2]] == [[tape, "writer", "market"]] * 2


def test_a_tape_that_is_not_there_is_said(stack: Addresses) -> None:
    result = lag(stack, "--tape", "nosuchtape")
    assert result.exit_code == 1
    assert "there is no tape nosuchtape" in result.output

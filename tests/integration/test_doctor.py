"""`vntape doctor` on a well tape, and on the ways in which one is not."""

import asyncio
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from schemas.topics import MARKET
from services import cli
from services.runtime import topics_admin
from services.runtime.health import Health
from services.runtime.http import serve
from services.runtime.metrics import Metrics
from services.runtime.process import announce
from services.runtime.settings import Settings
from services.stack import Addresses
from tests.support.broker import configure
from tests.support.eventually import eventually
from tests.support.writing import prepared

pytestmark = [pytest.mark.broker, pytest.mark.database]


def doctor(settings: Settings, *words: str, **more: str) -> Result:
    assert settings.database_url is not None
    environment = {
        "VNTAPE_KAFKA": settings.kafka,
        "VNTAPE_DATABASE_URL": settings.database_url.get_secret_value(),
        "VNTAPE_TAPE": settings.tape,
        "VNTAPE_STACK": settings.stack,
        "VNTAPE_LOCAL_DIR": str(settings.local_dir),
        **more,
    }
    return CliRunner().invoke(cli.root, ["doctor", *words], env=environment)


def line(result: Result, what: str) -> tuple[str, str]:
    """Level and text of what was looked at, with what to do."""
    lines = result.stdout.splitlines()
    (number,) = [n for n, each in enumerate(lines) if each[6:].startswith(f"{what}: ")]
    todo = lines[number + 1] if number + 1 < len(lines) and "→" in lines[number + 1] else ""
    return lines[number][:4].strip(), lines[number] + todo


async def test_a_well_tape_is_well_and_what_is_broken_is_named_with_its_cure(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    settings = await prepared(stack, tape)
    well = await asyncio.to_thread(doctor, settings)
    assert well.exit_code == 0, well.output
    for what in ("kafka", "topics", "kafka's clock", "database", "database's clock", "tables"):
        assert line(well, what)[0] == "ok", well.stdout
    assert line(well, "role vntape_writer")[0] == line(well, "role vntape_reader")[0] == "ok"

    await configure(stack.kafka, MARKET, tape, message_timestamp_type="CreateTime")
    with psycopg.connect(stack.database) as connection:
        connection.execute(f"DELETE FROM {tape}.schema_migrations WHERE number = 1".encode())
    reader = stack.database.replace("postgres:", "vntape_reader:wrong", 1)

    async def seen() -> Result:
        """Brokers learn of a topic's settings a moment later."""
        found = await asyncio.to_thread(doctor, settings, "--quiet", VNTAPE_READER_URL=reader)
        assert " topics: " in found.stdout
        return found

    broken = await eventually(seen, 20)
    assert broken.exit_code == 1
    level, said = line(broken, "topics")
    assert (level, "is CreateTime, not LogAppendTime" in said) == ("fail", True)
    level, said = line(broken, "tables")
    assert level == "fail"
    assert "1 migrations to run, from 0001_writer.sql" in said
    assert f"`vntape migrate --tape {tape}`" in said
    assert line(broken, "role vntape_reader")[0] == "fail"
    assert "wrong" not in broken.output.replace("wrong with", "")
    assert not any(each.startswith("ok") for each in broken.stdout.splitlines())


async def test_a_tape_that_nobody_made_is_no_failure_and_a_newer_one_is(
    stack: Addresses, tape: str
) -> None:
    settings = await prepared(stack, tape)
    with psycopg.connect(stack.database) as connection:
        connection.execute(
            f"INSERT INTO {tape}.schema_migrations VALUES (9999, 'later.sql', '')".encode()
        )
    newer = await asyncio.to_thread(doctor, settings)
    assert newer.exit_code == 1
    assert "which this version of vntape does not have" in line(newer, "tables")[1]
    nobody = await asyncio.to_thread(doctor, settings, "--tape", "nosuchtape")
    assert nobody.exit_code == 0, nobody.output
    assert line(nobody, "topics")[0] == line(nobody, "tables")[0] == "warn"


async def test_a_process_that_stalls_and_one_that_vanished_are_named(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    await topics_admin.apply(stack.kafka, tape)
    settings = Settings(
        tape=tape, local_dir=tmp_path, kafka=stack.kafka, database_url=stack.database
    )
    clock = [0.0]
    health = Health(lambda: clock[0], ready=True)
    health.progress()
    runner, port = await serve(Metrics("board").registry, health, 0)
    try:
        announce(settings, "board", "board-1", port)
        announce(settings, "gateway", "gateway-1", 9)
        well = await asyncio.to_thread(doctor, settings)
        assert line(well, "board-1")[0] == "ok"
        level, said = line(well, "gateway-1")
        assert (level, "does not answer" in said) == ("warn", True)
        health.waiting = 5
        clock[0] = 60.0
        stalled = await asyncio.to_thread(doctor, settings)
        assert stalled.exit_code == 1
        level, said = line(stalled, "board-1")
        assert (level, "worker-stalled.md" in said) == ("fail", True)
    finally:
        await runner.cleanup()


def test_what_does_not_answer_is_a_line_each(tmp_path: Path) -> None:
    settings = Settings(
        tape="t",
        local_dir=tmp_path,
        kafka="127.0.0.1:1",
        database_url="postgresql://who:secretword@127.0.0.1:1/x",
    )
    result = doctor(settings)
    assert result.exit_code == 1
    assert line(result, "kafka")[0] == "fail"
    assert line(result, "database")[0] == "fail"
    assert "secretword" not in result.output
    odd = doctor(settings, VNTAPE_NONSENSE="1")
    assert odd.exit_code == 1
    assert line(odd, "settings")[0] == "fail"

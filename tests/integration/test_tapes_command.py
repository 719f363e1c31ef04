"""`vntape tapes` against a real Kafka and database."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services import cli
from services.ingest.spool import Spool
from services.runtime import database as clients
from services.runtime import migrations
from services.runtime.topics_admin import apply, tapes
from services.stack import Addresses
from services.writer import schema

pytestmark = [pytest.mark.broker, pytest.mark.database]


def run(stack: Addresses, *words: str, spool: Path = Path("nowhere")) -> Result:
    environment = {
        "VNTAPE_KAFKA": stack.kafka,
        "VNTAPE_DATABASE_URL": stack.database,
        "VNTAPE_SPOOL_DIR": str(spool),
        "COLUMNS": "200",
    }
    return CliRunner().invoke(cli.root, ["tapes", *words], env=environment)


def test_a_tape_of_an_older_version_is_listed(stack: Addresses, tape: str) -> None:
    """It lacks the tables that came later."""
    files = migrations.read(schema.MIGRATIONS)
    with clients.connect(stack.database, "test") as connection:
        connection.execute(f"CREATE SCHEMA {tape}")
        connection.commit()
        migrations.apply(connection, tape, [m for m in files if m.number < 4])
        connection.commit()
    result = run(stack, "list")
    assert result.exit_code == 0, result.output
    assert tape in result.output


def test_a_dropped_tape_takes_its_spool_with_it_and_no_other(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    asyncio.run(apply(stack.kafka, tape, partitions=1))
    Spool(tmp_path / f"{tape}-VN", 10_000_000).close()
    Spool(tmp_path / f"{tape}x-VN", 10_000_000).close()
    result = run(stack, "drop", tape, spool=tmp_path)
    assert result.exit_code == 0, result.output
    assert result.output.endswith("no schema, its spool\n")
    assert [path.name for path in tmp_path.iterdir()] == [f"{tape}x-VN"]


def test_a_tape_whose_spool_is_in_use_is_left_whole(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    asyncio.run(apply(stack.kafka, tape, partitions=1))
    used = Spool(tmp_path / f"{tape}-VN", 10_000_000)
    result = run(stack, "drop", tape, spool=tmp_path)
    assert result.exit_code == 1
    assert f"tape {tape} is not dropped: ingest uses the spool" in result.output
    assert tape in asyncio.run(tapes(stack.kafka))
    used.close()

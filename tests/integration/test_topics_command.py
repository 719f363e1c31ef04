"""`vntape topics` against a real Kafka."""

import asyncio

import pytest
from aiokafka.admin import NewTopic
from click.testing import CliRunner, Result

from schemas.topics import MARKET, TOPICS
from services.commands.topics import command
from services.runtime import topics_state
from services.runtime.topics_admin import admin

pytestmark = pytest.mark.broker


def run(kafka: str, database: str, *words: str, columns: int = 200) -> Result:
    environment = {
        "VNTAPE_KAFKA": kafka,
        "VNTAPE_DATABASE_URL": database,
        "COLUMNS": str(columns),
    }
    return CliRunner().invoke(command, list(words), env=environment)


def test_apply_makes_all_topics_once_and_diff_then_finds_nothing(
    kafka: str, database: str, tape: str
) -> None:
    before = run(kafka, database, "diff", "--tape", tape)
    assert before.exit_code == 1
    assert before.output.count("is not there") == len(TOPICS)
    first = run(kafka, database, "apply", "--tape", tape)
    assert first.exit_code == 0, first.output
    assert f"{len(TOPICS)} created, 0 there before" in first.output
    again = run(kafka, database, "apply", "--tape", tape)
    assert f"0 created, {len(TOPICS)} there before" in again.output
    assert "warning" not in first.output + again.output
    after = run(kafka, database, "diff", "--tape", tape)
    assert after.exit_code == 0, after.output
    listed = run(kafka, database, "list", "--tape", tape).output
    for topic in TOPICS:
        assert f"{tape}.{topic.name} " in listed
    assert " no " not in listed


def test_apply_for_services_makes_what_they_need_and_a_wrong_name_is_told(
    kafka: str, database: str, tape: str
) -> None:
    made = run(kafka, database, "apply", "--tape", tape, "--for", "ingest:iboard+ssi,classifier")
    assert made.exit_code == 0, made.output
    assert "warning" not in made.output
    listed = run(kafka, database, "list", "--tape", tape).output.splitlines()
    there = {line.split()[0].partition(".")[2] for line in listed if " yes " in line}
    assert {"iboard", "ssi-x", "control", "market", "classifier-snapshots"} <= there
    assert not {"binance", "board"} & there
    for wrong, said in (("ingest:ibord", "ingest's"), ("clasifier", "no service clasifier")):
        refused = run(kafka, database, "apply", "--tape", tape, "--for", wrong)
        assert refused.exit_code == 2
        assert said in refused.output


def test_diff_names_a_topic_that_somebody_made_otherwise(
    kafka: str, database: str, tape: str
) -> None:
    async def make() -> None:
        async with admin(kafka) as client:
            await client.create_topics([NewTopic(f"{tape}.market", 5, 1)])

    asyncio.run(make())
    warned = run(kafka, database, "apply", "--tape", tape)
    assert f"warning: {tape}.market has 5 partitions, not 12" in warned.output
    said = run(kafka, database, "diff", "--tape", tape)
    assert said.exit_code == 1
    assert f"{tape}.market has 5 partitions, not 12" in said.output
    assert f"{tape}.market: message.timestamp.type is CreateTime, not LogAppendTime" in said.output


def test_settings_are_set_right_on_demand_and_what_others_set_stays(
    kafka: str, database: str, tape: str
) -> None:
    async def make() -> None:
        odd = {"retention.ms": "1000", "delete.retention.ms": "777"}
        async with admin(kafka) as client:
            await client.create_topics([NewTopic(f"{tape}.market", 12, 1, topic_configs=odd)])

    asyncio.run(make())
    applied = run(kafka, database, "apply", "--tape", tape, "--for", "ingest:ssi", "--settings")
    assert applied.exit_code == 0, applied.output
    assert f"changed the settings of {tape}.market" in applied.output
    assert "warning" not in applied.output
    again = run(kafka, database, "apply", "--tape", tape, "--for", "ingest:ssi", "--settings")
    assert "changed" not in again.output
    found = asyncio.run(topics_state.describe(kafka, tape, [MARKET]))
    assert found["market"].config["delete.retention.ms"] == "777"


def test_no_kafka_is_one_sentence() -> None:
    result = run("127.0.0.1:1", "postgresql://x@127.0.0.1:1/x", "list")
    assert result.exit_code == 1
    assert "Kafka at 127.0.0.1:1 does not answer" in result.output


@pytest.mark.parametrize("columns", [80, 40])
def test_no_name_is_cut_in_a_narrow_terminal_and_a_tape_that_is_not_there_is_said(
    kafka: str, database: str, tape: str, columns: int
) -> None:
    result = run(kafka, database, "list", "--tape", tape, columns=columns)
    assert f"there is no tape {tape}" in result.stderr
    assert "…" not in result.stdout
    for topic in TOPICS:
        assert f"{tape}.{topic.name} " in result.stdout

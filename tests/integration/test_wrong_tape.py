"""A command that reads a tape which is not there says so at once and names those there are."""

import asyncio
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from services import cli
from services.runtime.topics_admin import apply

pytestmark = [pytest.mark.broker, pytest.mark.database]

MANIFEST = str(Path(__file__).parents[1] / "data" / "binance" / "manifest.json")


@pytest.mark.parametrize(
    "words",
    [
        ["tail", "trades-classified"],
        ["report", "accuracy"],
        ["report", "latency"],
        ["report", "completeness"],
        ["report", "agreement"],
        ["report", "reconciliation", "--recording", MANIFEST],
        ["accept-loss", "classifier"],
    ],
)
def test_a_tape_that_is_not_there_is_one_sentence_with_those_there_are(
    kafka: str, database: str, tape: str, words: list[str]
) -> None:
    asyncio.run(apply(kafka, tape, partitions=1))
    env = {"VNTAPE_KAFKA": kafka, "VNTAPE_DATABASE_URL": database}
    begun = time.monotonic()
    result = CliRunner().invoke(cli.root, [*words, "--tape", "nosuch"], env=env)
    assert time.monotonic() - begun < 5  # it waited 11 s for topics that never came
    assert result.exit_code == 1
    assert result.output.startswith("Error: there is no tape nosuch; there are: ")
    assert tape in result.output
    assert result.output.count("\n") == 1

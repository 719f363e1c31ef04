"""`vntape config` shows every setting and no secret."""

import pytest
from click.testing import CliRunner

from services.commands.config import command
from services.runtime.settings import PREFIX, Settings


def lines(**environment: str) -> dict[str, list[str]]:
    """Variable -> the words of its line."""
    result = CliRunner().invoke(command, env={"COLUMNS": "300", **environment})
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.output.splitlines()]
    return {row[0]: row[1:] for row in rows if row and row[0].startswith(PREFIX)}


def test_every_setting_has_its_line_with_value_and_source() -> None:
    found = lines()
    assert set(found) == {PREFIX + name.upper() for name in Settings.model_fields}
    assert found["VNTAPE_WRITER_BATCH_ROWS"][:2] == ["5000", "default"]


def test_what_the_environment_sets_is_said_to_come_from_there() -> None:
    assert lines(VNTAPE_TAPE="demo")["VNTAPE_TAPE"][:2] == ["demo", "environment"]


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, words in lines().items() if len(words) < 3] == []


def test_no_part_of_a_secret_is_printed() -> None:
    secrets = {n for n, f in Settings.model_fields.items() if "SecretStr" in str(f.annotation)}
    assert secrets
    environment = {f"{PREFIX}{n.upper()}": f"postgresql://me:hunter2@h/{n}" for n in secrets}
    result = CliRunner().invoke(command, env={"COLUMNS": "300", **environment})
    assert "hunter2" not in result.output
    assert "postgresql://me" not in result.output
    assert result.output.count("********") == len(secrets)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("VNTAPE_TYPO", "1", "unknown setting VNTAPE_TYPO"),
        ("VNTAPE_KAFKA_PORT", "many", "VNTAPE_KAFKA_PORT"),
    ],
)
def test_a_wrong_setting_is_named_instead(variable: str, value: str, said: str) -> None:
    result = CliRunner().invoke(command, env={variable: value})
    assert result.exit_code == 1
    assert said in result.output

"""`vntape config` shows every setting and no secret."""

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


def test_a_wrong_value_is_named_instead() -> None:
    result = CliRunner().invoke(command, env={"VNTAPE_KAFKA_PORT": "many"})
    assert result.exit_code == 1
    assert "VNTAPE_KAFKA_PORT" in result.output


def test_what_was_wrong_is_said_once() -> None:
    result = CliRunner().invoke(command, env={"VNTAPE_TAPE": "A B"})
    assert result.output.count("it was 'A B'") == 1
    assert "Value error" not in result.output


def test_an_unknown_variable_is_warned_of_and_the_settings_are_listed() -> None:
    result = CliRunner().invoke(command, env={"COLUMNS": "300", "VNTAPE_TYPO": "1"})
    assert result.exit_code == 0
    assert "warning: VNTAPE_TYPO is no setting" in result.stderr
    assert "VNTAPE_WRITER_BATCH_ROWS" in result.stdout

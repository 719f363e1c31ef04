"""Without Kafka or the database a command says so in one sentence, without a secret."""

import os
import subprocess
import sys

import psycopg
import pytest
from aiokafka.errors import KafkaConnectionError
from click.testing import CliRunner

from services import cli
from services.commands._context import _answers, _servers, away

NOWHERE = {
    "VNTAPE_KAFKA": "127.0.0.1:1",
    "VNTAPE_DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:2/x",
}


@pytest.mark.parametrize(
    "words",
    [
        "tail market",
        "report accuracy",
        "report latency",
        "tapes list",
        "topics list",
        "topics apply",
        "accept-loss classifier",
    ],
)
def test_a_command_that_reads_a_tape_names_the_kafka_that_is_away(words: str) -> None:
    result = CliRunner().invoke(cli.root, words.split(), env=NOWHERE)
    assert result.exit_code == 1
    assert result.output == (
        "Error: Kafka at 127.0.0.1:1 does not answer: start the local stack with `vntape up`, "
        "or set VNTAPE_KAFKA\n"
    )


def test_migrate_names_the_database_that_is_away_without_its_password() -> None:
    result = CliRunner().invoke(cli.root, ["migrate"], env=NOWHERE)
    assert result.exit_code == 1
    assert "the database at me@127.0.0.1:2/x does not answer" in result.output
    assert "hunter2" not in result.output


def test_what_escapes_a_command_becomes_a_sentence_and_other_errors_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in NOWHERE.items():
        monkeypatch.setenv(name, value)
    assert "Kafka at 127.0.0.1:1" in str(away(KafkaConnectionError("x")))
    assert "me@127.0.0.1:2/x" in str(away(psycopg.OperationalError("refused")))
    assert away(ValueError("a bug")) is None


def test_a_worker_without_kafka_wants_to_be_restarted_and_shows_no_traceback() -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")} | NOWHERE
    program = [sys.executable, "-m", "services.cli", "run", "classifier", "--tape", "nowhere"]
    done = subprocess.run(program, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 70
    assert "Kafka at 127.0.0.1:1 does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_server_of_a_url_is_asked_and_a_socket_file_is_not() -> None:
    assert _servers("postgresql://u:p@one:1,two:2/x") == [("one", 1), ("two", 2)]
    assert _servers("postgresql://u:p@one,two:7/x")[-1] == ("two", 7)
    assert _servers("postgresql:///x") == [("", 5432)]
    assert _answers("", 5432)
    assert _answers("/var/run/postgresql", 5432)

"""Settings: unknown ones are refused, secrets are never shown."""

import os
import re
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.runtime.exits import EXIT_REFUSE
from services.runtime.settings import Settings, SettingsError
from services.runtime.settings_load import load
from tests.support.stack import ROOT

SECRET = "hunter2-hunter2"


@pytest.mark.parametrize("name", ["VNTAPE_TAEP", "vntape_nope", "VNTAPE_"])
def test_an_unknown_variable_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({name: "x"})


def test_variables_of_others_and_of_tests_are_ignored() -> None:
    assert load({"PATH": "/bin", "VNTAPE_TEST_KEEP": "1"}).tape == "live"


def test_an_option_of_the_command_line_beats_the_environment() -> None:
    assert load({"VNTAPE_TAPE": "demo"}, tape="other").tape == "other"
    assert load({"VNTAPE_TAPE": "demo"}, tape=None).tape == "demo"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VNTAPE_TAPE", "Live!"),
        ("VNTAPE_HTTP_PORT", "70000"),
        ("VNTAPE_SNAPSHOT_INTERVAL_S", "0"),
        ("VNTAPE_STEP_ERRORS", "shrug"),
        ("VNTAPE_SESSION_TIMEOUT_S", "0.9"),
        ("VNTAPE_SESSION_TIMEOUT_S", "301"),
        ("VNTAPE_SESSION_TIMEOUT_S", "nan"),
    ],
)
def test_an_unusable_value_is_refused_with_name_and_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as refused:
        load({name: value})
    assert value in str(refused.value)


@pytest.mark.parametrize("name", ["DATABASE_URL", "WRITER_URL", "READER_URL"])
def test_a_secret_is_in_no_text_of_the_settings(name: str) -> None:
    url = f"postgresql://owner:{SECRET}@127.0.0.1/x"
    it = load({f"VNTAPE_{name}": url})
    shown = f"{it} {it!r} {it.model_dump()} {it.model_dump_json()}"
    assert SECRET not in shown
    assert getattr(it, name.lower()).get_secret_value() == url


def test_a_secret_is_in_no_error_about_another_setting() -> None:
    with pytest.raises(SettingsError) as refused:
        load({"VNTAPE_DATABASE_URL": f"postgresql://a:{SECRET}@h/x", "VNTAPE_HTTP_PORT": "x"})
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__, "the cause would print every value given"


@pytest.mark.parametrize("name", ["DATABASE_URL", "WRITER_URL", "READER_URL"])
@pytest.mark.parametrize(
    "url",
    [
        "",
        SECRET,
        f"host=localhost password={SECRET}",
        f"http://u:{SECRET}@127.0.0.1/x",
        f"postgresql://u:sec%ret9{SECRET}@127.0.0.1:23090/vntape",
        f"postgresql://u:a@{SECRET}@127.0.0.1:23090/vntape",
        f"postgresql://u:{SECRET}/b@127.0.0.1:23090/vntape",
        f"postgresql://u:12/{SECRET}@127.0.0.1:23090/vntape",
        f"postgresql://u:p@127.0.0.1:{SECRET}/vntape",
        f"postgresql://u:p@[{SECRET}/vntape",
        f"postgresql://u:p@127.0.0.1/vntape?{SECRET}=1",
        f"postgresql://u:{SECRET}%00@127.0.0.1/vntape",
    ],
)
def test_a_url_that_is_none_is_refused_without_showing_it(name: str, url: str) -> None:
    """libpq's own message, and pydantic's, print what they could not read."""
    with pytest.raises(SettingsError) as refused:
        load({f"VNTAPE_{name}": url})
    said = f"VNTAPE_{name}: not a postgresql:// URL (percent-encode the password); it was ***"
    assert str(refused.value) == said
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    with pytest.raises(ValidationError) as direct:
        Settings(**{name.lower(): url})
    assert SECRET not in "".join(traceback.format_exception(direct.value))


def test_urls_as_people_write_them_are_taken() -> None:
    for url in (
        "postgresql://u:a%40b%2Fc@127.0.0.1:5432/vntape?sslmode=require",
        "postgresql://u:a#b?c@127.0.0.1/vntape",
        "postgres://u@[::1]/x",
        "postgresql:///x?host=/var/run/postgresql",
        "postgresql://u:p@one:1,two:2/x",
    ):
        found = load({"VNTAPE_DATABASE_URL": url}).database_url
        assert found is not None
        assert found.get_secret_value() == url


@pytest.mark.parametrize("command", [["migrate"], ["tapes", "list"], ["run", "writer"]])
def test_a_command_says_a_sentence_and_not_the_secret(command: list[str]) -> None:
    url = f"postgresql://u:sec%ret9{SECRET}@127.0.0.1:23090/vntape"
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", *command],
        env=os.environ | {"VNTAPE_DATABASE_URL": url, "VNTAPE_KAFKA": "127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "VNTAPE_DATABASE_URL: not a postgresql:// URL" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_every_setting_is_read_by_somebody() -> None:
    services = ROOT / "services"
    own = services / "runtime" / "settings.py"
    text = "\n".join(p.read_text() for p in services.rglob("*.py") if p != own)
    read = set(re.findall(r"(?:settings|config|found|process\.settings)\.(\w+)", text))
    assert Settings.model_fields.keys() - read == set()


SERVICES = [
    ["classifier"],
    ["ingest", "--recording", str(ROOT / "tests/data/binance/manifest.json")],
    ["writer"],
]


@pytest.mark.parametrize("service", SERVICES, ids=lambda words: words[0])
@pytest.mark.parametrize("place", ["/proc/x", "FILE/x"])
def test_a_folder_that_cannot_be_made_is_one_sentence_and_final(
    service: list[str], place: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    environment = {
        "VNTAPE_LOCAL_DIR": place.replace("FILE", str(file)),
        "VNTAPE_KAFKA": "127.0.0.1:1",
        "VNTAPE_DATABASE_URL": "postgresql://u@127.0.0.1:1/x",
        "VNTAPE_WRITER_URL": "postgresql://u@127.0.0.1:1/x",
    }
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "run", *service],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == EXIT_REFUSE
    assert "VNTAPE_LOCAL_DIR: cannot make" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load({}).tape = "other"  # type: ignore[misc]

"""A Grafana that is installed is started with all that the provisioning asks for."""

import os
import re
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from services.demo.walls import hung
from services.runtime.settings import Settings
from services.walls import server
from tests.support.eventually import eventually_sync
from tests.support.stack import ROOT

FOLDER = ROOT / "grafana"
GRAFANA = """#!/bin/sh
env >"$OUT/environment"; echo "$@" >"$OUT/words"; echo $$ >"$OUT/pid"
exec sleep 60
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        local_dir=tmp_path,
        database_url=SecretStr("postgresql://owner@127.0.0.1:5555/tapes"),
        reader_url=SecretStr("postgresql://vntape_reader:s3cret@127.0.0.1:5555/tapes"),
    )


def test_every_variable_of_the_provisioning_is_given(settings: Settings) -> None:
    files = [*(FOLDER / "provisioning").rglob("*.yaml"), FOLDER / "grafana.ini"]
    asked = {name for file in files for name in re.findall(r"\$\{?(WALLS_\w+)", file.read_text())}
    given = server.variables(settings, FOLDER, "http://127.0.0.1:9")
    assert asked == given.keys()
    assert [name for name, value in given.items() if value == ""] == ["WALLS_DB_CA"]
    assert (given["WALLS_DB_USER"], given["WALLS_DB_PORT"]) == ("vntape_reader", "5555")
    assert (Path(given["WALLS_DASHBOARDS"]) / "desk" / "market.json").is_file()


def test_it_trusts_the_authority_that_the_services_trust(tmp_path: Path) -> None:
    """And checks the name, as they do."""
    ca = tmp_path / "ca"
    ca.write_text("an authority")
    settings = Settings(
        local_dir=tmp_path,
        database_ca=ca,
        reader_url=SecretStr("postgresql://vntape_reader:s3cret@timescaledb:5432/vntape"),
    )
    given = server.variables(settings, FOLDER, "http://127.0.0.1:9")
    assert (given["WALLS_DB_SSLMODE"], given["WALLS_DB_CA"]) == ("verify-full", str(ca))


def test_where_none_is_installed_the_demo_says_how_else(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    console = Console(record=True, width=200)
    with hung(settings, console, None) as url:
        assert url is None
    assert "docker compose" in console.export_text()


def test_one_that_is_installed_is_started_and_ended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "grafana"
    program.parent.mkdir()
    program.write_text(GRAFANA)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("OUT", str(tmp_path))
    pid = tmp_path / "pid"
    with hung(settings, Console(record=True), "http://127.0.0.1:9") as url:
        assert url is not None
        number = int(eventually_sync(lambda: pid.exists() and pid.read_text().strip()) or 0)
        words = (tmp_path / "words").read_text().split()
        assert words[0] == "server"
        assert f"cfg:server.http_port={url.rpartition(':')[2]}" in words
        assert f"cfg:paths.provisioning={FOLDER / 'provisioning'}" in words
        said = (tmp_path / "environment").read_text()
        assert "WALLS_PROMETHEUS_URL=http://127.0.0.1:9\n" in said
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)

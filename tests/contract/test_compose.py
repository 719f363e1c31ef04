"""docker-compose.yml is whole, and says of each service what the code says."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, get_args

import click
import jsonschema
import pytest
import yaml

from schemas.topics import TOPICS
from services import cli
from services.commands._services import COMPUTING
from services.runtime import access
from services.runtime.database_url import DatabaseUrl
from services.runtime.settings import Settings
from services.runtime.settings_load import unknown
from tests.support.stack import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if "VNTAPE_IMAGE" in one["image"]}
JOBS = {"init"}
SCALED = {name for name, one in SERVICES.items() if "scale" in one}


def without_secrets(to: Path) -> None:
    """A copy of deploy/compose as it is in a fresh clone."""
    shutil.copytree(ROOT / "deploy/compose", to, ignore=shutil.ignore_patterns("secrets"))
    (to / "secrets").mkdir()


def test_it_is_a_compose_file() -> None:
    """By the specification's own schema."""
    path = "check_jsonschema/builtin_schemas/vendor/compose-spec.json"
    schema = Path(str(distribution("check-jsonschema").locate_file(path)))
    jsonschema.validate(COMPOSE, json.loads(schema.read_text()))
    wrong = COMPOSE | {"services": {"x": {"image": "x", "portz": []}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, json.loads(schema.read_text()))


def test_every_service_there_is_runs_in_it() -> None:
    """Who declares a topic, and the lag exporter; `recording` stands for ingest in a demo."""
    assert set(OURS) == {*access.services(), "lag", "init", "recording"}
    assert set(COMPUTING) <= set(OURS)


@pytest.mark.parametrize("name", sorted(OURS.keys() - JOBS))
def test_what_it_runs_is_a_command(name: str) -> None:
    """The services' names are those that `vntape run` knows."""
    run = cli.root.get_command(click.Context(cli.root), "run")
    assert isinstance(run, click.Group)
    words = [re.sub(r"\$\{\w+:-(.*)\}", r"\1", word) for word in OURS[name]["command"]]
    assert words[0] == "run"
    assert words[1] in run.commands
    assert words[1] == {"recording": "ingest"}.get(name, name)


def test_nothing_is_published_beyond_this_machine_and_workers_publish_nothing() -> None:
    """Neither a fixed name nor a fixed port keeps a second replica from starting."""
    for name, one in SERVICES.items():
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", ())), name
        assert "container_name" not in one, name
        assert "hostname" not in one, name
    assert all("ports" not in SERVICES[name] for name in COMPUTING)


def test_who_may_have_replicas_reads_more_than_one_partition() -> None:
    """More workers than partitions would idle; the writer and ingest are one each."""
    wide = {who for t in TOPICS if t.partitions > 1 for who in t.consumers}
    assert wide & set(COMPUTING) >= SCALED
    assert {"classifier", "board", "foreign", "orderflow"} <= SCALED
    for name in SCALED:
        assert SERVICES[name]["scale"] == f"${{{name.upper().replace('-', '_')}_WORKERS:-1}}"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_is_pinned_bounded_restarted_and_has_its_health_asked(name: str) -> None:
    one = SERVICES[name]
    image = re.fullmatch(r"\$\{\w+_IMAGE:-[\w./-]+:(?P<tag>[\w.-]+)\}", one["image"])
    assert image is not None, one["image"]
    assert image["tag"] != "latest"
    assert one["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert one["logging"]["options"]["max-size"]
    assert "no-new-privileges:true" in one["security_opt"]
    assert one["restart"] == ("no" if name in JOBS else "unless-stopped")
    if name not in OURS:
        assert one["healthcheck"]["test"]
    else:
        assert one["read_only"]
        assert one["cap_drop"] == ["ALL"]


def test_the_image_asks_its_own_health_and_is_not_root() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "HEALTHCHECK" in text
    assert re.search(r"^USER \$\{USER_ID\}", text, re.M)
    assert text.count("FROM ${PYTHON_IMAGE}") == 2


@pytest.mark.parametrize("name", sorted(OURS))
def test_its_variables_are_settings(name: str) -> None:
    environment = OURS[name]["environment"]
    assert unknown(environment) == []
    inside = dict(re.findall(r"(VNTAPE_\w+)=(\S+)", (ROOT / "Dockerfile").read_text()))
    assert unknown(inside) == []


def test_each_holds_the_secrets_it_uses_and_no_other(tmp_path: Path) -> None:
    """And make-secrets makes all of them."""
    for name, one in OURS.items():
        used = {v.rpartition("/")[2] for k, v in one["environment"].items() if k.endswith("_FILE")}
        assert used == set(one.get("secrets", ())), name
    assert "owner_url" not in {s for n in OURS.keys() - JOBS for s in OURS[n].get("secrets", ())}
    without_secrets(tmp_path / "compose")
    script = [str(tmp_path / "compose/make-secrets")]
    subprocess.run(script, check=True, capture_output=True)
    made = {p.name: p.read_text() for p in (tmp_path / "compose/secrets").glob("[a-z]*")}
    assert {Path(s["file"]).name for s in COMPOSE["secrets"].values()} <= set(made)
    assert all(Path(s["file"]).name == name for name, s in COMPOSE["secrets"].items())
    subprocess.run(script, check=True, capture_output=True)
    again = {p.name: p.read_text() for p in (tmp_path / "compose/secrets").glob("[a-z]*")}
    assert again == made, "a second time changes nothing"


def test_the_urls_that_it_makes_are_urls(tmp_path: Path) -> None:
    from services.runtime.settings_load import load

    without_secrets(tmp_path / "compose")
    script = str(tmp_path / "compose/make-secrets")
    subprocess.run([script], check=True, capture_output=True, env={"PATH": os.environ["PATH"]})
    settings = load(
        {
            f"VNTAPE_{name}_URL_FILE": str(tmp_path / f"compose/secrets/{name.lower()}_url")
            for name in ("WRITER", "READER", "INGEST", "DELIVERY")
        }
    )
    for role in ("writer", "reader", "ingest", "delivery"):
        url = getattr(settings, f"{role}_url").get_secret_value()
        assert url.startswith(f"postgresql://vntape_{role}:")
        assert url.endswith("@timescaledb:5432/vntape")


def test_what_is_waited_for_and_what_is_mounted_is_there() -> None:
    for name, one in SERVICES.items():
        assert set(one.get("depends_on", ())) <= set(SERVICES), name
        for volume in one.get("volumes", ()):
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).partition(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists(), f"{name} mounts {source}"
            else:
                assert source in COMPOSE["volumes"], f"{name} mounts {source}"


def test_the_secured_file_is_what_the_code_says_and_gives_each_its_own_login(
    tmp_path: Path,
) -> None:
    """`python deploy/compose/secured.py` writes it anew; make-certificates makes its files."""
    spec = importlib.util.spec_from_file_location("secured", ROOT / "deploy/compose/secured.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (ROOT / "deploy/compose/secured.yml").read_text()
    assert written == module.document()
    secured = yaml.safe_load(written)
    assert set(secured["services"]) == {*OURS, "kafka", "timescaledb", "grafana"}
    for name in {*OURS, "kafka"}:
        one = secured["services"][name]
        held = {s["source"] for s in one["secrets"] if isinstance(s, dict)}
        user = one.get("environment", {}).get("VNTAPE_KAFKA_USER")
        wanted = {"kafka": set(), "init": {"kafka_admin"}}.get(name, {f"kafka-{user}"})
        assert held == wanted, name
        assert unknown(one.get("environment", {})) == []
    folder = tmp_path / "deploy"
    without_secrets(folder / "compose")
    shutil.copytree(ROOT / "deploy/security", folder / "security")
    script = [str(folder / "compose/make-certificates")]
    subprocess.run(script, check=True, capture_output=True)
    made = {f["file"].removeprefix("deploy/") for f in secured["secrets"].values()}
    assert all((folder / path).stat().st_size for path in made)


def test_whoever_has_a_login_of_the_database_checks_its_certificate_in_the_secured_file() -> None:
    """Grafana too; and the database is told all that it is told without TLS."""
    secured = yaml.safe_load((ROOT / "deploy/compose/secured.yml").read_text())["services"]
    logins = {f"VNTAPE_{name.upper()}_FILE" for name in Settings.model_fields if _is_login(name)}
    assert len(logins) == 5
    for name, one in OURS.items():
        given = secured[name]["environment"].get("VNTAPE_DATABASE_CA")
        assert given == ("/run/secrets/ca" if logins & one["environment"].keys() else None), name
        assert "ca" in secured[name]["secrets"]
    assert secured["grafana"]["environment"]["WALLS_DB_SSLMODE"] == "verify-full"
    assert secured["grafana"]["environment"]["WALLS_DB_CA"] == "/run/secrets/ca"
    assert "ca" in secured["grafana"]["secrets"]
    said = secured["timescaledb"]["command"]
    plain = SERVICES["timescaledb"]["command"]
    assert said[: len(plain)] == plain
    assert "ssl=on" in said[len(plain) :]
    for volume in secured["timescaledb"]["volumes"]:
        assert (ROOT / volume.partition(":")[0]).is_file()


def _is_login(field: str) -> bool:
    return DatabaseUrl in get_args(Settings.model_fields[field].annotation)


def test_prometheus_asks_every_replica_of_every_service() -> None:
    """By name and port: a service has its own name or an alias that it shares."""
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    asked = {
        (name, lookup["port"])
        for job in config["scrape_configs"]
        for lookup in job.get("dns_sd_configs", ())
        for name in lookup["names"]
    }
    inside = re.search(r"VNTAPE_HTTP_PORT=(\d+)", (ROOT / "Dockerfile").read_text())
    assert inside is not None
    assert {port for _, port in asked} == {int(inside[1])}
    known: set[str] = set()
    for name, one in OURS.items():
        aliases = {name, *one.get("networks", {}).get("default", {}).get("aliases", ())}
        known |= aliases
        assert name in JOBS or aliases & {name for name, _ in asked}, f"{name} is not asked"
    assert {name for name, _ in asked} <= known


def test_grafana_is_given_every_variable_that_its_provisioning_names() -> None:
    files = [ROOT / "grafana/grafana.ini", *(ROOT / "grafana/provisioning").rglob("*.yaml")]
    text = "".join(path.read_text() for path in files)
    named = set(re.findall(r"\$\{?(WALLS_\w+)", text))
    started = " ".join(SERVICES["grafana"]["entrypoint"])
    given = {*SERVICES["grafana"]["environment"], *re.findall(r"export (\w+)=", started)}
    assert named
    assert named <= given

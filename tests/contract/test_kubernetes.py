"""The manifests say what the code says, and Kubernetes would take them."""

import copy
import importlib
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from services.commands._services import COMPUTING
from services.runtime import access
from services.runtime.settings import Settings
from services.runtime.settings_load import unknown
from tests.support import keda
from tests.support.stack import ROOT

FOLDER = ROOT / "deploy/kubernetes"
VERSION = "1.34"


def _generator() -> ModuleType:
    sys.path.insert(0, str(FOLDER))  # as when it is run: its other room lies beside it
    try:
        return importlib.import_module("generate")
    finally:
        sys.path.remove(str(FOLDER))


GENERATOR = _generator()
SECRETS = sys.modules["pods"].SECRETS


def documents(*files: str) -> list[dict[str, Any]]:
    """What stands in some files of the folder."""
    return [d for name in files for d in yaml.safe_load_all((FOLDER / name).read_text()) if d]


FILES = ("namespace", "network", "gateway", "workers", "others")
BASE = documents(*(f"base/{name}.yaml" for name in FILES))
RUNNING = {
    d["metadata"]["name"]: d for d in BASE if d["kind"] in ("StatefulSet", "Deployment", "Job")
}
SCALED = documents("overlays/keda/scaled.yaml")
LOGIN = documents("overlays/keda-secured/login.yaml")
KEDAS = [*SCALED, *(d for d in LOGIN if d["apiVersion"].startswith("keda.sh/"))]
FOLDERS = (
    "base",
    "components/secured",
    *(f"overlays/{n}" for n in ("keda", "secured", "keda-secured")),
)


def pod(name: str) -> dict[str, Any]:
    """The pod's specification of a service."""
    spec: dict[str, Any] = RUNNING[name]["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("path", sorted(GENERATOR.everything()))
def test_what_is_written_is_what_the_code_says(path: str) -> None:
    """`python deploy/kubernetes/generate.py` writes it anew."""
    assert (FOLDER / path).read_text() == GENERATOR.everything()[path]


@pytest.mark.parametrize("document", BASE, ids=lambda d: f"{d['kind']}-{d['metadata']['name']}")
def test_kubernetes_knows_every_field(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, VERSION, strict=True)


def test_a_misspelt_field_is_noticed() -> None:
    """So the check above is one."""
    wrong = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"portz": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


@pytest.mark.parametrize("document", KEDAS, ids=lambda d: f"{d['kind']}-{d['metadata']['name']}")
def test_keda_knows_every_field(document: dict[str, Any]) -> None:
    keda.validate(document)


@pytest.mark.parametrize("path", ["spec.trigers", "spec.triggers.0.metadat", "spec.minReplicas"])
def test_a_misspelt_field_of_kedas_is_noticed(path: str) -> None:
    wrong = copy.deepcopy(SCALED[0])
    *way, name = path.split(".")
    place: Any = wrong
    for step in way:
        place = place[int(step) if step.isdecimal() else step]
    place[name] = {}
    with pytest.raises(jsonschema.ValidationError):
        keda.validate(wrong)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_lists_the_files_that_are_there(folder: str) -> None:
    listed = documents(f"{folder}/kustomization.yaml")[0]
    patches = [p["path"] for p in listed.get("patches", ()) if "path" in p]
    names = [*listed.get("resources", ()), *listed.get("components", ()), *patches]
    assert all((FOLDER / folder / name).exists() for name in names)
    here = {p.name for p in (FOLDER / folder).glob("*.yaml")} - {"kustomization.yaml"}
    assert here <= set(names)


def test_every_service_runs_and_workers_have_lasting_names() -> None:
    """The name is the static id of the group; who may have one replica only has one."""
    assert set(RUNNING) == {*access.services(), "lag", "init"}
    for name in COMPUTING:
        assert RUNNING[name]["kind"] == "StatefulSet"
    assert all(RUNNING[name]["spec"]["replicas"] == 1 for name in GENERATOR.SINGLE)


def test_the_number_of_workers_follows_the_lag_up_to_the_partitions_and_never_the_writers() -> None:
    names = {d["metadata"]["name"] for d in SCALED}
    assert names < set(COMPUTING)
    assert not names & {*GENERATOR.SINGLE, "index-merge", "analytics-busd-merge"}
    config = GENERATOR.files(derivatives_rate=0.0, derivatives_dividend_yield=0.0)
    for one in SCALED:
        service = GENERATOR.declared(one["metadata"]["name"], config)
        trigger = one["spec"]["triggers"][0]["metadata"]
        assert one["spec"]["maxReplicaCount"] == service.input.partitions
        assert trigger["consumerGroup"] == service.app_id("live")
        assert trigger["topic"] == service.input.on("live")
        assert all(isinstance(value, str) for value in trigger.values())


@pytest.mark.parametrize("name", sorted(RUNNING.keys() - {"init"}))
def test_probes_tell_a_stalled_process_from_an_idle_one(name: str) -> None:
    """Only a stall restarts; not being ready keeps a rollout waiting, and no more."""
    container = pod(name)["containers"][0]
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container["startupProbe"]["httpGet"]["path"] == "/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health"


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_a_pod_runs_without_rights_and_with_its_own_secrets(name: str) -> None:
    spec = pod(name)
    container = spec["containers"][0]
    assert spec["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"]["memory"]
    environment = {e["name"]: e["value"] for e in container.get("env", ())}
    assert unknown(environment) == []
    secret = next((v["secret"] for v in spec["volumes"] if "secret" in v), {"items": []})
    assert {i["key"] for i in secret["items"]} == set(SECRETS.get(name, ()))


def test_ingest_is_given_the_credentials_of_every_feed() -> None:
    named = {
        n for n in Settings.model_fields if re.fullmatch(r"(ssi|binance)_.*(id|key|secret)", n)
    }
    assert len(named) == 5
    assert named <= set(SECRETS["ingest"])
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["ingest"]
    assert {f"VNTAPE_{name.upper()}_FILE" for name in named} <= set(compose["environment"])


def test_who_holds_a_login_of_the_database_reaches_it_and_nobody_else() -> None:
    policy = next(d for d in BASE if d["metadata"]["name"] == "to-database")
    allowed = policy["spec"]["podSelector"]["matchExpressions"][0]["values"]
    assert set(allowed) == {
        name for name, keys in SECRETS.items() if any("url" in key for key in keys)
    }


def test_keda_logs_in_as_the_operator_with_a_password_that_a_pod_has() -> None:
    names, auth = LOGIN
    assert names["data"] == {"username": access.USER + access.OPERATOR}
    found = {t["parameter"]: t for t in auth["spec"]["secretTargetRef"]}
    lag = next(
        d for d in documents("components/secured/logins.yaml") if d["metadata"]["name"] == "lag"
    )
    secrets = {v["secret"]["secretName"] for v in lag["spec"]["template"]["spec"]["volumes"]}
    assert {found["password"]["name"], found["ca"]["name"]} == secrets


def test_each_pod_of_the_secured_overlay_logs_in_as_itself() -> None:
    """By the users of deploy/security/acls.yaml; the init job as the cluster's admin."""
    known = {one["user"] for one in yaml.safe_load(Path(ROOT / ACLS).read_text()).values()}
    logins = documents("components/secured/logins.yaml")
    assert {d["metadata"]["name"] for d in logins} == set(RUNNING)
    for one in logins:
        name = one["metadata"]["name"]
        container = one["spec"]["template"]["spec"]["containers"][0]
        user = next(e["value"] for e in container["env"] if e["name"] == "VNTAPE_KAFKA_USER")
        assert user in ({"admin"} if name == "init" else known)
        assert user.removeprefix(access.USER) in (name, access.OPERATOR, "admin")


def test_in_the_secured_overlay_whoever_reaches_the_database_checks_its_certificate() -> None:
    """Each file that the settings name is mounted; those of all pods are in the config map."""
    overlay = documents("components/secured/kustomization.yaml")[0]
    literals = overlay["configMapGenerator"][0]["literals"]
    settings = dict(literal.split("=", 1) for literal in literals)
    assert unknown(settings) == []
    assert settings["VNTAPE_DATABASE_CA"] == "/run/ca/ca"
    named = {Path(value).parent for value in settings.values() if value.startswith("/")}
    for one in documents("components/secured/logins.yaml"):
        spec = one["spec"]["template"]["spec"]
        mounts = {Path(m["mountPath"]): m["name"] for m in spec["containers"][0]["volumeMounts"]}
        assert named <= mounts.keys()
        secrets = {v["name"]: v["secret"]["secretName"] for v in spec["volumes"]}
        assert secrets[mounts[Path("/run/ca")]] == "vntape-ca"


ACLS = "deploy/security/acls.yaml"

"""What `kubectl apply -k` would send: each folder is built by the real tool."""

import shutil
import subprocess
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.support import keda
from tests.support.stack import ROOT

pytestmark = pytest.mark.soak

FOLDER = ROOT / "deploy/kubernetes"
VERSION = "1.34"
OVERLAYS = ("keda", "secured", "keda-secured")


def built(folder: str) -> list[dict[str, Any]]:
    """The documents of a folder; fails with a sentence where no tool is there."""
    for words in (["kubectl", "kustomize"], ["kustomize", "build"]):
        if shutil.which(words[0]):
            done = subprocess.run(
                [*words, str(FOLDER / folder)], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            return list(yaml.safe_load_all(done.stdout))
    raise AssertionError("neither kubectl nor kustomize is here: install one of them")


@pytest.mark.parametrize("folder", ["base", *(f"overlays/{n}" for n in OVERLAYS)])
def test_a_folder_builds_and_kubernetes_would_take_it(folder: str) -> None:
    """
    Every field of every document; the image has its tag; nobody is without a namespace.

    Of a scaled set the number of replicas is left to KEDA; a secured pod has its own login, and so
    has KEDA.
    """
    documents = built(folder)
    for one in documents:
        if one["apiVersion"].startswith("keda.sh/"):
            keda.validate(one)
        else:
            kubernetes_validate.validate(one, VERSION, strict=True)
        assert one["kind"] == "Namespace" or one["metadata"]["namespace"] == "vntape"
    sets = {d["metadata"]["name"]: d["spec"] for d in documents if d["kind"] == "StatefulSet"}
    configs = [d["metadata"]["name"] for d in documents if d["kind"] == "ConfigMap"]
    (config,) = (name for name in configs if name != "keda-kafka")
    for spec in sets.values():
        container = spec["template"]["spec"]["containers"][0]
        assert container["image"] == "vntape:0.1.0"
        assert container["envFrom"][0]["configMapRef"]["name"] == config
    scaled = {d["metadata"]["name"] for d in documents if d["kind"] == "ScaledObject"}
    assert all("replicas" not in sets[name] for name in scaled)
    assert sets["writer"]["replicas"] == 1
    if folder == "overlays/keda-secured":
        triggers = [d["spec"]["triggers"][0] for d in documents if d["kind"] == "ScaledObject"]
        assert triggers
        for trigger in triggers:
            assert trigger["authenticationRef"] == {"name": "kafka"}
            assert trigger["metadata"]["sasl"] == "scram_sha512"
    if folder.endswith("secured"):
        for name, spec in sets.items():
            variables = {e["name"]: e for e in spec["template"]["spec"]["containers"][0]["env"]}
            assert variables["VNTAPE_KAFKA_USER"]["value"].startswith("vntape-"), name

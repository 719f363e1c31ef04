"""
Writes the manifests that follow from the code: one of each kind for each service.

`python deploy/kubernetes/generate.py` writes base/*.yaml and overlays/keda/*.yaml anew; a test
says when they are not what the code says. What a pod is: pods.py.
"""

from collections.abc import Iterable
from pathlib import Path

import yaml
from pods import Document, controller, labels, meta, pod_of, selector

from services.commands._context import files
from services.commands._services import COMPUTING, declared
from services.runtime.access import OPERATOR
from services.runtime.access import USER as USER_PREFIX

HERE = Path(__file__).parent
HEADER = "# Written by deploy/kubernetes/generate.py: do not edit.\n"
GATEWAY_PORT = 8650
TAPE = "live"
SINGLE = ("ingest", "writer", "delivery", "lag")
"""A second one would only wait behind the first."""

_USER_OF = {"lag": OPERATOR}
"""Who logs in to Kafka under another name than its own."""


def everything() -> dict[str, str]:
    """File -> its text, relative to this folder."""
    offline = {"derivatives_rate": 0.045, "derivatives_dividend_yield": 0.018}
    config = files(**offline)
    services = {name: declared(name, config) for name in COMPUTING}
    workers = [d for name in COMPUTING for d in (_worker(name), _budget(name))]
    others = [*_singles(), *_gateway(), _init()]
    scaled = [
        _scaled(name, service.app_id(TAPE), service.input.on(TAPE), service.input.partitions)
        for name, service in services.items()
        if service.input.partitions > 1
    ]
    return {
        "base/workers.yaml": _text(workers),
        "base/others.yaml": _text(others),
        "overlays/keda/scaled.yaml": _text(scaled),
        "components/secured/logins.yaml": _text(_logins([*workers, *others])),
    }


def _text(documents: Iterable[Document]) -> str:
    return HEADER + yaml.safe_dump_all(documents, sort_keys=False, width=100)


def _worker(name: str) -> Document:
    """
    A stateful set without a volume: its state is in Kafka, but its name must last.

    The name is the static id in the group: a pod that died and is back within the session timeout
    goes on with its own partitions and nobody else stops.
    """
    return controller(name, ["run", name], "768Mi")


def _budget(name: str) -> Document:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": meta(name),
        "spec": {"maxUnavailable": 1, "selector": selector(name)},
    }


def _singles() -> list[Document]:
    words = {"ingest": ["run", "ingest", "--feed", "$(FEED)"]}
    made = [controller(name, words.get(name, ["run", name]), "768Mi") for name in SINGLE]
    for one in made:
        if one["metadata"]["name"] == "ingest":
            _keep_spool(one)
    return made


def _keep_spool(ingest: Document) -> None:
    """What a feed sent while Kafka was away outlives the pod."""
    pod = ingest["spec"]["template"]["spec"]
    pod["containers"][0]["volumeMounts"].append({"name": "spool", "mountPath": "/var/spool/vntape"})
    environment = pod["containers"][0]["env"]
    environment.insert(0, {"name": "FEED", "value": "iboard"})
    environment.append({"name": "VNTAPE_SPOOL_DIR", "value": "/var/spool/vntape"})
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "4Gi"}}}
    ingest["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "spool"}, "spec": claim}]


def _gateway() -> list[Document]:
    name = "gateway"
    deployment = controller(name, ["run", name], "1Gi", "Deployment")
    del deployment["spec"]["replicas"]  # the scaler's business
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["ports"].append({"name": "http", "containerPort": GATEWAY_PORT})
    container["env"] += [
        {"name": "VNTAPE_GATEWAY_HOST", "value": "0.0.0.0"},  # noqa: S104  in its own pod
        {"name": "VNTAPE_GATEWAY_PORT", "value": str(GATEWAY_PORT)},
    ]
    return [deployment, _budget(name)]


def _init() -> Document:
    """Topics, tables, roles; it may run again at any time."""
    pod = pod_of("init", [], "512Mi")
    container = pod["containers"][0]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe", "ports"):
        del container[probe]
    cli = "python -m services.cli"
    container["command"] = ["sh", "-ec", f"{cli} topics apply && {cli} migrate"]
    del container["args"]
    pod["restartPolicy"] = "OnFailure"
    template = {"metadata": {"labels": labels("init")}, "spec": pod}
    spec = {"backoffLimit": 20, "ttlSecondsAfterFinished": 86_400, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta("init"), "spec": spec}


def _scaled(name: str, group: str, topic: str, partitions: int) -> Document:
    """By the lag of its group; more workers than partitions would idle."""
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": meta(name),
        "spec": {
            "scaleTargetRef": {"kind": "StatefulSet", "name": name},
            "minReplicaCount": 1,
            "maxReplicaCount": partitions,
            "pollingInterval": 15,
            # A worker that leaves makes its partitions wait: slowly, and never in a lunch break.
            "cooldownPeriod": 1800,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {
                "scaleUp": {"stabilizationWindowSeconds": 30,
                            "policies": [{"type": "Pods", "value": 2, "periodSeconds": 30}]},
                "scaleDown": {"stabilizationWindowSeconds": 1800,
                              "policies": [{"type": "Pods", "value": 1, "periodSeconds": 300}]},
            }}},
            "triggers": [{
                "type": "kafka",
                "metadata": {
                    "bootstrapServers": "kafka.vntape.svc:9092",
                    "consumerGroup": group,
                    "topic": topic,
                    # Records, and of market a record is a frame of up to 512 messages. What
                    # stands in the log since the last snapshot (10 s) counts as lag, too.
                    "lagThreshold": "20000",
                    "activationLagThreshold": "1000",
                    "offsetResetPolicy": "earliest",
                },
            }],
        },
    }  # fmt: skip


def _logins(documents: Iterable[Document]) -> list[Document]:
    """Patches: each pod with its own user and password of Kafka, and the authority."""
    return [
        _login(d["apiVersion"], d["kind"], d["metadata"]["name"])
        for d in documents
        if d["kind"] in ("StatefulSet", "Deployment", "Job")
    ]


def _login(version: str, kind: str, name: str) -> Document:
    # Topics and users are made by the cluster's admin, who is no user of the list.
    user = "admin" if name == "init" else USER_PREFIX + _USER_OF.get(name, name)
    container: Document = {
        "name": name,
        "env": [{"name": "VNTAPE_KAFKA_USER", "value": user}],
        "volumeMounts": [
            {"name": "ca", "mountPath": "/run/ca", "readOnly": True},
            {"name": "kafka", "mountPath": "/run/kafka", "readOnly": True},
        ],
    }
    if name == "init":
        container["env"].append({"name": "VNTAPE_KAFKA_MECHANISM", "value": "PLAIN"})
    volumes = [
        {"name": "ca", "secret": {"secretName": "vntape-ca"}},
        {"name": "kafka", "secret": {"secretName": f"vntape-kafka-{name}"}},
    ]
    pod = {"containers": [container], "volumes": volumes}
    spec = {"template": {"spec": pod}}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}


if __name__ == "__main__":
    for path, text in everything().items():
        (HERE / path).write_text(text)

"""What every process is in Kubernetes: its names, its set, its pod, its container, its probes."""

from typing import Any

PORT = 9464
USER = 10001
SECRETS = {
    "ingest": (
        "ingest_url",
        "ssi_consumer_id",
        "ssi_consumer_secret",
        "ssi_api_key",
        "ssi_api_secret",
        "binance_api_key",
    ),
    "writer": ("writer_url",),
    "delivery": ("delivery_url", "webhook_secret", "telegram_token"),
    "gateway": ("reader_url",),
    "lag": ("reader_url",),
    "init": ("database_url", "writer_url", "reader_url", "ingest_url", "delivery_url"),
}
"""Of each process only its own; keys of the secret `vntape`."""

Document = dict[str, Any]


def meta(name: str, **more: Any) -> Document:
    """Metadata: the name, the labels and `more`."""
    return {"name": name, "labels": labels(name), **more}


def labels(name: str) -> dict[str, str]:
    """What every object of a service is found by."""
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "vntape"}


def selector(name: str) -> Document:
    """Its pods."""
    return {"matchLabels": {"app.kubernetes.io/name": name}}


def controller(name: str, words: list[str], memory: str, kind: str = "StatefulSet") -> Document:
    """One replica of `vntape WORDS`; a set keeps the names of its pods, a Deployment does not."""
    spec: Document = {"replicas": 1, "selector": selector(name)}
    if kind == "StatefulSet":
        spec |= {"serviceName": "vntape", "podManagementPolicy": "Parallel"}
        spec |= {"updateStrategy": {"type": "RollingUpdate"}}
    spec["template"] = {"metadata": {"labels": labels(name)}, "spec": pod_of(name, words, memory)}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": meta(name), "spec": spec}


def pod_of(name: str, words: list[str], memory: str) -> Document:
    """A pod of one container: no root, nothing to write to but memory, its own secrets alone."""
    mounts: list[Document] = [
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  its own, in memory
        {"name": "local", "mountPath": LOCAL},
    ]
    volumes: list[Document] = [
        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
        {"name": "local", "emptyDir": {"sizeLimit": "256Mi"}},
    ]
    if keys := SECRETS.get(name):
        mounts.append({"name": "secrets", "mountPath": "/run/secrets", "readOnly": True})
        items = [{"key": key, "path": key} for key in keys]
        volumes.append({"name": "secrets", "secret": {"secretName": "vntape", "items": items}})
    return {
        "serviceAccountName": "vntape",
        "automountServiceAccountToken": False,
        # Longer than a worker needs to save its state.
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": True, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(name, words, memory, mounts)],
        "volumes": volumes,
    }  # fmt: skip


LOCAL = "/var/lib/vntape"


def _container(name: str, words: list[str], memory: str, mounts: list[Document]) -> Document:
    env = [
        {"name": f"VNTAPE_{key.upper()}_FILE", "value": f"/run/secrets/{key}"}
        for key in SECRETS.get(name, ())
    ]
    return {
        "name": name,
        "image": "vntape",
        "args": words,
        "envFrom": [{"configMapRef": {"name": "vntape"}}],
        **({"env": env} if env else {}),
        "ports": [{"name": "metrics", "containerPort": PORT}],
        **_probes(),
        "resources": {
            "requests": {"cpu": "250m", "memory": "256Mi"},
            "limits": {"memory": memory},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }  # fmt: skip


def _probes() -> Document:
    """
    Ready: it has its partitions and their state; this paces rollouts.

    Live: it is not stalled: input waits and none was done for 15 s. What waits for a Kafka that
    is away, or for a feed that is silent, is not stalled and is left alone.
    """
    ready = {"httpGet": {"path": "/health", "port": "metrics"}}
    live = {"httpGet": {"path": "/health/live", "port": "metrics"}}
    return {
        # Reading the state back takes seconds; two minutes is a Kafka that is busy.
        "startupProbe": {**live, "periodSeconds": 2, "failureThreshold": 60},
        "readinessProbe": {**ready, "periodSeconds": 5, "timeoutSeconds": 3},
        "livenessProbe": {
            **live, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3,
        },
    }  # fmt: skip

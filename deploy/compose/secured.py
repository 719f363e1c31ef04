"""
Writes secured.yml, which follows from the code: each service's user and password of Kafka.

`python deploy/compose/secured.py` writes it anew; a test says when it is not what the code says.
"""

from pathlib import Path
from typing import Any

import yaml

from services.runtime.access import OPERATOR, USER, services

HERE = Path(__file__).parent
HEADER = """\
# Written by deploy/compose/secured.py: do not edit. Kafka with TLS, a user for each service and no
# more rights than it needs (docs/security.md), on top of docker-compose.yml:
#   deploy/compose/make-secrets && deploy/compose/make-certificates
#   docker compose -f docker-compose.yml -f deploy/compose/secured.yml up -d --wait
"""
LOGIN = {
    "VNTAPE_KAFKA_SECURITY": "sasl_ssl",
    "VNTAPE_KAFKA_CA": "/run/secrets/ca",
    "VNTAPE_KAFKA_PASSWORD_FILE": "/run/secrets/kafka_password",
}
_ALSO = {"recording": "ingest", "lag": OPERATOR}
"""Who logs in as somebody else."""


def document() -> str:
    """The whole file."""
    users = {name: USER + _ALSO.get(name, name) for name in [*services(), *_ALSO]}
    secrets = {f"kafka-{user}": _file(f"kafka/{user}") for user in sorted({*users.values()})}
    secrets |= {name: _file(name) for name in ("ca", "kafka_certificate", "kafka_admin")}
    ours = {name: _client(user, f"kafka-{user}") for name, user in sorted(users.items())}
    all_of_them = {"kafka": _broker(), "init": _init(), **ours}
    text = yaml.safe_dump({"services": all_of_them, "secrets": secrets}, sort_keys=False, width=120)
    return HEADER + text


def _file(name: str) -> dict[str, str]:
    return {"file": f"deploy/compose/secrets/{name}"}


def _broker() -> dict[str, Any]:
    return {
        "volumes": ["./deploy/security:/mnt/shared/config:ro"],
        "secrets": ["ca", "kafka_certificate", "kafka_admin"],
        # Who asks without a login learns no more than that somebody listens.
        "healthcheck": {"test": ["CMD", "bash", "-c", "exec 3<>/dev/tcp/kafka/9092"]},
    }


def _init() -> dict[str, Any]:
    """As the cluster's admin, who makes the others."""
    steps = ["topics apply", "migrate", "access apply --passwords /run/passwords"]
    return {
        "command": [" && ".join(f"python -m services.cli {step}" for step in steps)],
        "volumes": ["./deploy/compose/secrets/kafka:/run/passwords:ro"],
        **_client("admin", "kafka_admin", VNTAPE_KAFKA_MECHANISM="PLAIN"),
    }


def _client(user: str, secret: str, **more: str) -> dict[str, Any]:
    return {
        "environment": {**LOGIN, "VNTAPE_KAFKA_USER": user, **more},
        "secrets": ["ca", {"source": secret, "target": "kafka_password"}],
    }


if __name__ == "__main__":
    (HERE / "secured.yml").write_text(document())

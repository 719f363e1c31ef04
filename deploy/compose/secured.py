"""
Writes secured.yml, which follows from the code and from docker-compose.yml: each service's user
and password of Kafka, and whom it trusts; the servers' certificates.

`python deploy/compose/secured.py` writes it anew; a test says when it is not what the code says.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from services.runtime.access import OPERATOR, USER, services

HERE = Path(__file__).parent
HEADER = """\
# Written by deploy/compose/secured.py: do not edit. Kafka and the database with TLS and no plain
# connection, a user for each service and no more rights than it needs (docs/security.md), on top
# of docker-compose.yml:
#   deploy/compose/make-secrets && deploy/compose/make-certificates
#   docker compose -f docker-compose.yml -f deploy/compose/secured.yml up -d --wait
"""
BASE: dict[str, Any] = yaml.safe_load((HERE.parents[1] / "docker-compose.yml").read_text())
CA = "/run/secrets/ca"
LOGIN = {
    "VNTAPE_KAFKA_SECURITY": "sasl_ssl",
    "VNTAPE_KAFKA_CA": CA,
    "VNTAPE_KAFKA_PASSWORD_FILE": "/run/secrets/kafka_password",
}
_ALSO = {"recording": "ingest", "lag": OPERATOR}
"""Who logs in as somebody else."""
_DATABASE_URL = re.compile(r"VNTAPE_(DATABASE|WRITER|READER|INGEST|DELIVERY)_URL(_FILE)?")
_PRIVATE = "/run/database.pem"


def document() -> str:
    """The whole file."""
    users = {name: USER + _ALSO.get(name, name) for name in [*services(), *_ALSO]}
    secrets = {f"kafka-{user}": _file(f"kafka/{user}") for user in sorted({*users.values()})}
    servers = ("ca", "kafka_certificate", "kafka_admin", "database_certificate")
    secrets |= {name: _file(name) for name in servers}
    ours = {name: _client(user, f"kafka-{user}") for name, user in sorted(users.items())}
    all_of_them = {"kafka": _broker(), "timescaledb": _database(), "init": _init(), **ours}
    for name in all_of_them:
        if any(_DATABASE_URL.fullmatch(key) for key in BASE["services"][name]["environment"]):
            all_of_them[name]["environment"]["VNTAPE_DATABASE_CA"] = CA
    all_of_them["grafana"] = _grafana()
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


def _database() -> dict[str, Any]:
    """The image's own beginning and words, after a copy of the key that nobody else may read."""
    copy = f"install -o postgres -m 600 /run/secrets/database_certificate {_PRIVATE}"
    settings = {
        "ssl": "on",
        "ssl_cert_file": _PRIVATE,
        "ssl_key_file": _PRIVATE,
        "hba_file": "/etc/vntape/pg_hba.conf",
    }
    more = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return {
        "entrypoint": ["sh", "-ec", f'{copy}; exec docker-entrypoint.sh "$$@"', "sh"],
        "command": [*BASE["services"]["timescaledb"]["command"], *more],
        "volumes": ["./deploy/security/pg_hba.conf:/etc/vntape/pg_hba.conf:ro"],
        "secrets": ["database_certificate"],
    }


def _grafana() -> dict[str, Any]:
    return {
        "environment": {"WALLS_DB_SSLMODE": "verify-full", "WALLS_DB_CA": CA},
        "secrets": ["ca"],
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

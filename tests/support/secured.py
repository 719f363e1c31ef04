"""A real Kafka with SASL_SSL and rules, and a real PostgreSQL with TLS: deploy/security, run."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from services import stack
from services.stack import debian_root, kafka, lifecycle, ports, processes, tools
from services.stack import record as records
from services.stack.places import Places
from tests.support.certificates import Authority
from tests.support.stack import ROOT

ADMIN_PASSWORD = "adm1n-adm1n"
_PLACES = Places(ROOT, "test")


@dataclass(frozen=True)
class Secured:
    """Both, and who trusts them; `database` is the owner's URL, without TLS in it."""

    kafka: str
    database: str = field(repr=False)
    ca: Path = field(repr=False)

    def admin(self) -> dict[str, str]:
        """The environment of who sets everything up."""
        return self.user("admin", ADMIN_PASSWORD) | {
            "VNTAPE_KAFKA_MECHANISM": "PLAIN",
            "VNTAPE_DATABASE_URL": self.database,
        }

    def user(self, name: str, password: str) -> dict[str, str]:
        """The environment of a service, as to Kafka and to whom it trusts."""
        return {
            "VNTAPE_KAFKA": self.kafka,
            "VNTAPE_KAFKA_SECURITY": "sasl_ssl",
            "VNTAPE_KAFKA_CA": str(self.ca),
            "VNTAPE_KAFKA_USER": name,
            "VNTAPE_KAFKA_PASSWORD": password,
            "VNTAPE_DATABASE_CA": str(self.ca),
        }


@contextmanager
def secured(folder: Path, signer: Authority) -> Iterator[Secured]:
    """Both, fresh; ended and removed afterwards."""
    name = f"own-secured-{os.getpid()}"
    try:
        with _kafka(folder / "kafka", signer) as address:
            yield Secured(address, _postgres(Places(ROOT, name), signer), signer.ca)
    finally:
        stack.wipe(ROOT, name)


@contextmanager
def _kafka(home: Path, signer: Authority) -> Iterator[str]:
    kafka.prepare(_PLACES, print)
    home.mkdir()
    port = ports.pick_free()
    (home / "server.properties").write_text(_properties(home, signer, port))
    java = ["java", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC"]
    java += [f"-XX:SharedArchiveFile={archive}" for archive in _PLACES.kafka_binaries.glob("*.jsa")]
    java += [f"-Dvntape.log={home / 'kafka.log'}"]
    java += [f"-Dlog4j2.configurationFile={_PLACES.templates / 'log4j2.xml'}"]
    java += ["-cp", f"{_PLACES.kafka_binaries / 'libs'}/*"]
    words = ["kafka.tools.StorageTool", "format", "-t", records.new_cluster_id()]
    tools.run_short(
        [*java, *words, "-c", "server.properties"], cwd=home, what="formatting Kafka's storage"
    )
    with (home / "jvm.log").open("wb") as out:
        broker = subprocess.Popen(
            [*java, "kafka.Kafka", "server.properties"], cwd=home, stdout=out, stderr=out
        )
    try:
        log = home / "kafka.log"
        up = processes.wait_until(lambda: _started(log) or broker.poll() is not None, 60)
        assert up
        assert broker.poll() is None, tools.tail(log, 40) + tools.tail(home / "jvm.log")
        yield f"127.0.0.1:{port}"
    finally:
        broker.terminate()
        broker.wait(30)


def _started(log: Path) -> bool:
    return log.exists() and "Kafka Server started" in log.read_text(errors="replace")


def _properties(home: Path, signer: Authority, port: int) -> str:
    """What deploy/security says, with this test's ports and folders."""
    secrets = home / "secrets"
    secrets.mkdir()
    certificate, key = signer.sign("kafka")
    (secrets / "kafka_certificate").write_text(key.read_text() + certificate.read_text())
    (secrets / "kafka_admin").write_text(ADMIN_PASSWORD)
    shutil.copy(signer.ca, secrets / "ca")
    text = (ROOT / "deploy/security/server.properties").read_text()
    host, controller = ports.pick_free({port}), ports.pick_free({port, 1})
    for there, here in {
        "SASL_SSL://:9092": f"SASL_SSL://127.0.0.1:{port}",
        "HOST://:29092": f"HOST://127.0.0.1:{host}",
        "SASL_SSL://kafka:9092": f"SASL_SSL://127.0.0.1:{port}",
        "HOST://localhost:29092": f"HOST://127.0.0.1:{host}",
        "localhost:9093": f"127.0.0.1:{controller}",
        "/var/lib/kafka/data": str(home / "data"),
        "/run/secrets": str(secrets),
    }.items():
        assert there in text, there
        text = text.replace(there, here)
    return text


def _postgres(places: Places, signer: Authority) -> str:
    debian_root.require_root()
    debian_root.build(places, print)
    record = records.load_or_make(places, None, None)
    lifecycle.bring_up(places, record, "postgres", print)
    certificate, key = signer.sign("postgres")
    for source, name in ((certificate, "server.crt"), (key, "server.key")):
        target = places.postgres_data / name
        shutil.copy(source, target)
        target.chmod(0o600)
        os.chown(target, debian_root.UID, debian_root.UID)
    rules = (ROOT / "deploy/security/pg_hba.conf").read_text()
    (places.postgres_data / "pg_hba.conf").write_text(rules)
    with psycopg.connect(record.addresses().database, autocommit=True) as c:
        c.execute("ALTER SYSTEM SET ssl = on")
        c.execute("SELECT pg_reload_conf()")
    return record.addresses().database

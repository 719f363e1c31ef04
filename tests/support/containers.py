"""The same two addresses from a container engine: official images, Community edition."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from testcontainers.core.container import DockerContainer

from services.stack import Addresses, kafka, postgres
from services.stack.ports import pick_free
from services.stack.record import DATABASE, Record
from tests.support.eventually import eventually_sync

KAFKA_IMAGE = "apache/kafka:4.3.1"
DATABASE_IMAGE = "timescale/timescaledb:2.29.2-pg17"


@contextmanager
def containers() -> Iterator[Addresses]:
    """Both containers, on loopback, removed afterwards."""
    kafka_port = pick_free()
    record = Record(kafka_port, pick_free({kafka_port}), secrets.token_urlsafe(24), "")
    with _kafka(record), _database(record):
        eventually_sync(lambda: kafka.answers(record), 120)
        eventually_sync(lambda: _accepts(record), 120)
        yield record.addresses()


def _kafka(record: Record) -> DockerContainer:
    broker = DockerContainer(KAFKA_IMAGE).with_bind_ports(19092, ("127.0.0.1", record.kafka_port))
    settings = {
        "NODE_ID": "1",
        "PROCESS_ROLES": "broker,controller",
        "LISTENERS": "PLAINTEXT://:19092,CONTROLLER://:9093",
        "ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{record.kafka_port}",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "AUTO_CREATE_TOPICS_ENABLE": "false",
        "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        "MESSAGE_MAX_BYTES": "16777216",
        "LOG_RETENTION_CHECK_INTERVAL_MS": "5000",
    }
    for name, value in settings.items():
        broker.with_env(f"KAFKA_{name}", value)
    return broker


def _database(record: Record) -> DockerContainer:
    return (
        DockerContainer(DATABASE_IMAGE)
        .with_bind_ports(5432, ("127.0.0.1", record.database_port))
        .with_env("POSTGRES_PASSWORD", record.database_password)
        .with_env("POSTGRES_DB", DATABASE)
    )


def _accepts(record: Record) -> bool:
    # The image's first server listens on a socket only, so TCP means that the final one is up.
    if not postgres.answers(record):
        return False
    try:
        postgres.finish(record)
    except psycopg.OperationalError:
        return False
    return True

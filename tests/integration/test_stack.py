"""The local stack survives what machines and people do to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services import stack
from services.stack import debian_root, kafka, postgres, processes
from services.stack.places import Places
from services.stack.ports import pick_free
from tests.support.eventually import eventually_sync
from tests.support.stack import ROOT, OwnStack

pytestmark = [pytest.mark.broker, pytest.mark.database]

VNTAPE = Path(sys.executable).with_name("vntape")


def vntape(own: OwnStack, *words: str, **settings: str) -> subprocess.Popen[str]:
    """The command as a person runs it, on this instance."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")}
    env = {**kept, "VNTAPE_STACK": own.instance, **settings}
    return subprocess.Popen(
        [VNTAPE, *words], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def ran(own: OwnStack, *words: str, **settings: str) -> tuple[int, str]:
    process = vntape(own, *words, **settings)
    output, _ = process.communicate(timeout=90)
    return process.returncode, output


@pytest.fixture
def up(own_stack: OwnStack) -> OwnStack:
    """The instance, running, whatever the test before did to it."""
    stack.ensure(ROOT, own_stack.instance)
    return own_stack


def places(own: OwnStack) -> Places:
    return Places(ROOT, own.instance)


async def write(own: OwnStack, topic: str, values: list[bytes]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=own.addresses.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=own.addresses.kafka, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(topic, value, partition=0)


async def read(own: OwnStack, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=own.addresses.kafka)
    async with consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        return [(await consumer.getone()).value for _ in range(count)]


async def test_acknowledged_records_survive_a_killed_broker(up: OwnStack) -> None:
    values = [b"%d" % n for n in range(200)]
    await write(up, "survives", values)
    up.kill("kafka")
    code, output = ran(up, "status")
    assert code == 1
    assert "down" in output
    up.start("kafka")
    assert await read(up, "survives", 200) == values


def is_cut_off(connection: psycopg.Connection) -> bool:
    """A backend may answer once more before it notices that its server is dead."""
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


def test_committed_rows_survive_a_killed_database_with_clients_at_work(up: OwnStack) -> None:
    with psycopg.connect(up.addresses.database, autocommit=True) as c:
        c.execute("CREATE TABLE t (at timestamptz NOT NULL, n int)")
        c.execute("SELECT create_hypertable('t', by_range('at'))")
        c.execute("INSERT INTO t SELECT now(), n FROM generate_series(1, 1000) n")
        up.kill("postgres")
        eventually_sync(lambda: is_cut_off(c), 20)
    up.start("postgres")
    with psycopg.connect(up.addresses.database) as c:
        assert c.execute("SELECT count(*), sum(n) FROM t").fetchone() == (1000, 500500)


def test_a_stale_pid_file_that_names_a_living_process_of_the_same_user_does_no_harm(
    up: OwnStack,
) -> None:
    own = places(up)
    up.kill("postgres")
    stranger = subprocess.Popen(["sleep", "60"], user=debian_root.UID)
    try:
        pid_file = own.postgres_data / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        up.start("postgres")
        stack.stop(ROOT, up.instance)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_two_ups_at_once_give_one_stack(up: OwnStack) -> None:
    stack.stop(ROOT, up.instance)
    both = [vntape(up, "up"), vntape(up, "up")]
    outputs = [process.communicate(timeout=90)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sorted("was up" in output for output in outputs) == [False, True]
    assert "waiting for it" in "".join(outputs)
    assert len(kafka.find(places(up))) == 1
    assert sum("-D" in p.words for p in postgres.find(places(up))) == 1


def test_an_up_that_is_killed_half_way_is_completed_by_the_next(up: OwnStack) -> None:
    stack.wipe(ROOT, up.instance)
    for pause in (0.4, 0.9, 1.6):
        process = vntape(up, "up")
        time.sleep(pause)  # the moment of the kill is the input here
        process.send_signal(signal.SIGKILL)
        process.communicate()
    code, output = ran(up, "up")
    assert code == 0, output
    assert {line.state for line in stack.status(ROOT, up.instance)} == {"up"}
    assert len(kafka.find(places(up))) == 1


@pytest.mark.parametrize(
    ("component", "setting"),
    [("kafka_port", "VNTAPE_KAFKA_PORT"), ("database_port", "VNTAPE_DATABASE_PORT")],
)
@pytest.mark.parametrize(
    "fixed", [pytest.param(False, marks=pytest.mark.soak), True], ids=["remembered", "fixed"]
)
def test_a_port_that_something_else_holds_is_named_with_its_setting(
    up: OwnStack, component: str, setting: str, fixed: bool
) -> None:
    stack.stop(ROOT, up.instance)
    port = 0 if fixed else json.loads(places(up).record.read_text())[component]
    with closing(socket.socket()) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        port = server.getsockname()[1]
        code, output = ran(up, "up", **({setting: str(port)} if fixed else {}))
    assert code == 1
    for part in (str(port), setting, f"pid {os.getpid()}"):
        assert part in output
    assert "Traceback" not in output


@pytest.mark.soak
def test_fixed_ports_are_used_and_changing_one_under_way_is_refused(up: OwnStack) -> None:
    now = up.addresses.kafka.rpartition(":")[2]
    wanted = str(pick_free())
    code, output = ran(up, "up", VNTAPE_KAFKA_PORT=wanted)
    assert (code, "already runs on port" in output) == (1, True), output
    stack.stop(ROOT, up.instance)
    code, output = ran(up, "up", VNTAPE_KAFKA_PORT=wanted)
    assert code == 0, output
    assert f"127.0.0.1:{wanted}" in output
    stack.stop(ROOT, up.instance)
    assert ran(up, "up", VNTAPE_KAFKA_PORT=now)[0] == 0


def test_both_listen_on_loopback_only_and_the_database_wants_the_password(up: OwnStack) -> None:
    own = places(up)
    pids = {str(p.pid) for p in [*kafka.find(own), *postgres.find(own)]}
    assert listening_addresses(pids) == {"127.0.0.1"}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(up.addresses.database, password="wrong")


def listening_addresses(pids: set[str]) -> set[str]:
    inodes = set()
    for pid in pids:
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            inodes.add(str(fd.readlink()))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                raw = bytes.fromhex(fields[1].rpartition(":")[0])
                # IPv6 sockets of the JVM hold IPv4 addresses in their last word.
                found.add(socket.inet_ntoa(raw[-4:][::-1]))
    return found


async def test_kafka_makes_no_topic_by_itself(up: OwnStack) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=up.addresses.kafka)
    await admin.start()
    try:
        told = await admin.describe_topics(["never-made"])
        assert told[0]["error_code"] == 3  # unknown topic
        assert "never-made" not in await admin.list_topics()
    finally:
        await admin.close()


def test_wiping_removes_data_and_processes_and_the_next_start_is_empty(up: OwnStack) -> None:
    own = places(up)
    with psycopg.connect(up.addresses.database, autocommit=True) as c:
        c.execute("CREATE TABLE wiped (n int)")
    assert stack.status(ROOT, up.instance)[0].data_bytes > 0
    logs = Path(json.loads(own.record.read_text())["kafka_data"] or own.kafka_home / "data")
    assert logs.is_dir()
    code, output = ran(up, "down", "--wipe")
    assert code == 0, output
    assert not own.folder.exists()
    assert not logs.exists()
    assert not own.postgres_data.exists()
    assert processes.inside(own.kafka_home, kafka.EXECUTABLE) == []
    code, output = ran(up, "status")
    assert (code, output.count("never made")) == (1, 2), output
    fresh = stack.ensure(ROOT, up.instance)
    with psycopg.connect(fresh.database) as c:
        assert c.execute("SELECT to_regclass('wiped')").fetchone() == (None,)
        assert c.execute("SELECT 1 FROM pg_extension WHERE extname='timescaledb'").fetchone()


def test_no_command_prints_the_password(up: OwnStack) -> None:
    password = json.loads(places(up).record.read_text())["database_password"]
    told = [ran(up, *words) for words in (["up"], ["status"], ["logs", "-n", "100000"])]
    assert all(code == 0 for code, _ in told)
    assert password not in "".join(output for _, output in told)
    lines = told[1][1].splitlines()
    starts = {(line.index("127.0.0.1")) for line in lines[1:]}
    assert starts == {lines[0].index("address")}, "the table lines up"

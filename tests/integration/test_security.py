"""A deployment with TLS, logins and rights: what deploy/security says, on real servers."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from aiokafka.errors import ClusterAuthorizationFailedError, TopicAuthorizationFailedError
from click.testing import CliRunner, Result
from psycopg import errors

from services import cli
from services.runtime import access, kafka, kafka_login, roles
from services.runtime.database import with_login
from services.runtime.database_tls import with_ca
from services.runtime.settings_load import load
from tests.support.certificates import authority
from tests.support.eventually import eventually_sync
from tests.support.ingest import ONE_VENUE
from tests.support.listening import addresses_of, is_loopback
from tests.support.secured import Secured, secured
from tests.support.workers import Worker

pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(180)]

TAPE = "secure"
CHAIN = ("classifier", "writer", "gateway", "ingest")


@dataclass(frozen=True)
class Ground:
    """The secured servers with a tape on them, and each one's password."""

    secured: Secured
    folder: Path
    strangers: Path

    def command(self, *words: str, env: dict[str, str]) -> tuple[int, str]:
        """Exit status and output of `vntape …`, both streams in one."""
        done = self._invoked(*words, env=env)
        return done.exit_code, done.output

    def _invoked(self, *words: str, env: dict[str, str]) -> Result:
        clean = {name: None for name in os.environ if name.startswith("VNTAPE_")}
        mine = clean | {"VNTAPE_STACK": "nowhere", "VNTAPE_LOCAL_DIR": str(self.folder)} | env
        return CliRunner().invoke(cli.root, list(words), env=mine)

    def of(self, service: str) -> dict[str, str]:
        """A service's environment: its own user of Kafka, its own role of the database."""
        user = access.OPERATOR if service == "lag" else service
        password = (self.folder / "passwords" / f"vntape-{user}").read_text()
        env = self.secured.user(f"vntape-{user}", password)
        if (role := ROLES.get(service)) is not None:
            env[f"VNTAPE_{role.removeprefix('vntape_').upper()}_URL"] = self.url(role)
        return env

    def url(self, role: str) -> str:
        """A role's URL, as `vntape url` prints it where the passwords are."""
        name = role.removeprefix("vntape_")
        done = self._invoked("url", name, env=self.secured.admin())
        assert done.exit_code == 0, done.output
        return done.stdout.strip()


ROLES = {
    "ingest": roles.INGEST,
    "writer": roles.WRITER,
    "gateway": roles.READER,
    "lag": roles.READER,
    "delivery": roles.DELIVERY,
}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Made by the admin, with the commands that an operator uses."""
    folder = tmp_path_factory.mktemp("secured")
    strangers = authority(folder / "strangers")
    with secured(folder, authority(folder / "ca")) as servers:
        made = Ground(servers, folder, strangers.ca)
        for words in (
            ("topics", "apply"),
            ("migrate",),
            ("access", "apply", "--passwords", str(folder / "passwords")),
        ):
            status, said = made.command(*words, "--tape", TAPE, env=servers.admin())
            assert status == 0, said
        yield made


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"VNTAPE_KAFKA_CA": "strangers"}, "VNTAPE_KAFKA_CA is not the authority"),
        ({"VNTAPE_KAFKA_PASSWORD": "wrong"}, "check VNTAPE_KAFKA_USER and VNTAPE_KAFKA_PASSWORD"),
        ({"VNTAPE_KAFKA_USER": "nobody"}, "knows no user nobody with this password"),
        ({"VNTAPE_KAFKA_MECHANISM": "SCRAM-SHA-256"}, "VNTAPE_KAFKA_MECHANISM"),
        ({"VNTAPE_DATABASE_CA": "strangers"}, "VNTAPE_DATABASE_CA is not the authority"),
        ({"VNTAPE_DATABASE_URL": "wrong"}, "VNTAPE_DATABASE_URL has a wrong password"),
    ],
)
@pytest.mark.parametrize("words", [("topics", "list"), ("run", "writer")])
def test_a_wrong_authority_or_password_is_refused_by_the_name_of_its_variable(
    ground: Ground, words: tuple[str, ...], change: dict[str, str], sentence: str
) -> None:
    """Commands and services say it in a line and end, before they do anything; no secret."""
    env = ground.secured.admin()
    url = env["VNTAPE_DATABASE_URL"]
    password = url.partition("://postgres:")[2].partition("@")[0]
    for name, value in change.items():
        env[name] = str(ground.strangers) if value == "strangers" else value
        if name == "VNTAPE_DATABASE_URL":
            env[name] = url.replace(password, value)
    status, said = ground.command(*words, "--tape", TAPE, env=env)
    assert status == (78 if words[0] == "run" else 1)
    assert sentence in said
    assert "Traceback" not in said
    assert env["VNTAPE_KAFKA_PASSWORD"] not in said.replace("wrong password", "")
    assert password not in said


@pytest.mark.parametrize(
    ("drop", "sentence"),
    [
        (("SECURITY", "CA", "USER", "PASSWORD", "MECHANISM"), "set VNTAPE_KAFKA_SECURITY to"),
        (("SECURITY",), "but VNTAPE_KAFKA_SECURITY=plaintext does not use it"),
        (("USER",), "VNTAPE_KAFKA_SECURITY=sasl_ssl needs VNTAPE_KAFKA_USER"),
    ],
)
def test_who_comes_without_tls_or_login_is_told_what_to_set(
    ground: Ground, drop: tuple[str, ...], sentence: str
) -> None:
    env = ground.secured.admin()
    for name in drop:
        env.pop(f"VNTAPE_KAFKA_{name}")
    status, said = ground.command("topics", "list", "--tape", TAPE, env=env)
    assert (status, sentence in said) == (1, True), said


def test_the_database_takes_nobody_without_tls(ground: Ground) -> None:
    """By deploy/security/pg_hba.conf; with the certificate and the name checked it does."""
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry.*no encr"):
        psycopg.connect(ground.secured.database, sslmode="disable")
    checked = with_ca(ground.secured.database, ground.secured.ca)
    with psycopg.connect(checked) as connection:
        asked = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert connection.execute(asked).fetchone() == (True, "TLSv1.3")
        rules = connection.execute("SELECT type, auth_method FROM pg_hba_file_rules").fetchall()
    assert rules == [("local", "scram-sha-256"), ("hostssl", "scram-sha-256")]


def test_the_owner_migrates_before_there_are_the_logins_that_it_makes(ground: Ground) -> None:
    """A first start, or a password that was changed: it is the URL's after `vntape migrate`."""
    owner = ground.secured.admin()
    url = with_login(owner["VNTAPE_DATABASE_URL"], roles.DELIVERY, "n3w-n3w")
    env = owner | {"VNTAPE_DELIVERY_URL": url}
    for words in (("topics", "list"), ("migrate",)):
        status, said = ground.command(*words, "--tape", TAPE, env=env)
        assert status == 0, said
    psycopg.connect(with_ca(url, ground.secured.ca)).close()
    assert ground.command("migrate", "--tape", TAPE, env=owner)[0] == 0
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(with_ca(url, ground.secured.ca))


def test_each_service_does_its_work_with_its_own_rights_alone(ground: Ground) -> None:
    """
    From the recording to the tables and the gateway, nobody as admin or owner.

    Every session of the database is one of TLS, and none is the owner's. What they listen on is
    loopback.
    """
    workers = {name: _worker(ground, name) for name in CHAIN}

    def stored() -> bool:
        for name, worker in workers.items():
            if worker.poll() is not None:
                raise RuntimeError(f"{name} ended: {worker.log()[-3000:]}")
        return _trades(ground) > 1000

    try:
        for worker in workers.values():
            worker.start()
        eventually_sync(stored, 60)
        with _owner(ground) as c:
            seen = c.execute(
                "SELECT usename, bool_and(ssl) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) "
                "WHERE usename <> 'postgres' GROUP BY 1"
            ).fetchall()
        assert {"vntape_writer": True}.items() <= dict(seen).items()
        assert all(dict(seen).values())
        for name, worker in workers.items():
            listens = addresses_of(worker.pid)
            assert len(listens) == (2 if name == "gateway" else 1), (name, listens)
            assert all(is_loopback(address) for address in listens.values()), (name, listens)
    finally:
        for worker in workers.values():
            if worker.poll() is None:
                worker.kill()
        said = {name: worker.log() for name, worker in workers.items()}
    for name, text in said.items():
        assert "uthorization" not in text, name


def test_a_service_may_not_do_what_another_does(ground: Ground) -> None:
    """Nor write `market` but ingest, nor see a row whose tables are not its own."""

    async def write(topic: str) -> None:
        producer = kafka.producer(ground.secured.kafka, "test")
        try:
            await producer.start()
            await producer.send_and_wait(topic, b"x")
        finally:
            await producer.stop()

    for service, topic in (("classifier", "market"), ("gateway", "alerts"), ("writer", "market")):
        login = kafka_login.of(load(ground.of(service)))
        kafka_login.use(ground.secured.kafka, login)
        # Who may write nothing at all is not even given a producer's number.
        with pytest.raises((TopicAuthorizationFailedError, ClusterAuthorizationFailedError)):
            asyncio.run(write(f"{TAPE}.{topic}"))
    asyncio.run(write(f"{TAPE}.dead-letters"))  # which is the writer's
    for role in (roles.INGEST, roles.DELIVERY):
        with (
            psycopg.connect(ground.url(role)) as connection,
            pytest.raises(errors.InsufficientPrivilege),
        ):
            connection.execute(f"SELECT * FROM {TAPE}.trades_classified")


@pytest.mark.soak
def test_every_service_there_is_gets_ready_with_its_own_rights(ground: Ground) -> None:
    """All at once on the recording: each says it is well, and nobody was refused anything."""
    names = [*access.services(), "lag"]
    workers = {name: _worker(ground, name) for name in names}
    try:
        for worker in workers.values():
            worker.start()
        waiting = set(names)

        def all_well() -> bool:
            for name in sorted(waiting):
                status = workers[name].poll()
                if status is not None:
                    raise RuntimeError(f"{name} ended with {status}: {workers[name].log()[-2000:]}")
                if _well(ground, name):
                    waiting.discard(name)
            assert not waiting, waiting
            return True

        eventually_sync(all_well, 150, every=1.0)
        eventually_sync(lambda: _trades(ground) > 1000, 60)
    finally:
        for worker in workers.values():
            if worker.poll() is None:
                worker.kill()
    refused = {n: w.log()[-2000:] for n, w in workers.items() if "uthorization" in w.log()}
    assert refused == {}


def _well(ground: Ground, name: str) -> bool:
    run = ground.folder / "local" / name / "nowhere" / "run"
    for file in run.glob(f"*{name}-1.json"):
        try:
            said = httpx.get(f"{json.loads(file.read_text())['http']}/health", timeout=5)
        except httpx.HTTPError:
            return False
        return said.status_code == 200
    return False


def _worker(ground: Ground, service: str, *words: str) -> Worker:
    if service == "ingest":
        words = ("--recording", str(ONE_VENUE), "--stay")
    tape = () if service == "lag" else ("--tape", TAPE)
    command = [sys.executable, "-m", "services.cli", "run", service, *tape, *words]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("VNTAPE_")}
    local = ground.folder / "local" / service
    local.mkdir(parents=True, exist_ok=True)
    mine = {"VNTAPE_DERIVATIVES_RATE": "0.045", "VNTAPE_DERIVATIVES_DIVIDEND_YIELD": "0.018"}
    mine |= {"VNTAPE_STACK": "nowhere", "VNTAPE_LOCAL_DIR": str(local), "VNTAPE_GATEWAY_PORT": "0"}
    return Worker(1, command, clean | mine | ground.of(service), ground.folder)


def _owner(ground: Ground) -> psycopg.Connection:
    return psycopg.connect(ground.secured.database)


def _trades(ground: Ground) -> int:
    with _owner(ground) as c:
        row = c.execute(f"SELECT count(*) FROM {TAPE}.trades_classified").fetchone()
    return int(row[0]) if row else 0

"""A real PostgreSQL 17 with TimescaleDB, run by chroot as an unprivileged user."""

import os
import shutil
import signal
from string import Template

import psycopg
from psycopg import sql

from services.stack import debian_root, ports, processes, tools
from services.stack.places import Places, Report, StackError
from services.stack.processes import Process
from services.stack.record import DATABASE, Record

EXECUTABLE = "postgres"
SETTING = "VNTAPE_DATABASE_PORT"
# "Fast" shutdown: SIGTERM would wait for every client to leave.
STOP_SIGNAL = signal.SIGINT
# A crash with a full write-ahead log replays for tens of seconds.
START_TIMEOUT_S = 120.0

MAJOR = 17
_BIN = f"/usr/lib/postgresql/{MAJOR}/bin"
_ENVIRONMENT = {"PATH": f"{_BIN}:/usr/bin", "LC_ALL": "C.UTF-8"}


def tools_needed(places: Places) -> list[str]:
    return [] if is_prepared(places) else ["mmdebstrap"]


def is_prepared(places: Places) -> bool:
    """Whether the folder that PostgreSQL runs in is there and of the recipe that we have now."""
    return debian_root.is_built(places)


def prepare(places: Places, report: Report) -> None:
    """Make that folder, unless it is there."""
    debian_root.build(places, report)


def launch(places: Places, record: Record) -> None:
    """Start the server's process; it must not be running."""
    debian_root.require_root()
    ports.require_free(record.database_port, "the database", SETTING)
    _clear_remains(places)
    if not places.postgres_data.exists():
        _initdb(places, record)
    template = Template((places.templates / "postgresql.conf").read_text())
    config = places.postgres_data / "postgresql.conf"
    config.write_text(template.substitute(database_port=record.database_port))
    os.chown(config, debian_root.UID, debian_root.UID)
    processes.start_detached(
        _inside(places, "postgres", "-D", places.postgres_data_inside),
        cwd=places.root,
        log=places.log("postgres"),
        env=_ENVIRONMENT,
    )


def find(places: Places) -> list[Process]:
    return processes.inside(places.postgres_data, EXECUTABLE)


def main_process(places: Places) -> Process | None:
    """The postmaster, when it lives; its children have other command lines."""
    return next((p for p in find(places) if "-D" in p.words), None)


def answers(record: Record) -> bool:
    """Whether the server lets us in with the password that we know."""
    try:
        with _connect(record, "postgres"):
            return True
    except psycopg.Error:
        return False


def finish(record: Record) -> None:
    """Make the database and its extension, unless they are there."""
    with _connect(record, "postgres") as c:
        known = c.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            c.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with _connect(record, DATABASE) as c:
        installed = c.execute("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")
        if installed.fetchone() is None:
            c.execute("CREATE EXTENSION timescaledb")


def address(record: Record) -> str:
    return f"127.0.0.1:{record.database_port}"


def version(places: Places) -> str:
    root = places.postgres_root / "usr/share/postgresql/17/extension/timescaledb.control"
    if not root.exists():
        return ""
    lines = (line.partition("=") for line in root.read_text().splitlines())
    found = {key.strip(): value.strip(" '") for key, _, value in lines}
    return f"17 + TimescaleDB {found.get('default_version', '?')}"


def program(places: Places, name: str) -> list[str]:
    """The beginning of a command line of one of PostgreSQL's own programs, such as pg_dump."""
    return _inside(places, name)


def _connect(record: Record, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host="127.0.0.1",
        port=record.database_port,
        user="postgres",
        password=record.database_password,
        dbname=database,
        connect_timeout=5,
        autocommit=True,
    )


def _inside(places: Places, program: str, *words: str) -> list[str]:
    user = f"--userspec={debian_root.UID}:{debian_root.UID}"
    chroot = shutil.which("chroot", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    return [chroot or "chroot", user, str(places.postgres_root), f"{_BIN}/{program}", *words]


def _clear_remains(places: Places) -> None:
    """
    After a SIGKILL of the postmaster: wait for its children, then drop its pid file.

    The file names a pid that may be another process's by now, and PostgreSQL would refuse to
    start; that no process of this folder lives is what makes removing it safe.
    """
    if not processes.wait_until(lambda: not find(places), 10):
        for process in find(places):
            processes.send(process, places.postgres_data, EXECUTABLE, signal.SIGKILL)
        if not processes.wait_until(lambda: not find(places), 10):
            raise StackError(f"processes of a former PostgreSQL do not end: {find(places)}")
    (places.postgres_data / "postmaster.pid").unlink(missing_ok=True)


def _initdb(places: Places, record: Record) -> None:
    # In a folder that is renamed at the end: what bears the instance's name is complete.
    fresh = places.postgres_data.with_name(f".{places.instance}.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    password = places.postgres_root / "tmp" / f"password-{places.instance}"
    password.unlink(missing_ok=True)
    with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
        f.write(record.database_password)
    try:
        os.chown(password, debian_root.UID, debian_root.UID)
        tools.run_short(
            _inside(places, "initdb", "-D", f"/var/lib/pg/{fresh.name}", "-U", "postgres",
                    "-A", "scram-sha-256", f"--pwfile=/tmp/{password.name}",
                    "--locale=C.UTF-8", "-E", "UTF8", "--data-checksums"),
            cwd=places.root,
            env=_ENVIRONMENT,
            what="initdb",
        )  # fmt: skip
    finally:
        password.unlink(missing_ok=True)
    fresh.rename(places.postgres_data)

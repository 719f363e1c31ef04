"""A dump of the whole database, and back: PostgreSQL's own tools, the way TimescaleDB asks for."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from services import stack
from services.runtime import database, migrations, roles
from services.stack import debian_root, postgres
from services.stack.places import Places
from services.writer import schema

DUMP, ABOUT = "database.dump", "backup.json"


class DumpError(Exception):
    """It cannot be done, or was not; the text says why and what to do."""


@dataclass(frozen=True)
class About:
    """What a backup says of itself; `tapes` -> rows of its tables, as they were counted."""

    made: str
    postgres: str
    timescaledb: str
    tapes: dict[str, int]


def back_up(url: str, folder: Path) -> About:
    """
    Write all tapes into `folder`, as they are at one moment; services may go on writing.

    The writer's offsets are of the same moment, so it goes on from a restored database without
    losing or doubling a record that Kafka still has.

    Raises:
        DumpError: the folder is there already, or pg_dump fails.
    """
    if folder.exists():
        raise DumpError(f"{folder} is there already: a backup never overwrites another")
    about = _about(url)
    draft = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        with (draft / DUMP).open("wb") as out:
            words = ["--format=custom", "--compress=zstd:3", "--lock-wait-timeout=60000"]
            _run("pg_dump", words, url, stdout=out)
        (draft / ABOUT).write_text(json.dumps(asdict(about), indent=2) + "\n")
        (draft / ABOUT).chmod(0o600)
        (draft / DUMP).chmod(0o600)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return about


def restore(url: str, folder: Path) -> About:
    """
    Put a backup into a database that has no tape.

    Raises:
        DumpError: it is no backup, of another TimescaleDB, the database is not empty, or
            pg_restore fails.
    """
    try:
        about = About(**json.loads((folder / ABOUT).read_text()))
    except (OSError, ValueError, TypeError) as e:
        raise DumpError(f"{folder} is no backup of vntape ({e})") from e
    there = _about(url)
    if there.tapes:
        raise DumpError(
            f"the database has tapes: {', '.join(sorted(there.tapes))}; restore into an empty one"
        )
    if there.timescaledb != about.timescaledb:
        raise DumpError(
            f"the backup is of TimescaleDB {about.timescaledb}, the database has "
            f"{there.timescaledb}: restore into the same version, then ALTER EXTENSION "
            "timescaledb UPDATE"
        )
    with database.connect(url, "vntape-restore", autocommit=True) as connection:
        migrations.lock(connection)
        roles.ensure(connection, {})  # whom the dump's grants name
        connection.execute("SELECT timescaledb_pre_restore()")
        try:
            with (folder / DUMP).open("rb") as dump:
                _run("pg_restore", ["--exit-on-error", "--no-owner"], url, stdin=dump)
        finally:
            connection.execute("SELECT timescaledb_post_restore()")
    return _about(url)


def _about(url: str) -> About:
    with database.connect(url, "vntape-backup") as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'), extversion FROM pg_extension "
            "WHERE extname = 'timescaledb'"
        ).fetchone()
    if row is None:
        raise DumpError("the database has no extension timescaledb")
    tapes = {tape: schema.size(url, tape, 30.0).rows for tape in schema.tapes(url)}
    return About(datetime.now(UTC).isoformat(timespec="seconds"), row[0], row[1], tapes)


def _run(
    name: str, words: Sequence[str], url: str, *, stdout: Any = None, stdin: Any = None
) -> None:
    # The local stack's programs see no file of ours: they read and write what they are handed.
    parts = conninfo_to_dict(url)
    password = str(parts.pop("password", "") or "")
    program = _program(name)
    target = make_conninfo("", **{k: v for k, v in parts.items() if v is not None})
    done = subprocess.run(  # noqa: S603  PostgreSQL's own
        [*program, *words, f"--dbname={target}"],
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "PGPASSWORD": password},
        stdin=stdin or subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise DumpError(f"{name} failed: {done.stderr.decode(errors='replace').strip()}")


def _program(name: str) -> list[str]:
    """Of this machine if it is new enough, else the local stack's."""
    if shutil.which(name) and _major([name]) >= postgres.MAJOR:
        return [name]
    places = Places(stack.clone_root(), "main")
    if debian_root.is_built(places):
        return postgres.program(places, name)
    raise DumpError(
        f"{name} {postgres.MAJOR} or later is needed: install postgresql-client-{postgres.MAJOR}, "
        "or see docs/upgrading.md for doing it in the database's container"
    )


def _major(program: Sequence[str]) -> int:
    words = [*program, "--version"]
    said = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r" (\d+)", said.stdout)
    return int(found[1]) if found else 0

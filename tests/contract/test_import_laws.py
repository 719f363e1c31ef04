"""The import laws of .importlinter hold, and each of them fails on an import it forbids."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code without its data, to be spoiled."""
    folder = tmp_path_factory.mktemp("laws")
    only_code = shutil.ignore_patterns("__pycache__", "*.json", "*.html", "node_modules", "web")
    for package in ("schemas", "services"):
        shutil.copytree(ROOT / package, folder / package, ignore=only_code)
    (folder / "tests/support").mkdir(parents=True)
    for path in (".importlinter", "tests/support/import_laws.py"):
        shutil.copy(ROOT / path, folder / path)
    return folder


def lint(folder: Path) -> tuple[int, str]:
    """Exit code and output, lines joined."""
    done = subprocess.run(
        [*LINT, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_the_laws_hold() -> None:
    code, said = lint(ROOT)
    assert code == 0, said


SCHEMAS = "schemas imports nothing of ours, only the standard library and msgspec"
CORE = "a core imports only pure modules, numpy, msgspec and schemas"
LAYERS = "no service imports another, the runtime imports none, commands put them together"
KAFKA = "only app.py, the runtime and commands import Kafka's clients and Faust"

BAD = [
    ("schemas/keys.py", "import services.runtime.service", SCHEMAS),
    ("schemas/keys.py", "import pydantic", SCHEMAS),
    ("services/classifier/core/book.py", "import aiokafka", CORE),
    ("services/classifier/core/book.py", "import asyncio", CORE),
    ("services/classifier/core/book.py", "from time import time", CORE),
    ("services/classifier/core/book.py", "import structlog", CORE),
    ("services/classifier/core/book.py", "import services.runtime.kafka", CORE),
    ("services/gateway/core/hub.py", "import services.gateway.history", CORE),
    ("services/runtime/partition.py", "import services.runtime.outbox", CORE),
    ("services/classifier/core/book.py", "import services.ingest.core.records", LAYERS),
    ("services/gateway/session.py", "from services.writer import schema", LAYERS),
    ("services/runtime/outbox.py", "import services.ingest.core.records", LAYERS),
    ("services/ingest/pipeline.py", "import services.commands.up", LAYERS),
    ("services/newcomer/__init__.py", "import json", LAYERS),
    ("services/gateway/session.py", "import aiokafka", KAFKA),
    ("services/gateway/session.py", "from faust import App", KAFKA),
]


@pytest.mark.parametrize(("path", "line", "law"), BAD, ids=[f"{p}: {b}" for p, b, _ in BAD])
def test_a_forbidden_import_breaks_its_law(copy: Path, path: str, line: str, law: str) -> None:
    file = copy / path
    before = file.read_text() if file.exists() else None
    file.parent.mkdir(exist_ok=True)
    try:
        file.write_text(f"{before or ''}\n{line}\n")
        code, said = lint(copy)
    finally:
        if before is None:
            shutil.rmtree(file.parent)
        else:
            file.write_text(before)
    assert code == 1, said
    assert f"{law} BROKEN" in said
    assert path.removesuffix("/__init__.py").removesuffix(".py").split("/")[-1] in said


def test_an_allowed_import_breaks_nothing(copy: Path) -> None:
    file = copy / "services/classifier/core/book.py"
    before = file.read_text()
    try:
        file.write_text(before + "\nimport bisect\nimport services.runtime.service\n")
        code, said = lint(copy)
    finally:
        file.write_text(before)
    assert code == 0, said

"""Debian's promtool on our rules, and Debian's Prometheus on a process of ours."""

import subprocess
from pathlib import Path

import pytest

from services.stack import prometheus
from services.stack.prometheus import Programs
from tests.support.stack import ROOT

DEPLOY = ROOT / "deploy" / "prometheus"


@pytest.fixture(scope="module")
def programs() -> Programs:
    """Unpacked from Debian's package on a machine that has none; an error when it cannot be."""
    return prometheus.ensure(ROOT, report=print)


def promtool(programs: Programs, *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(programs.promtool), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_rules_do_what_their_unit_tests_say(programs: Programs) -> None:
    done = promtool(programs, "test", "rules", *sorted((DEPLOY / "tests").glob("*.yml")))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("SUCCESS") == len(list((DEPLOY / "tests").glob("*.yml")))


def test_rules_and_both_configurations_are_sound(programs: Programs, tmp_path: Path) -> None:
    rules = sorted((DEPLOY / "rules").glob("*.yml"))
    linted = promtool(programs, "check", "rules", "--lint=all", "--lint-fatal", *rules)
    assert linted.returncode == 0, linted.stdout + linted.stderr
    local = prometheus.configure(tmp_path / "prometheus", ROOT, tmp_path / "sd")
    for config in (DEPLOY / "prometheus.yml", local):
        checked = promtool(programs, "check", "config", config)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "2 rule files found" in checked.stdout

"""Debian's promtool on our rules, and Debian's Prometheus on a process of ours."""

import asyncio
import json
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from services.runtime.health import Health
from services.runtime.http import serve
from services.runtime.metrics import Metrics
from services.runtime.process import announce
from services.runtime.settings import Settings
from services.stack import ports, prometheus
from services.stack.prometheus import Programs
from tests.support.eventually import eventually
from tests.support.grafana import boards, promql
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


def test_every_query_of_the_operators_boards_is_promql(programs: Programs, tmp_path: Path) -> None:
    """As rules, which promtool reads; a broken one among them is found."""
    asked = [expr for board in boards().values() for expr in promql(board)]
    assert len(asked) > 40
    rules = [{"record": f"panel:{n}", "expr": expr} for n, expr in enumerate(asked)]
    for more, sound in (([], True), ([{"record": "broken", "expr": "sum by (x (y)"}], False)):
        file = tmp_path / "panels.yml"
        file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules + more}]}))
        checked = promtool(programs, "check", "rules", file)
        assert (checked.returncode == 0) == sound, checked.stdout + checked.stderr


def test_rules_and_both_configurations_are_sound(programs: Programs, tmp_path: Path) -> None:
    rules = sorted((DEPLOY / "rules").glob("*.yml"))
    linted = promtool(programs, "check", "rules", "--lint=all", "--lint-fatal", *rules)
    assert linted.returncode == 0, linted.stdout + linted.stderr
    local = prometheus.configure(tmp_path / "prometheus", ROOT, tmp_path / "sd")
    for config in (DEPLOY / "prometheus.yml", local):
        checked = promtool(programs, "check", "config", config)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "2 rule files found" in checked.stdout


async def test_a_process_that_announced_itself_is_scraped_with_its_tape_and_service(
    programs: Programs, tmp_path: Path
) -> None:
    """Debian's Prometheus with our configuration."""
    settings = Settings(tape="t", local_dir=tmp_path)
    metrics = Metrics("board")
    metrics.assigned.labels("board").set(12)
    runner, port = await serve(metrics.registry, Health(ready=True), 0)
    announce(settings, "board", "board-1", port)
    home = tmp_path / "main"
    config = prometheus.configure(home / "prometheus", ROOT, home / "sd")
    text = config.read_text().replace("interval: 5s", "interval: 1s")
    config.write_text(text)
    at = ports.pick_free()
    server = subprocess.Popen(
        prometheus.command(programs, config, at),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:

        def ask(query: str) -> list[dict[str, str]]:
            words = urllib.parse.urlencode({"query": query})
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{at}/api/v1/query?{words}", timeout=2
                ) as reply:
                    result = json.load(reply)["data"]["result"]
            except OSError as e:
                raise AssertionError(f"no answer yet: {e}") from e
            return [{**each["metric"], "value": each["value"][1]} for each in result]

        async def asked(query: str) -> list[dict[str, str]]:
            return await asyncio.to_thread(ask, query)

        found = await eventually(lambda: asked("vntape_assigned_partitions"), 20, every=0.2)
        (series,) = found
        assert (series["tape"], series["service"], series["value"]) == ("t", "board", "12")
    finally:
        server.terminate()
        server.wait(10)
        await runner.cleanup()

"""Rules, dashboards and runbooks speak of metrics, pages and commands that there are."""

import json
import re
from collections.abc import Iterator
from typing import Any

import click
import pytest
import yaml

from services.cli import root
from services.commands._services import COMPUTING
from services.runtime.metrics import Metrics
from tests.support.stack import ROOT

RULES = ROOT / "deploy" / "prometheus" / "rules"
TESTS = ROOT / "deploy" / "prometheus" / "tests"
RUNBOOKS = ROOT / "docs" / "runbooks"
SECTIONS = ("## What it means", "## How to look", "## What to do")
# A recorded name holds a metric's name between colons.
NAME = re.compile(r"(?<![\w:])(?:\w+:)?vntape_\w+(?::\w+)?(?![\w:])")

Rule = dict[str, Any]


def rules() -> list[Rule]:
    files = [yaml.safe_load(path.read_text()) for path in sorted(RULES.glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


ALERTS = [rule for rule in rules() if "alert" in rule]
RECORDED = {rule["record"] for rule in rules() if "record" in rule}


def exported() -> set[str]:
    """Every series name that a process of ours can show."""
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
    families = Metrics("any").registry.collect()
    return {family.name + suffix for family in families for suffix in suffixes[family.type]}


def expressions() -> Iterator[tuple[str, str]]:
    """Where, and a PromQL expression: of each rule, and of each Prometheus panel."""
    for rule in rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    for path in sorted((ROOT / "grafana").rglob("*.json")):
        for found in _expressions(json.loads(path.read_text())):
            yield path.name, found


def _expressions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("expr"), str):
            yield node["expr"]
        query = node.get("query")
        if isinstance(query, str) and query.startswith("label_values("):
            yield query
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _expressions(each)


def test_every_metric_of_rules_and_dashboards_is_one_of_the_code() -> None:
    known = exported() | RECORDED
    unknown = {(where, name) for where, text in expressions() for name in NAME.findall(text)} - {
        (where, name) for where, _ in expressions() for name in known
    }
    assert unknown == set()


def test_containers_of_every_service_are_scraped() -> None:
    config = yaml.safe_load((RULES.parent / "prometheus.yml").read_text())
    (job,) = config["scrape_configs"]
    (names,) = [found["names"] for found in job["dns_sd_configs"]]
    assert sorted(names) == sorted([*COMPUTING, "ingest", "writer", "gateway", "delivery", "lag"])


def test_a_misspelt_metric_would_be_found() -> None:
    assert NAME.findall("rate(vntape_mesages_total[1m]) > tape:vntape_x:p9") == [
        "vntape_mesages_total",
        "tape:vntape_x:p9",
    ]
    assert not exported() & {"vntape_mesages_total"}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_every_alert_has_a_severity_a_runbook_and_a_unit_test(alert: Rule) -> None:
    assert alert["labels"]["severity"] in ("warning", "critical")
    assert alert["annotations"]["summary"]
    page = ROOT / alert["annotations"]["runbook_url"]
    text = page.read_text()
    assert text.startswith(f"# {alert['alert']}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == list(SECTIONS)
    listed = (RUNBOOKS / "README.md").read_text()
    assert re.search(rf"\| {alert['alert']} \|[^|]*{alert['labels']['severity']}", listed)
    tests = "".join(path.read_text() for path in TESTS.glob("*.yml"))
    assert f"alertname: {alert['alert']}\n" in tests


def test_no_runbook_is_of_an_alert_that_is_gone() -> None:
    pages = {path.name for path in RUNBOOKS.glob("*.md")} - {"README.md"}
    assert pages == {alert["annotations"]["runbook_url"].rpartition("/")[2] for alert in ALERTS}


def test_the_commands_of_the_runbooks_are_commands() -> None:
    for path in RUNBOOKS.glob("*.md"):
        for words in re.findall(r"vntape ((?:[a-z-]+ ?)+)", path.read_text()):
            _follow(words.split(), path.name)


def _follow(words: list[str], page: str) -> None:
    command: click.Command = root
    for word in words:
        if not isinstance(command, click.Group):
            return
        context = click.Context(command)
        found = command.get_command(context, word)
        assert found is not None, f"{page}: no command {' '.join(words)}"
        command = found

"""
Committed dashboards as Grafana takes them: where SQL stands in them, and what becomes of macros.

Macros as Grafana's PostgreSQL datasource expands them (12 and 13), variables as its browser side.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2] / "grafana"
DASHBOARDS = ROOT / "dashboards"

Board = dict[str, Any]


def boards() -> dict[str, Board]:
    """Every committed dashboard, by its path below grafana/dashboards."""
    return {
        str(path.relative_to(DASHBOARDS)): json.loads(path.read_text())
        for path in sorted(DASHBOARDS.rglob("*.json"))
    }


@dataclass(frozen=True)
class Query:
    """
    One SQL of a dashboard.

    Attributes:
        where: the dashboard and the panel, variable or annotation.
        kind: the panel's type, or `variable`, `annotation`.
        form: `table` or `time_series`.
        fields: names that the panel's settings speak of, and its query must give.
    """

    where: str
    kind: str
    form: str
    sql: str
    fields: frozenset[str] = frozenset()


def queries(board: Board, path: str) -> Iterator[Query]:
    """All SQL of a dashboard."""
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            if "rawSql" in target:
                where = f"{path} {panel['id']} {panel['title']!r}"
                yield Query(where, panel["type"], target["format"], target["rawSql"], named(panel))
    for variable in board["templating"]["list"]:
        if variable["type"] == "query" and isinstance(variable["query"], str):
            yield Query(f"{path} ${variable['name']}", "variable", "table", variable["query"])
    for note in board["annotations"]["list"]:
        sql = note["target"]["rawSql"]
        yield Query(f"{path} @{note['name']}", "annotation", "table", sql)


def promql(board: Board) -> Iterator[str]:
    """All queries of Prometheus, with the variables that the browser puts in."""
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            if "expr" in target:
                expr = target["expr"].replace("$__rate_interval", "1m")
                yield expr.replace("$tape", "live").replace("$service", ".*")


def named(panel: Board) -> frozenset[str]:
    """Fields that overrides, the x axis or a candlestick name; patterns are left out."""
    names = set()
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["id"] == "byName":
            names.add(override["matcher"]["options"])
        for item in override["properties"]:
            if item["id"] == "custom.styleField":
                names.add(item["value"])
            if item["id"] == "custom.fillBelowTo":
                names.add(item["value"])
    if "xField" in panel["options"]:
        names.add(panel["options"]["xField"])
    names |= set(panel["options"].get("fields", {})) if panel["type"] == "candlestick" else set()
    return frozenset(names)


@dataclass(frozen=True)
class Span:
    """The time that a dashboard shows."""

    start: datetime
    end: datetime

    def quoted(self) -> tuple[str, str]:
        """Both ends as SQL, as Grafana writes them."""
        form = "%Y-%m-%dT%H:%M:%SZ"
        return tuple(f"'{t.astimezone(UTC).strftime(form)}'" for t in (self.start, self.end))  # type: ignore[return-value]


def expanded(sql: str, span: Span, variables: Mapping[str, str | list[str]]) -> str:
    """
    What the database gets.

    Raises:
        ValueError: a macro or a variable that this does not know is left.
    """
    for name, value in variables.items():
        values = value if isinstance(value, list) else [value]
        quoted = ",".join("'" + v.replace("'", "''") + "'" for v in values)
        sql = sql.replace(f"${{{name}:sqlstring}}", quoted).replace(
            f"${{{name}}}", ",".join(values)
        )
    start, end = span.quoted()
    sql = sql.replace("$__interval", "1m")
    sql = re.sub(r"\$__timeFilter\(([^)]*)\)", rf"\1 BETWEEN {start} AND {end}", sql)
    sql = sql.replace("$__timeFrom()", start).replace("$__timeTo()", end)
    if left := re.search(r"\$(\{|__|[a-z])\S*", sql):
        raise ValueError(f"{left[0]} is no macro and no variable that is known: {sql}")
    return sql

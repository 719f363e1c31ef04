"""Asks a wall's queries as Grafana does, by the role that can only read."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from services.runtime import roles
from services.runtime.settings import Settings
from tests.support import rare_day
from tests.support.grafana import Query, Span, expanded
from tests.support.wall_day import DAY

_OPENS = datetime.fromisoformat(DAY).replace(tzinfo=UTC) + timedelta(hours=1, minutes=45)
SPAN = Span(_OPENS, _OPENS + timedelta(hours=6, minutes=15))


class Wall:
    """What the reader gets of one tape; `took` is seconds of each query."""

    def __init__(self, settings: Settings, tape: str) -> None:
        url = roles.url(settings, roles.READER)
        self.connection = psycopg.connect(url, autocommit=True)
        self.tape = tape
        self.took: dict[str, float] = {}

    def ask(
        self, query: Query, symbol: str = rare_day.SYMBOL, **more: str
    ) -> tuple[dict[str, str], list[Any]]:
        """Columns with their types, and rows."""
        variables: dict[str, str | list[str]] = {
            "tape": self.tape, "exchange": ["HOSE", "HNX", "UPCOM"], "symbol": symbol,
            "contract": rare_day.CONTRACT, "basket": "VN30", "bar": "1m", **more,
        }  # fmt: skip
        sql = expanded(query.sql, SPAN, variables)
        began = time.perf_counter()
        cursor = self.connection.execute(sql.encode())
        rows = cursor.fetchall()
        self.took[query.where] = time.perf_counter() - began
        assert cursor.description is not None
        return {c.name: type_name(c.type_code) for c in cursor.description}, rows


def type_name(oid: int) -> str:
    """As PostgreSQL names it; of a list of them `[]`."""
    info = psycopg.adapters.types.get(oid)
    assert info is not None
    return info.name if info.oid == oid else f"{info.name}[]"

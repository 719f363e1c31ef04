"""Queries of panels, and the pieces of SQL that many of them share."""

from typing import Final, Literal

from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.prometheus import Dataquery as Prometheus
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

TIMESCALE: Final = DataSourceRef(type_val="grafana-postgresql-datasource", uid="vntape-timescale")
PROMETHEUS: Final = DataSourceRef(type_val="prometheus", uid="vntape-prometheus")
DATASOURCES: Final = (TIMESCALE, PROMETHEUS)
"""Their uids are those of grafana/provisioning/datasources."""

Format = Literal["table", "time_series"]

CHOSEN: Final = """WITH it AS (
  SELECT symbol,
    CASE WHEN venue = 'VN' AND kind NOT IN ('index', 'future') THEN 1000.0 ELSE 1.0 END AS scale
  FROM "${tape}".symbols
  WHERE symbol = ${symbol:sqlstring} OR ${symbol:sqlstring} = ANY (string_to_array(aliases, ' '))
  ORDER BY symbol = ${symbol:sqlstring} DESC, last_trading_day
  LIMIT 1
)"""
"""The symbol of the variable, which may also be an alias (VN30F1M), and what divides its prices."""
IT: Final = "(SELECT symbol FROM it)"
BY: Final = "(SELECT scale FROM it)"


def scale(row: str) -> str:
    """SQL: by what a board divides the prices of `row`, which has a venue and a kind."""
    return (
        f"(CASE WHEN {row}.venue = 'VN' AND {row}.kind NOT IN ('index', 'future') "
        "THEN 1000.0 ELSE 1.0 END)"
    )


class Sql(Dataquery):
    """A query of the PostgreSQL datasource, which the SDK has no type for."""

    def __init__(self, sql: str, form: Format = "table", ref_id: str = "A") -> None:
        self.sql, self.form, self.ref_id = squeezed(sql), form, ref_id

    def to_json(self) -> dict[str, object]:
        """As the datasource's editor saves it."""
        return {
            "datasource": TIMESCALE,
            "editorMode": "code",
            "format": self.form,
            "rawQuery": True,
            "rawSql": self.sql,
            "refId": self.ref_id,
        }


def prom(expression: str, legend: str, ref_id: str = "A", *, instant: bool = False) -> Prometheus:
    """A query of Prometheus; an instant one comes as a table."""
    return Prometheus(
        datasource=PROMETHEUS,
        expr=squeezed(expression),
        legend_format=legend,
        ref_id=ref_id,
        instant=instant,
        range_val=not instant,
        format_val=PromQueryFormat.TABLE if instant else PromQueryFormat.TIME_SERIES,
    )


def squeezed(text: str) -> str:
    """Without the indent and the empty lines of the source."""
    lines = [line.rstrip() for line in text.strip("\n").splitlines() if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return "\n".join(line[indent:] for line in lines)


def filled(sql: str, **parts: object) -> str:
    """
    The SQL with each `<part>` put in; braces are Grafana's, so `str.format` cannot do it.

    Raises:
        KeyError: there is no such place.
    """
    for name, part in parts.items():
        if f"<{name}>" not in sql:
            raise KeyError(name)
        sql = sql.replace(f"<{name}>", str(part))
    return sql

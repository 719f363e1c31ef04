"""Boxes of a wall's grid of 24 columns: tables and large figures; charts are in `charts`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import (
    FieldColor,
    FieldConfig,
    FieldConfigSource,
    GridPos,
    Panel,
    ThresholdsConfig,
)

from services.walls.fields import Override, fixed
from services.walls.query import PROMETHEUS, TIMESCALE, Sql


@dataclass(frozen=True)
class Box:
    """
    One panel before it has its place.

    Attributes:
        w, h: of 24 columns, and rows of 30 pixels.
        queries: `${tape}` and the other variables are Grafana's.
    """

    kind: str
    title: str
    queries: Sequence[Dataquery]
    w: int
    h: int
    options: dict[str, Any]
    custom: dict[str, Any] | None = None
    overrides: Sequence[Override] = ()
    unit: str | None = None
    decimals: int | None = None
    color: FieldColor | None = None
    thresholds: ThresholdsConfig | None = None
    mappings: list[Any] | None = None
    about: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def sized(self, w: int, h: int) -> "Box":
        """The same with another size."""
        return replace(self, w=w, h=h)

    def panel(self, number: int, x: int, y: int) -> Panel:
        """At its place in a dashboard."""
        sql = isinstance(self.queries[0], Sql) if self.queries else True
        return Panel(
            type_val=self.kind,
            id_val=number,
            title=self.title,
            description=self.about or None,
            datasource=TIMESCALE if sql else PROMETHEUS,
            targets=list(self.queries),
            grid_pos=GridPos(x=x, y=y, w=self.w, h=self.h),
            options=self.options,
            field_config=FieldConfigSource(
                defaults=FieldConfig(
                    custom=self.custom,
                    unit=self.unit,
                    decimals=self.decimals,
                    color=self.color,
                    thresholds=self.thresholds,
                    mappings=self.mappings,
                    no_value="–",
                ),
                overrides=list(self.overrides),
            ),
            **self.more,
        )


def table(
    title: str,
    sql: str,
    w: int,
    h: int,
    columns: Sequence[Override],
    *,
    rows: str = "sm",
    **more: Any,
) -> Box:
    """
    A table: no pages and no filters, which flicker at every refresh.

    The first column stays when one scrolls sideways. `rows` are sm, md or lg: 36, 42, 48 pixels.
    """
    options = {
        "showHeader": True,
        "cellHeight": rows,
        "frameIndex": 0,
        "frozenColumns": {"left": 1},
    }
    custom = {
        "align": "auto",
        "cellOptions": {"type": "auto"},
        "inspect": False,
        "filterable": False,
        # Grafana's own 150 would push most columns out of sight.
        "minWidth": 56,
        "wrapHeaderText": True,
    }
    return Box("table", title, [Sql(sql)], w, h, options, custom, columns, **more)


def number(
    title: str, sql: str, w: int, h: int, columns: Sequence[Override] = (), **more: Any
) -> Box:
    """One large figure for each column of the query's one row."""
    return Box("stat", title, [Sql(sql)], w, h, _stat(named=False), None, columns, **more)


def numbers(title: str, sql: str, w: int, h: int, columns: Sequence[Override], **more: Any) -> Box:
    """The same with the name of each."""
    more.setdefault("color", fixed("text"))
    return Box("stat", title, [Sql(sql)], w, h, _stat(named=True), None, columns, **more)


def _stat(*, named: bool, mode: str = "value") -> dict[str, Any]:
    return {
        "colorMode": mode,
        "graphMode": "none",
        "justifyMode": "center",
        "orientation": "vertical",
        "percentChangeColorMode": "standard",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "/.*/", "values": False},
        "showPercentChange": False,
        "textMode": "value_and_name" if named else "value",
        "wideLayout": False,
    }


def stat_of(title: str, query: Dataquery, w: int, h: int, **more: Any) -> Box:
    """The newest value of each series, with its name."""
    options = _stat(named=True)
    options["reduceOptions"] = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    return Box("stat", title, [query], w, h, options, None, **more)

"""Charts of walls: over time, side by side, as candles, as a heatmap, as strips of states."""

from collections.abc import Sequence
from typing import Any, Final

from grafana_foundation_sdk.cog.variants import Dataquery

from services.walls import colours
from services.walls.fields import Override
from services.walls.panels import Box
from services.walls.query import Sql

_TOOLTIP: Final = {"mode": "multi", "sort": "none"}
_NO_GAPS: Final = 120_000
"""ms without a point after which a line breaks: the break at noon, a lost feed."""
_SHOWN: Final = {"legend": False, "tooltip": False, "viz": False}


def lines(
    title: str,
    queries: Sequence[Dataquery],
    w: int,
    h: int,
    series: Sequence[Override] = (),
    *,
    legend: bool = True,
    gap_ms: int = _NO_GAPS,
    **more: Any,
) -> Box:
    """Lines over time; where nothing came for `gap_ms` there is none."""
    options = {"legend": _legend(legend), "tooltip": _TOOLTIP}
    return Box("timeseries", title, queries, w, h, options, graph(gap_ms=gap_ms), series, **more)


def history(title: str, sql: str, w: int, h: int, series: Sequence[Override], **more: Any) -> Box:
    """Lines over time from one query of the database."""
    return lines(title, [Sql(sql, "time_series")], w, h, series, **more)


def graph(
    style: str = "line", fill: int = 0, *, stacked: bool = False, gap_ms: int = _NO_GAPS
) -> dict[str, Any]:
    """Drawing of a series."""
    return {
        "drawStyle": style,
        "lineInterpolation": "linear",
        "lineWidth": 0 if style == "bars" else 1,
        "fillOpacity": fill,
        "gradientMode": "none",
        "showPoints": "never",
        "pointSize": 4,
        "spanNulls": False,
        "insertNulls": False if style == "bars" else gap_ms,
        "barAlignment": 0,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "axisPlacement": "auto",
        "axisLabel": "",
        "axisColorMode": "text",
        "axisBorderShow": False,
        "axisGridShow": True,
        "scaleDistribution": {"type": "linear"},
        "hideFrom": _SHOWN,
        "thresholdsStyle": {"mode": "off"},
    }


BARS: Final = {
    "custom__drawStyle": "bars",
    "custom__fillOpacity": 80,
    "custom__lineWidth": 0,
    "custom__insertNulls": False,
}
"""Properties of a series that is drawn as bars among lines."""
RIGHT: Final = {"custom__axisPlacement": "right"}
DASHED: Final = {"custom__lineStyle": {"fill": "dash", "dash": [8, 6]}}
BELOW_ZERO: Final = {"custom__transform": "negative-Y"}
UNLISTED: Final = {"custom__hideFrom": {"legend": True, "tooltip": False, "viz": False}}


def ranking(
    title: str,
    sql: str,
    w: int,
    h: int,
    label: str,
    series: Sequence[Override],
    *,
    stacked: bool = False,
    across: bool = True,
    **more: Any,
) -> Box:
    """Bars side by side, in the order of the query; `label` is the column with their names."""
    options = {
        "orientation": "horizontal" if across else "vertical",
        "xField": label,
        "showValue": "auto",
        "stacking": "normal" if stacked else "none",
        "groupWidth": 0.8,
        "barWidth": 0.9,
        "barRadius": 0,
        "fullHighlight": False,
        "xTickLabelRotation": 0,
        "xTickLabelMaxLength": 12,
        "xTickLabelSpacing": 0,
        "legend": _legend(len(series) > 1),
        "tooltip": _TOOLTIP,
    }
    custom = {
        "fillOpacity": 85,
        "lineWidth": 0,
        "gradientMode": "none",
        "axisPlacement": "auto",
        "axisBorderShow": False,
        "axisGridShow": False,
        "axisColorMode": "text",
        "axisLabel": "",
        "scaleDistribution": {"type": "linear"},
        "hideFrom": _SHOWN,
        "thresholdsStyle": {"mode": "off"},
    }
    return Box("barchart", title, [Sql(sql)], w, h, options, custom, series, **more)


def candles(
    title: str, sql: str, w: int, h: int, series: Sequence[Override] = (), **more: Any
) -> Box:
    """Columns time, open, high, low, close, volume; any other is a line."""
    options = {
        "mode": "candles+volume",
        "candleStyle": "candles",
        "colorStrategy": "open-close",
        "colors": {"up": colours.UP, "down": colours.DOWN, "flat": colours.REFERENCE},
        "fields": {name: name for name in ("open", "high", "low", "close", "volume")},
        "includeAllFields": True,
        "legend": _legend(shown=False),
        "tooltip": _TOOLTIP,
    }
    queries = [Sql(sql, "time_series")]
    return Box("candlestick", title, queries, w, h, options, graph(), series, **more)


def heat(title: str, sql: str, w: int, h: int, **more: Any) -> Box:
    """Columns time, metric (a bare number: the row) and the cell's value."""
    options = {
        "calculate": False,
        "cellGap": 0,
        "cellValues": {"unit": "locale"},
        "color": {
            "mode": "scheme",
            "scheme": "Turbo",
            "fill": "dark-orange",
            "exponent": 0.5,
            "scale": "exponential",
            "steps": 64,
            "reverse": False,
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": False},
        "yAxis": {"axisPlacement": "left", "reverse": False},
    }
    custom = {
        "scaleDistribution": {"type": "linear"},
        "hideFrom": _SHOWN,
    }
    return Box("heatmap", title, [Sql(sql, "time_series")], w, h, options, custom, **more)


def states(title: str, query: Dataquery, w: int, h: int, **more: Any) -> Box:
    """A strip of colours over time for each series."""
    options = {
        "alignValue": "left",
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "auto",
        "legend": _legend(shown=False),
        "tooltip": {"mode": "single", "sort": "none"},
    }
    custom = {
        "fillOpacity": 80,
        "lineWidth": 0,
        "hideFrom": _SHOWN,
    }
    return Box("state-timeline", title, [query], w, h, options, custom, **more)


def _legend(shown: bool) -> dict[str, Any]:
    return {"showLegend": shown, "displayMode": "list", "placement": "bottom", "calcs": []}

"""What is drawn over charts of time: lost data, alerts, contract rolls, the break at noon."""

from grafana_foundation_sdk.models.dashboard import (
    AnnotationEventFieldMapping,
    AnnotationEventFieldSource,
    AnnotationQuery,
)

from services.walls import colours
from services.walls.query import CHOSEN, IT, TIMESCALE, Sql, filled
from services.walls.words import Words

_GAPS = """
SELECT from_ts AS time, greatest(to_ts, from_ts) AS timeend,
  concat_ws(' ', channel, cause, nullif(symbol, '*'), missing_volume) AS text,
  venue || ',' || cause AS tags
FROM "${tape}".gaps
WHERE $__timeFilter(from_ts) AND (symbol = '*' OR missing_volume > 0)
ORDER BY from_ts LIMIT 200
"""
_ALERTS = """
SELECT ts AS time, symbol || ': ' || <text> AS text, severity || ',' || rule AS tags
FROM "${tape}".alerts_recent
WHERE $__timeFilter(ts) AND severity IN ('warning', 'critical')
ORDER BY ts DESC LIMIT 100
"""
_ALERTS_OF_SYMBOL = """
<chosen>
SELECT ts AS time, symbol || ': ' || <text> AS text, severity || ',' || rule AS tags
FROM "${tape}".alerts_recent
WHERE $__timeFilter(ts) AND symbol = <it>
ORDER BY ts DESC LIMIT 200
"""
_ROLLS = """
SELECT ts AS time, continuous || ' → ' || symbol AS text, continuous AS tags
FROM "${tape}".rolls
WHERE $__timeFilter(ts)
ORDER BY ts LIMIT 100
"""
_NOON = """
SELECT (day + time '11:30') AT TIME ZONE 'Asia/Ho_Chi_Minh' AS time,
  (day + time '13:00') AT TIME ZONE 'Asia/Ho_Chi_Minh' AS timeend,
  '11:30-13:00' AS text, 'break' AS tags
FROM generate_series($__timeFrom()::timestamptz, $__timeTo()::timestamptz, '1 day') AS at,
  LATERAL (SELECT (at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day) AS local
WHERE extract(isodow FROM day) < 6
ORDER BY 1 LIMIT 100
"""


def _over(name: str, colour: str, sql: str) -> AnnotationQuery:
    columns = {"time": "time", "timeEnd": "timeend", "text": "text", "tags": "tags"}
    if "AS timeend" not in sql:
        del columns["timeEnd"]
    return AnnotationQuery(
        name=name,
        datasource=TIMESCALE,
        enable=True,
        icon_color=colour,
        target=Sql(sql, ref_id="Anno"),
        mappings={
            key: AnnotationEventFieldMapping(source=AnnotationEventFieldSource.FIELD, value=value)
            for key, value in columns.items()
        },
    )


def usual(words: Words, *, of_symbol: bool = False) -> list[AnnotationQuery]:
    """Gaps, alerts, contract rolls and the break; `of_symbol`: alerts of the variable's alone."""
    text = f"text_{words.language}"
    alerts = (
        filled(_ALERTS_OF_SYMBOL, chosen=CHOSEN, it=IT, text=text)
        if of_symbol
        else filled(_ALERTS, text=text)
    )
    return [
        _over(words("gaps"), colours.DOWN, _GAPS),
        _over(words("alerts"), colours.SECOND, alerts),
        _over(words("rolls"), colours.CEILING, _ROLLS),
        _over(words("noon"), colours.NEUTRAL, _NOON),
    ]

"""Alerts: what the rules found, and whether people were told."""

from dataclasses import replace

from services.walls import annotations, colours, variables
from services.walls.charts import graph, lines, ranking
from services.walls.fields import Override, count, field, line, mapped
from services.walls.header import header
from services.walls.links import to_symbol
from services.walls.panels import Box, table
from services.walls.query import Sql, filled
from services.walls.wall import Size, Wall
from services.walls.words import Words

_NEWEST = """
SELECT ts AS time, severity, symbol, <text> AS text, rule, exchange
FROM "${tape}".alerts_recent WHERE $__timeFilter(ts)
ORDER BY ts DESC, symbol LIMIT <limit>
"""
_RULES = """
SELECT rule, count(*) FILTER (WHERE severity = 'critical') AS critical,
  count(*) FILTER (WHERE severity = 'warning') AS warning,
  count(*) FILTER (WHERE severity = 'info') AS info
FROM "${tape}".alerts_recent WHERE $__timeFilter(ts) GROUP BY rule ORDER BY count(*) DESC LIMIT 15
"""
_RATE = """
SELECT time_bucket('5 minutes', ts) AS time,
  count(*) FILTER (WHERE severity = 'critical') AS critical,
  count(*) FILTER (WHERE severity = 'warning') AS warning,
  count(*) FILTER (WHERE severity = 'info') AS info
FROM "${tape}".alerts_recent WHERE $__timeFilter(ts) GROUP BY 1 ORDER BY 1
"""
_SYMBOLS = """
SELECT symbol, count(*) AS count, max(ts) AS newest FROM "${tape}".alerts_recent
WHERE $__timeFilter(ts) GROUP BY symbol ORDER BY 2 DESC, 1 LIMIT 30
"""
_DELIVERIES = """
SELECT channel, count(*) FILTER (WHERE status = 'sent') AS sent,
  count(*) FILTER (WHERE status = 'waiting') AS waiting,
  count(*) FILTER (WHERE status IN ('dead', 'expired')) AS dead,
  max(taken_at) AS newest, max(reason) FILTER (WHERE status = 'dead') AS reason
FROM "${tape}".alert_deliveries GROUP BY channel ORDER BY channel
"""


def wall(words: Words, size: Size) -> Wall:
    """The newest first; rules and their rate beside."""
    rows = [header(words), [_newest(words, 40), _rules(words)], [_rate(words)]]
    if size == "desk":
        rows.append([_symbols(words), _deliveries(words)])
    chosen = [variables.tape(words)]
    return Wall("alerts", "alerts", size, rows, chosen, annotations.usual(words), "2s")


def severities(words: Words) -> list[dict[str, object]]:
    """How bad, in words and colours."""
    return mapped(
        {
            "critical": (words("critical"), colours.DOWN),
            "warning": (words("warning"), colours.SECOND),
            "info": (words("info"), colours.LINE),
        }
    )


def newest_columns(words: Words) -> list[Override]:
    """Of a table of alerts."""
    return [
        field("time", words("time"), unit="time:HH:mm:ss", custom__width=84),
        field("severity", words("severity"), mappings=severities(words), custom__width=84,
              custom__cellOptions={"type": "color-background", "mode": "basic"}),
        field("symbol", words("symbol"), links=to_symbol(words), custom__width=96),
        field("text", words("text"), custom__minWidth=320),
        field("rule", words("rule"), custom__width=170),
        field("exchange", words("exchange"), custom__width=110),
    ]  # fmt: skip


def _newest(words: Words, limit: int) -> Box:
    sql = filled(_NEWEST, text=f"text_{words.language}", limit=limit)
    return table(words("alerts"), sql, 16, 16, newest_columns(words))


def _shades(words: Words) -> list[Override]:
    return [
        line("critical", words("critical"), colours.DOWN),
        line("warning", words("warning"), colours.SECOND),
        line("info", words("info"), colours.LINE),
    ]


def _rules(words: Words) -> Box:
    return ranking(words("rule"), _RULES, 8, 16, "rule", _shades(words), stacked=True)


def _rate(words: Words) -> Box:
    title = words.mixed("Số cảnh báo mỗi 5 phút", "Alerts in 5 minutes")
    box = lines(title, [Sql(_RATE, "time_series")], 24, 8, _shades(words))
    return replace(box, custom=graph("bars", 80, stacked=True))


def _symbols(words: Words) -> Box:
    columns = [
        field("symbol", words("symbol"), links=to_symbol(words)),
        count("count", words("count")),
        field("newest", words("newest"), unit="time:HH:mm:ss"),
    ]
    return table(words("symbol"), _SYMBOLS, 10, 10, columns)


def _deliveries(words: Words) -> Box:
    columns = [
        field("channel", words("channel")),
        count("sent", words("sent")),
        count("waiting", words("waiting")),
        count("dead", words.mixed("Không gửi được", "Not delivered")),
        field("newest", words("newest"), unit="dateTimeAsLocal"),
        field("reason", words("reason")),
    ]
    return table(words.mixed("Gửi đi", "Delivery"), _DELIVERIES, 14, 10, columns)

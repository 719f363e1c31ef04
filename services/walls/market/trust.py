"""Data trust: how right the sides are, how complete the day is, how near the index estimate."""

from services.walls import annotations, colours, variables
from services.walls.charts import RIGHT, history
from services.walls.fields import (
    RATIO,
    count,
    field,
    line,
    mapped,
    steps,
)
from services.walls.header import header
from services.walls.links import to_symbol
from services.walls.panels import Box, numbers, table
from services.walls.wall import Size, Wall
from services.walls.words import Words

_GOOD = steps((None, colours.DOWN), (0.95, colours.SECOND), (0.99, colours.UP))
_COMPLETE = steps((None, colours.DOWN), (99, colours.SECOND), (100, colours.UP))
_ERROR = steps((None, colours.UP), (0.02, colours.SECOND), (0.05, colours.DOWN))

# Over all symbols at once: from the trades it costs a fifth of the sum over all minutes.
_JUDGED = """
  (count(*) FILTER (WHERE inferred_side = vendor_side))::float8 / nullif(count(*), 0) AS accuracy,
  count(*) AS compared
FROM "${tape}".trades_classified
WHERE $__timeFilter(ts) AND board = 'main' AND vendor_side IS NOT NULL
  AND inferred_side IS NOT NULL
"""
_ACCURACY = f"SELECT {_JUDGED.strip()}"
_ACCURACY_TIME = f"""
SELECT time_bucket('5 minutes', ts) AS time,
{_JUDGED.strip()}
GROUP BY 1 ORDER BY 1
"""
_COVERED = """
SELECT least(100, 100.0 * sum(printed_volume) / nullif(sum(total_volume), 0)) AS covered,
  sum(missing_volume) AS missing, sum(abs(unexplained_volume)) AS unexplained
FROM "${tape}".completeness
"""
_WORST = """
SELECT symbol, exchange, total_volume, printed_volume, missing_volume, unexplained_volume,
  covered_percent
FROM "${tape}".completeness ORDER BY covered_percent NULLS LAST, symbol LIMIT 30
"""
_INDEX = """
SELECT max(abs(estimate_error_percent)) FILTER (WHERE symbol = 'VN30') AS error_percent,
  max(weights_source) FILTER (WHERE symbol = 'VN30') AS weights
FROM "${tape}".index_last
"""
_INDEX_TIME = """
SELECT ts AS time, error_percent, estimate, published
FROM "${tape}".index_error_1m WHERE symbol = 'VN30' AND $__timeFilter(ts) ORDER BY ts
"""
_GAPS = """
SELECT from_ts, to_ts, seconds, venue, symbol, channel, cause, missing_volume, missing_count
FROM "${tape}".gaps WHERE $__timeFilter(from_ts) ORDER BY from_ts DESC LIMIT 50
"""
_LETTERS = """
SELECT service, venue, reason, topic, sum(count) AS count, max(last) AS newest
FROM "${tape}".dead_letters_1h WHERE $__timeFilter(ts)
GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC LIMIT 30
"""
_AGES = """
SELECT venue, last_ts AS newest, age_s, symbols FROM "${tape}".data_age ORDER BY venue
"""


def wall(words: Words, size: Size) -> Wall:
    """Three verdicts above, their courses and what is missing below."""
    rows = [
        header(words),
        [_accuracy(words), _covered(words), _index(words)],
        [_accuracy_time(words), _index_time(words)],
        [_gaps(words), _worst(words)],
    ]
    if size == "desk":
        rows.append([_letters(words), _ages(words)])
    chosen = [variables.tape(words)]
    return Wall("trust", "trust", size, rows, chosen, annotations.usual(words), "10s")


def _accuracy(words: Words) -> Box:
    columns = [
        field("accuracy", words("accuracy"), unit=RATIO, decimals=2, thresholds=_GOOD,
              color={"mode": "thresholds"}),
        field("compared", words("compared"), unit="locale", decimals=0),
    ]  # fmt: skip
    about = words.mixed(
        "Suy luận bên chủ động so với cờ của nguồn, trên các lệnh có cả hai.",
        "The inferred aggressor against the vendor's flag, of trades that have both.",
    )
    return numbers(words("accuracy"), _ACCURACY, 8, 6, columns, about=about)


def _covered(words: Words) -> Box:
    columns = [
        field("covered", words("covered"), unit="percent", decimals=2, thresholds=_COMPLETE,
              color={"mode": "thresholds"}),
        field("missing", words("missing_volume"), unit="locale", decimals=0),
        field("unexplained", words("unexplained"), unit="locale", decimals=0),
    ]  # fmt: skip
    return numbers(words("covered"), _COVERED, 8, 6, columns)


def _index(words: Words) -> Box:
    columns = [
        field("error_percent", words("error_percent"), unit="percent", decimals=4,
              thresholds=_ERROR, color={"mode": "thresholds"}),
        field("weights", words("weights")),
    ]  # fmt: skip
    return numbers(f"VN30 · {words('estimate')}", _INDEX, 8, 6, columns)


def _accuracy_time(words: Words) -> Box:
    series = [
        line("accuracy", words("accuracy"), colours.UP, unit=RATIO, decimals=2, max=1),
        line("compared", words("compared"), colours.NEUTRAL, **RIGHT),
    ]
    return history(words("accuracy"), _ACCURACY_TIME, 12, 8, series, gap_ms=900_000)


def _index_time(words: Words) -> Box:
    series = [
        line("error_percent", words("error_percent"), colours.DOWN, **RIGHT, decimals=4),
        line("estimate", words("estimate"), colours.SECOND, decimals=2),
        line("published", words("published"), colours.LINE, decimals=2),
    ]
    return history(f"VN30 · {words('error_percent')}", _INDEX_TIME, 12, 8, series)


def causes(words: Words) -> list[dict[str, object]]:
    """Why something is missing, in words; an unknown cause shows as it is."""
    known = ("disconnect", "silence", "volume_chain", "late_start", "restart", "source_change")
    return mapped({cause: (words(cause), "") for cause in known})


def _gaps(words: Words) -> Box:
    columns = [
        field("from_ts", words("from"), unit="dateTimeAsLocal"),
        field("to_ts", words("to"), unit="time:HH:mm:ss"),
        field("seconds", words("seconds"), decimals=0),
        field("venue", words("venue")),
        field("symbol", words("symbol"), links=to_symbol(words)),
        field("channel", words("channel")),
        field("cause", words("cause"), mappings=causes(words)),
        count("missing_volume", words("missing_volume")),
        count("missing_count", words("count")),
    ]
    return table(words("gaps"), _GAPS, 14, 10, columns)


def _worst(words: Words) -> Box:
    columns = [
        field("symbol", words("symbol"), links=to_symbol(words)),
        field("exchange", words("exchange")),
        count("total_volume", words("total_volume")),
        count("printed_volume", words("printed")),
        count("missing_volume", words("missing_volume")),
        count("unexplained_volume", words("unexplained")),
        field("covered_percent", words("covered"), unit="percent", decimals=2,
              thresholds=_COMPLETE, color={"mode": "thresholds"},
              custom__cellOptions={"type": "color-text"}),
    ]  # fmt: skip
    return table(words("covered"), _WORST, 10, 10, columns)


def _letters(words: Words) -> Box:
    columns = [
        field("service", words("service")),
        field("venue", words("venue")),
        field("reason", words("reason")),
        field("topic", words("topic")),
        count("count", words("count")),
        field("newest", words("newest"), unit="dateTimeAsLocal"),
    ]
    return table("Dead letters", _LETTERS, 14, 9, columns)


def _ages(words: Words) -> Box:
    columns = [
        field("venue", words("venue")),
        field("newest", words("newest"), unit="dateTimeAsLocal"),
        field("age_s", words("age"), unit="s", decimals=0),
        count("symbols", words("symbol")),
    ]
    return table(words("age"), _AGES, 10, 9, columns)

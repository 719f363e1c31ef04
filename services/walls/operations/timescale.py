"""TimescaleDB: how fast the writer stores, how large the tape is, who is connected."""

from services.walls import variables
from services.walls.fields import count, field
from services.walls.operations.parts import (
    TAPE,
    figure,
    good_below,
    in_an_hour,
    increase,
    over_time,
    quantiles,
    rate,
)
from services.walls.panels import Box, numbers, table
from services.walls.wall import Wall
from services.walls.words import Words

_STORAGE = """
SELECT relation, bytes, chunks, oldest, newest FROM "${tape}".storage
ORDER BY bytes DESC NULLS LAST LIMIT 40
"""
_DATABASE = """
SELECT pg_database_size(current_database()) AS bytes,
  100.0 * blks_hit / nullif(blks_hit + blks_read, 0) AS hit_percent, numbackends AS connections,
  deadlocks, xact_rollback AS rollbacks
FROM pg_stat_database WHERE datname = current_database()
"""
_OFFSETS = """
SELECT topic, count(*) AS partitions, sum(next) AS stored FROM "${tape}".offsets
GROUP BY topic ORDER BY 3 DESC
"""
_CONNECTIONS = """
SELECT coalesce(usename, backend_type) AS role, count(*) AS connections
FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1 ORDER BY 2 DESC
"""


def wall(words: Words) -> Wall:
    """The writer above, the database below."""
    rows = [
        _figures(words),
        _writer(words),
        [_database(words)],
        [_storage(words), _offsets(words), _connections(words)],
    ]
    return Wall("timescale", "timescale", "ops", rows, [variables.tape(words)], [], "10s")


def _figures(words: Words) -> list[Box]:
    m = words.mixed
    p99 = f"histogram_quantile(0.99, {rate('vntape_write_seconds_bucket', 'le', TAPE)})"
    waiting = f'sum(vntape_lag_records{{{TAPE}, service="writer"}})'
    return [
        figure(m("Ghi p99", "Write p99"), p99, 6, good_below(0.25, 1), unit="s"),
        figure(m("Dòng mỗi giây", "Rows a second"), rate("vntape_rows_total", "service", TAPE), 6,
               [(None, "text")], decimals=0),
        figure(m("Thử lại trong 1 giờ", "Retries in 1 h"),
               in_an_hour("vntape_write_retries_total"), 6, good_below(1, 20), decimals=0),
        figure(m("Bản ghi chờ lưu", "Records to be stored"), waiting, 6,
               good_below(1_000, 20_000), unit="locale"),
    ]  # fmt: skip


def _writer(words: Words) -> list[Box]:
    m = words.mixed
    return [
        over_time(m("Dòng mỗi giây, theo bảng", "Rows a second, by table"),
                  rate("vntape_rows_total", "table", TAPE), "{{table}}", 12, 9),
        quantiles(m("Một giao dịch", "One transaction"), "vntape_write_seconds", "service", 6, 9,
                  TAPE),
        over_time(m("Thử lại", "Retries"), increase("vntape_write_retries_total", "reason", TAPE),
                  "{{reason}}", 6, 9),
    ]  # fmt: skip


def _database(words: Words) -> Box:
    columns = [
        field("bytes", words.mixed("Cỡ cơ sở dữ liệu", "Size of the database"), unit="bytes"),
        field("hit_percent", words.mixed("Trúng bộ đệm", "Cache hits"), unit="percent", decimals=1),
        count("connections", words.mixed("Kết nối", "Connections")),
        count("deadlocks", "Deadlocks"),
        count("rollbacks", "Rollbacks"),
    ]
    return numbers("PostgreSQL", _DATABASE, 24, 4, columns)


def _storage(words: Words) -> Box:
    columns = [
        field("relation", words.mixed("Bảng", "Table")),
        field("bytes", words.mixed("Cỡ", "Size"), unit="bytes"),
        count("chunks", "Chunks"),
        field("oldest", words("from"), unit="dateTimeAsLocal"),
        field("newest", words("to"), unit="dateTimeAsLocal"),
    ]
    return table(words.mixed("Dung lượng của băng", "Size of the tape"), _STORAGE, 12, 12, columns)


def _offsets(words: Words) -> Box:
    columns = [
        field("topic", words("topic")),
        count("partitions", words.mixed("Phân vùng", "Partitions")),
        count("stored", words.mixed("Bản ghi đã lưu", "Records stored")),
    ]
    return table("Offsets", _OFFSETS, 6, 12, columns)


def _connections(words: Words) -> Box:
    columns = [
        field("role", words.mixed("Vai trò", "Role")),
        count("connections", words.mixed("Kết nối", "Connections")),
    ]
    return table(words.mixed("Kết nối", "Connections"), _CONNECTIONS, 6, 12, columns)

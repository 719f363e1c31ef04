"""Market overview: indices, breadth, who is active, sectors, the largest movers."""

from services.walls import annotations, colours, variables
from services.walls.charts import BARS, BELOW_ZERO, DASHED, RIGHT, history, ranking
from services.walls.fields import billions, count, field, hidden, line, price, signed
from services.walls.header import header, phase_words
from services.walls.links import to_day, to_symbol
from services.walls.panels import Box, table
from services.walls.query import filled
from services.walls.wall import Size, Wall
from services.walls.words import Words

_INDICES = f"""
SELECT symbol, value, change, change_percent, total_volume, total_value / 1e9 AS value_bn,
  put_through_value / 1e9 AS put_through_bn, advances, unchanged, declines, ceilings, floors,
  estimated_value, phase, {colours.css("zone")} AS style
FROM "${{tape}}".index_last
ORDER BY symbol <> 'VNINDEX', symbol <> 'VN30', symbol
"""
_INDEX = """
SELECT ts AS time, value, prior, estimated_value AS expected
FROM "${tape}".index_1m WHERE symbol = '<symbol>' AND $__timeFilter(ts) ORDER BY ts
"""
_BREADTH = """
SELECT symbol, ceilings, advances - ceilings AS advances, unchanged, declines - floors AS declines,
  floors, not_traded
FROM "${tape}".breadth_last
WHERE scope = 'exchange' OR (scope, symbol) = ('index', 'VN30') ORDER BY members DESC
"""
_FLOW = """
SELECT ts AS time, buy_value / 1e9 AS buy, sell_value / 1e9 AS sell,
  sum(net_value) OVER (ORDER BY ts) / 1e9 AS net
FROM "${tape}".flow_market_1m WHERE symbol = 'VN' AND scope = 'market' AND $__timeFilter(ts)
ORDER BY ts
"""
_FOREIGN = """
SELECT ts AS time, foreign_net_value / 1e9 AS minute,
  sum(foreign_net_value) OVER (ORDER BY ts) / 1e9 AS net
FROM "${tape}".flow_market_1m WHERE symbol = 'VN' AND scope = 'market' AND $__timeFilter(ts)
ORDER BY ts
"""
_SECTORS = """
SELECT symbol AS sector, total_value / 1e9 AS value_bn, advances, unchanged, declines,
  (buy_value - sell_value) / 1e9 AS active_bn, foreign_net_value / 1e9 AS foreign_bn
FROM "${tape}".breadth_last WHERE scope = 'sector' ORDER BY total_value DESC LIMIT 12
"""
_MOVERS = f"""
SELECT symbol, last / 1000 AS last, change_percent, total_value / 1e9 AS value_bn,
  foreign_net_value / 1e9 AS foreign_bn, put_through_volume, {colours.css("zone")} AS style
FROM "${{tape}}".board_last
WHERE venue = 'VN' AND kind = 'stock' AND exchange IN (${{exchange:sqlstring}})
  AND last IS NOT NULL
ORDER BY <order> LIMIT 20
"""
_DAYS = """
SELECT to_char(day, 'YYYY-MM-DD') AS day, count(*) AS symbols,
  extract(epoch FROM (day + time '08:45') AT TIME ZONE 'Asia/Ho_Chi_Minh')::bigint * 1000
    AS from_ms,
  extract(epoch FROM (day + time '15:00') AT TIME ZONE 'Asia/Ho_Chi_Minh')::bigint * 1000 AS to_ms
FROM "${tape}".board WHERE venue = 'VN' GROUP BY board.day ORDER BY board.day DESC LIMIT 10
"""


def wall(words: Words, size: Size) -> Wall:
    """For a hall: everything at a glance."""
    rows = [
        header(words),
        [_index(words, "VNINDEX"), _index(words, "VN30"), _breadth(words)],
        [_indices(words), _sectors(words)],
        [_flow(words), _foreign(words)],
    ]
    chosen = [variables.tape(words)]
    if size == "desk":
        chosen.append(variables.exchange(words))
        rows.append(
            [
                _movers(words, f"{words('percent')} ↑", "change_percent DESC NULLS LAST"),
                _movers(words, f"{words('percent')} ↓", "change_percent NULLS LAST"),
                _movers(words, words("value"), "total_value DESC NULLS LAST"),
            ]
        )
        rows.append([_days(words)])
    return Wall("market", "market", size, rows, chosen, annotations.usual(words), "2s")


def _index(words: Words, symbol: str) -> Box:
    return history(
        symbol,
        filled(_INDEX, symbol=symbol),
        8,
        8,
        [
            line("value", words("points"), colours.LINE),
            line("prior", words("reference"), colours.REFERENCE, **DASHED),
            line("expected", words("index_expected"), colours.SECOND, **DASHED),
        ],
        decimals=2,
    )


def _breadth(words: Words) -> Box:
    shades = {
        "ceilings": ("ceiling", colours.CEILING),
        "advances": ("advances", colours.UP),
        "unchanged": ("unchanged", colours.REFERENCE),
        "declines": ("declines", colours.DOWN),
        "floors": ("floor", colours.FLOOR),
        "not_traded": ("not_traded", colours.NEUTRAL),
    }
    series = [line(name, words(word), colour) for name, (word, colour) in shades.items()]
    title = words.mixed("Độ rộng thị trường", "Breadth")
    return ranking(title, _BREADTH, 8, 8, "symbol", series, stacked=True)


def _indices(words: Words) -> Box:
    columns = [
        field("symbol", words("index"), custom__width=136),
        price("value", words("points"), "style", 90),
        price("change", words("change"), "style", 70),
        price("change_percent", words("percent"), "style", 60),
        count("total_volume", words("volume"), 110),
        billions("value_bn", words("value"), 80),
        billions("put_through_bn", words("put_through_value"), 90),
        count("advances", words("advances"), 55),
        count("unchanged", words("unchanged"), 60),
        count("declines", words("declines"), 55),
        count("ceilings", words("ceiling"), 50),
        count("floors", words("floor"), 50),
        price("estimated_value", words("expected"), "", 90),
        field("phase", words("phase"), mappings=phase_words(words)),
        hidden("style"),
    ]
    return table(words("index"), _INDICES, 14, 8, columns)


def _sectors(words: Words) -> Box:
    columns = [
        field("sector", words("sector")),
        billions("value_bn", words("value")),
        count("advances", words("advances")),
        count("unchanged", words("unchanged")),
        count("declines", words("declines")),
        signed("active_bn", words("active_net")),
        signed("foreign_bn", words("foreign_net")),
    ]
    return table(words("sector"), _SECTORS, 10, 8, columns)


def _flow(words: Words) -> Box:
    series = [
        line("buy", words("active_buy"), colours.BUY, **BARS),
        line("sell", words("active_sell"), colours.SELL, **BARS, **BELOW_ZERO),
        line("net", words("cumulative"), colours.LINE, **RIGHT),
    ]
    return history(words.mixed("Dòng tiền chủ động, tỷ đồng mỗi phút", "Active flow, bn a minute"),
                   _FLOW, 12, 8, series)  # fmt: skip


def _foreign(words: Words) -> Box:
    title = words.mixed("ĐTNN ròng, tỷ đồng mỗi phút", "Foreign net, bn a minute")
    series = [
        line("minute", words("foreign_net"), colours.SECOND, **BARS),
        line("net", words("cumulative"), colours.LINE, **RIGHT),
    ]
    return history(title, _FOREIGN, 12, 8, series)


def _movers(words: Words, title: str, order: str) -> Box:
    columns = [
        field("symbol", words("symbol"), links=to_symbol(words), custom__width=80),
        price("last", words("last"), "style"),
        price("change_percent", words("percent"), "style"),
        billions("value_bn", words("value")),
        signed("foreign_bn", words("foreign_net")),
        count("put_through_volume", words("put_through_volume")),
        hidden("style"),
    ]
    return table(title, filled(_MOVERS, order=order), 8, 14, columns)


def _days(words: Words) -> Box:
    columns = [
        field("day", words("day"), links=to_day(words)),
        count("symbols", words("symbol")),
        hidden("from_ms", "to_ms"),
    ]
    return table(words("day"), _DAYS, 24, 6, columns)

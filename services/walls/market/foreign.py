"""Foreign investors: who they buy and sell, how fast, and whether the price follows."""

from services.walls import annotations, colours, variables
from services.walls.charts import BARS, RIGHT, history, ranking
from services.walls.fields import RATIO, count, field, hidden, line, price, signed
from services.walls.header import header
from services.walls.links import to_symbol
from services.walls.panels import Box, table
from services.walls.query import BY, CHOSEN, IT, filled, scale
from services.walls.wall import Size, Wall
from services.walls.words import Words

_MARKET = """
SELECT ts AS time, foreign_buy_value / 1e9 AS buy, foreign_sell_value / 1e9 AS sell,
  foreign_net_value / 1e9 AS net
FROM "${tape}".breadth_1m WHERE symbol = 'VN' AND scope = 'market' AND $__timeFilter(ts)
ORDER BY ts
"""
_EXCHANGES = """
SELECT ts AS time, symbol AS metric, foreign_net_value / 1e9 AS net
FROM "${tape}".breadth_1m
WHERE symbol IN ('HOSE', 'HNX', 'UPCOM') AND scope = 'exchange' AND $__timeFilter(ts)
ORDER BY ts, symbol
"""
_LEADERS = """
SELECT symbol, abs(net_value) / 1e9 AS net FROM "${tape}".leaders_last
WHERE list = '<list>' ORDER BY rank LIMIT 10
"""
_SPEED = f"""
{CHOSEN}
SELECT ts AS time, speed_value_5m / 1e9 AS speed, acceleration_value_5m / 1e9 AS acceleration
FROM "${{tape}}".foreign_1m WHERE symbol = {IT} AND $__timeFilter(ts) ORDER BY ts
"""
_CORRELATION = f"""
{CHOSEN}
SELECT ts AS time, net_value / 1e9 AS net, price / {BY} AS price, correlation_15m AS correlation
FROM "${{tape}}".foreign_1m WHERE symbol = {IT} AND $__timeFilter(ts) ORDER BY ts
"""
_SYMBOLS = f"""
SELECT f.symbol, b.last / {scale("b")} AS last, b.change_percent, f.net_value / 1e9 AS net_bn,
  f.buy_volume, f.sell_volume, f.share, f.speed_value_5m / 1e9 AS speed_bn, f.correlation_15m,
  f.price_change_15m / {scale("b")} AS price_change, f.room,
  f.room / nullif(f.total_room, 0)::float8 AS room_left, {colours.css("b.zone")} AS style
FROM "${{tape}}".foreign_last AS f JOIN "${{tape}}".board_last AS b USING (symbol)
WHERE b.exchange IN (${{exchange:sqlstring}})
ORDER BY abs(f.net_value) DESC NULLS LAST LIMIT <limit>
"""


def wall(words: Words, size: Size) -> Wall:
    """The market and its leaders; one symbol with its price; the table."""
    rows = [
        header(words),
        [_market(words),
         _leaders(words, "foreign_buyers", "foreign_buy", colours.BUY),
         _leaders(words, "foreign_sellers", "foreign_sell", colours.SELL)],
        [_symbols(words, 14, 12, 10), _correlation(words, 10, 12)],
    ]  # fmt: skip
    if size == "desk":
        rows += [[_speed(words), _exchanges(words)], [_symbols(words, 24, 18, 60)]]
    chosen = [variables.tape(words), variables.exchange(words), variables.symbol(words)]
    return Wall("foreign", "foreign", size, rows, chosen, annotations.usual(words), "2s")


def _market(words: Words) -> Box:
    series = [
        line("buy", words("foreign_buy"), colours.BUY),
        line("sell", words("foreign_sell"), colours.SELL),
        line("net", words("foreign_net"), colours.LINE, **BARS),
    ]
    title = words.mixed("ĐTNN toàn thị trường, lũy kế, tỷ đồng", "Foreign, the day so far, bn")
    return history(title, _MARKET, 12, 12, series)


def _leaders(words: Words, list_: str, word: str, colour: str) -> Box:
    title = f"{words(word)} ({words.mixed('ròng, tỷ đồng', 'net, bn')})"
    sql = filled(_LEADERS, list=list_)
    return ranking(title, sql, 6, 12, "symbol", [line("net", words(word), colour)])


def _correlation(words: Words, w: int, h: int) -> Box:
    series = [
        line("net", words("foreign_net"), colours.SECOND, **BARS),
        line("price", words("price"), colours.LINE, **RIGHT, decimals=2),
        line(
            "correlation",
            words("correlation"),
            colours.CEILING,
            min=-1,
            max=1,
            decimals=2,
            custom__axisPlacement="right",
        ),
    ]
    return history(f"${{symbol}} · {words('correlation')}", _CORRELATION, w, h, series)


def _speed(words: Words) -> Box:
    series = [
        line("speed", words("speed"), colours.LINE),
        line("acceleration", words("acceleration"), colours.SECOND, **RIGHT),
    ]
    return history(f"${{symbol}} · {words('speed')}", _SPEED, 12, 9, series)


def _exchanges(words: Words) -> Box:
    title = words.mixed("ĐTNN ròng theo sàn, tỷ đồng", "Foreign net by exchange, bn")
    return history(title, _EXCHANGES, 12, 9, [])


def _symbols(words: Words, w: int, h: int, limit: int) -> Box:
    columns = [
        field("symbol", words("symbol"), links=to_symbol(words)),
        price("last", words("last"), "style"),
        price("change_percent", words("percent"), "style"),
        signed("net_bn", words("foreign_net")),
        count("buy_volume", words("foreign_buy")),
        count("sell_volume", words("foreign_sell")),
        field("share", words("share"), unit=RATIO, decimals=1),
        signed("speed_bn", words("speed_short"), decimals=2),
        signed("correlation_15m", words("correlation_short"), decimals=2),
        signed("price_change", words.mixed("± giá 15p", "± price 15m"), decimals=2),
        count("room", words("room"), 120),
        field("room_left", words.mixed("% room", "Room left"), unit=RATIO, decimals=1),
        hidden("style"),
    ]
    return table(words("foreign"), filled(_SYMBOLS, limit=limit), w, h, columns)

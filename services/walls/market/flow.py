"""Active flow: who takes the book, in the market, by phase, by sector, by symbol."""

from services.walls import annotations, colours, variables
from services.walls.charts import BARS, BELOW_ZERO, DASHED, RIGHT, history, ranking
from services.walls.fields import billions, count, field, hidden, line, price, signed
from services.walls.header import header
from services.walls.links import to_symbol
from services.walls.market.orderflow import sides
from services.walls.panels import Box, table
from services.walls.query import filled, scale
from services.walls.wall import Size, Wall
from services.walls.words import PHASES, Words

_MARKET = """
SELECT ts AS time, buy_value / 1e9 AS buy, sell_value / 1e9 AS sell,
  sum(net_value) OVER (ORDER BY ts) / 1e9 AS net
FROM "${tape}".flow_market_1m WHERE symbol = 'VN' AND scope = 'market' AND $__timeFilter(ts)
ORDER BY ts
"""
_SECTORS = """
SELECT ts AS time, symbol AS metric, (buy_value - sell_value) / 1e9 AS net
FROM "${tape}".breadth_1m
WHERE symbol IN (SELECT symbol FROM "${tape}".breadth_last WHERE scope = 'sector')
  AND scope = 'sector' AND $__timeFilter(ts)
ORDER BY ts, symbol
"""
_LEADERS = """
SELECT symbol, net_value / 1e9 AS net FROM "${tape}".leaders_last
WHERE list = '<list>' ORDER BY rank LIMIT 10
"""
_BY_PHASE = f"""
SELECT <phase> AS phase, sum(f.buy_value) / 1e9 AS buy, sum(f.sell_value) / 1e9 AS sell,
  sum(f.neutral_value) / 1e9 AS neutral
FROM "${{tape}}".basket_members AS m
CROSS JOIN unnest(ARRAY{list(PHASES)!r}) WITH ORDINALITY AS p (phase, at)
CROSS JOIN LATERAL (
  SELECT * FROM "${{tape}}".session_flow
  WHERE symbol = m.symbol AND phase = p.phase AND $__timeFilter(ts)
  ORDER BY ts DESC, seq DESC, part DESC LIMIT 1
) AS f
WHERE m.index_symbol = 'VN30'
GROUP BY p.phase, p.at ORDER BY p.at
"""
_SYMBOLS = f"""
SELECT f.symbol, b.last / {scale("b")} AS last, b.change_percent,
  (f.buy_value - f.sell_value) / 1e9 AS net_bn, f.buy_value / 1e9 AS buy_bn,
  f.sell_value / 1e9 AS sell_bn,
  f.buy_volume / nullif(f.buy_volume + f.sell_volume, 0) AS buys,
  f.buy_count + f.sell_count AS trades,
  f.unknown_volume, {colours.css("b.zone")} AS style
FROM (
  SELECT * FROM "${{tape}}".board_last WHERE exchange IN (${{exchange:sqlstring}})
  ORDER BY total_value DESC NULLS LAST LIMIT 150
) AS b
CROSS JOIN LATERAL (
  SELECT * FROM "${{tape}}".session_flow
  WHERE symbol = b.symbol AND phase = 'day' AND $__timeFilter(ts)
  ORDER BY ts DESC, seq DESC, part DESC LIMIT 1
) AS f
ORDER BY abs(f.buy_value - f.sell_value) DESC NULLS LAST LIMIT 40
"""
_BUSD = """
SELECT ts AS time, bu_current AS bu, sd_current AS sd, busd_current AS busd,
  busd_pred_15min AS forecast
FROM "${tape}".busd_forecasts WHERE $__timeFilter(ts) ORDER BY ts
"""
_PATTERNS = """
SELECT symbol, side, max(occurrences) AS occurrences, sum(value) / 1e9 AS value_bn,
  max(ts) AS newest
FROM "${tape}".busd_patterns WHERE $__timeFilter(ts)
GROUP BY symbol, side, volume ORDER BY sum(value) DESC LIMIT 30
"""


def wall(words: Words, size: Size) -> Wall:
    """The market above, leaders below."""
    rows = [
        header(words),
        [_market(words), _by_phase(words)],
        [_leaders(words, "active_buyers", "active_buy", colours.BUY),
         _leaders(words, "active_sellers", "active_sell", colours.SELL), _busd(words)],
    ]  # fmt: skip
    chosen = [variables.tape(words)]
    if size == "desk":
        chosen.append(variables.exchange(words))
        rows += [[_sectors(words)], [_symbols(words), _patterns(words)]]
    return Wall("flow", "flow", size, rows, chosen, annotations.usual(words), "2s")


def _market(words: Words) -> Box:
    series = [
        line("buy", words("active_buy"), colours.BUY, **BARS),
        line("sell", words("active_sell"), colours.SELL, **BARS, **BELOW_ZERO),
        line("net", words("cumulative"), colours.LINE, **RIGHT, custom__lineWidth=2),
    ]
    title = words.mixed("Toàn thị trường, tỷ đồng mỗi phút", "Market, bn a minute")
    return history(title, _MARKET, 15, 12, series)


def _by_phase(words: Words) -> Box:
    case = " ".join(f"WHEN '{phase}' THEN '{words(phase)}'" for phase in PHASES)
    series = [
        line("buy", words("active_buy_value"), colours.BUY),
        line("sell", words("active_sell_value"), colours.SELL),
        line("neutral", words("neutral"), colours.NEUTRAL),
    ]
    title = words.mixed("VN30 theo phiên, tỷ đồng", "VN30 by phase, bn")
    sql = filled(_BY_PHASE, phase=f"CASE p.phase {case} END")
    return ranking(title, sql, 9, 12, "phase", series, stacked=True)


def _leaders(words: Words, list_: str, word: str, colour: str) -> Box:
    title = f"{words(word)} ({words.mixed('ròng, tỷ đồng', 'net, bn')})"
    sql = filled(_LEADERS, list=list_)
    return ranking(title, sql, 6, 12, "symbol", [line("net", words(word), colour)])


def _busd(words: Words) -> Box:
    series = [
        line("bu", "BU", colours.BUY),
        line("sd", "SD", colours.SELL),
        line("busd", "BUSD", colours.LINE, custom__lineWidth=2),
        line(
            "forecast", words.mixed("BUSD sau 15 phút", "BUSD in 15 min"), colours.SECOND, **DASHED
        ),
    ]
    title = words.mixed("BUSD toàn HOSE, tỷ đồng", "BUSD of the HOSE, bn")
    return history(title, _BUSD, 12, 12, series)


def _sectors(words: Words) -> Box:
    title = words.mixed("Chủ động ròng theo ngành, tỷ đồng", "Active net by sector, bn")
    return history(title, _SECTORS, 24, 10, [])


def _symbols(words: Words) -> Box:
    columns = [
        field("symbol", words("symbol"), links=to_symbol(words)),
        price("last", words("last"), "style"),
        price("change_percent", words("percent"), "style"),
        signed("net_bn", words("active_net")),
        billions("buy_bn", words("active_buy_value")),
        billions("sell_bn", words("active_sell_value")),
        field("buys", words("share_of_buys"), unit="percentunit", decimals=0),
        count("trades", words("trades")),
        count("unknown_volume", words("unknown")),
        hidden("style"),
    ]
    about = words.mixed("Trong 150 mã giao dịch nhiều nhất.", "Of the 150 that traded most.")
    return table(words("flow"), _SYMBOLS, 15, 16, columns, about=about)


def _patterns(words: Words) -> Box:
    columns = [
        field("symbol", words("symbol"), links=to_symbol(words)),
        field("side", words("side"), mappings=sides(words)),
        count("occurrences", words("count")),
        billions("value_bn", words("value")),
        field("newest", words("newest"), unit="time:HH:mm:ss"),
    ]
    return table("BUSD", _PATTERNS, 9, 16, columns)

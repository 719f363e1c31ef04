"""Order flow of one symbol: bars with delta, volume by price, the book, the tape."""

from services.walls import annotations, colours, variables
from services.walls.charts import BARS, RIGHT, candles, heat, history, ranking
from services.walls.fields import count, field, hidden, line, mapped, price
from services.walls.header import header, phase_words
from services.walls.panels import Box, table
from services.walls.query import BY, CHOSEN, IT
from services.walls.wall import Size, Wall
from services.walls.words import Words

_CANDLES = f"""
{CHOSEN}
SELECT ts AS time, open / {BY} AS open, high / {BY} AS high, low / {BY} AS low,
  close / {BY} AS close, volume, vwap / {BY} AS vwap
FROM "${{tape}}".bars_${{bar}} WHERE symbol = {IT} AND $__timeFilter(ts) ORDER BY ts
"""
_DELTA = f"""
{CHOSEN}
SELECT ts AS time, delta, sum(delta) OVER (ORDER BY ts) AS cum_delta
FROM "${{tape}}".bars_${{bar}} WHERE symbol = {IT} AND $__timeFilter(ts) ORDER BY ts
"""
_PROFILE = f"""
{CHOSEN}
SELECT to_char(price / {BY}, 'FM999990.00') AS level,
  sum(volume) FILTER (WHERE side = 'sell') AS sell,
  sum(volume) FILTER (WHERE side = 'buy') AS buy,
  sum(volume) FILTER (WHERE side NOT IN ('buy', 'sell')) AS other
FROM "${{tape}}".trades_classified
WHERE symbol = {IT} AND board = 'main' AND $__timeFilter(ts)
GROUP BY price ORDER BY price DESC LIMIT 40
"""
_CELLS = f"""
{CHOSEN}
SELECT time_bucket('5 minutes', ts) AS time, (price / {BY})::numeric::text AS metric,
  sum(volume) AS volume
FROM "${{tape}}".trades_classified
WHERE symbol = {IT} AND board = 'main' AND $__timeFilter(ts)
GROUP BY 1, price ORDER BY 1, price
"""
BOOK = f"""
{CHOSEN}
SELECT bid.volume AS bid_volume, bid.price / {BY} AS bid, coalesce(bid.level, ask.level) AS level,
  ask.price / {BY} AS ask, ask.volume AS ask_volume, {colours.css("bid.zone")} AS bid_style,
  {colours.css("ask.zone")} AS ask_style
FROM (SELECT * FROM "${{tape}}".quote_levels WHERE symbol = {IT} AND side = 'bid') AS bid
FULL JOIN (SELECT * FROM "${{tape}}".quote_levels WHERE symbol = {IT} AND side = 'ask') AS ask
  ON bid.level = ask.level
ORDER BY level
"""
_PRINTS = f"""
{CHOSEN}
SELECT ts AS time, price / {BY} AS price, volume, side, confidence, phase,
  {colours.css('"${tape}".zone(price, reference, ceiling, floor)')} AS style
FROM "${{tape}}".trades_classified
WHERE symbol = {IT} AND $__timeFilter(ts)
ORDER BY ts DESC, seq DESC LIMIT 60
"""
_LARGE = f"""
{CHOSEN}
SELECT ts AS time, price / {BY} AS price, volume, side, confidence, phase,
  {colours.css('"${tape}".zone(price, reference, ceiling, floor)')} AS style
FROM "${{tape}}".trades_classified
WHERE symbol = {IT} AND $__timeFilter(ts)
ORDER BY volume DESC, seq LIMIT 30
"""


def wall(words: Words, size: Size) -> Wall:
    """Bars and delta left, volume by price and the book right."""
    rows = [
        header(words),
        [bars(words, 14, 14), _profile(words, 5, 14), book(words, 5, 14)],
        [_delta(words, 14, 10), prints(words, 10, 10)],
    ]
    if size == "desk":
        rows.append([_cells(words), _large(words)])
    chosen = variables.of_one_symbol(words)
    notes = annotations.usual(words, of_symbol=True)
    return Wall("orderflow", "orderflow", size, rows, chosen, notes, "2s")


def bars(words: Words, w: int, h: int) -> Box:
    """Candles with the volume-weighted price."""
    series = [
        line("vwap", "VWAP", colours.SECOND, decimals=2),
        line("volume", words("volume"), colours.NEUTRAL, unit="locale", decimals=0),
    ]
    return candles("${symbol} · ${bar}", _CANDLES, w, h, series, decimals=2)


def _delta(words: Words, w: int, h: int) -> Box:
    series = [
        line("delta", words("delta"), colours.LINE, **BARS),
        line("cum_delta", words("cum_delta"), colours.SECOND, **RIGHT),
    ]
    return history(f"${{symbol}} · {words('delta')}", _DELTA, w, h, series)


def _profile(words: Words, w: int, h: int) -> Box:
    series = [
        line("sell", words("active_sell"), colours.SELL),
        line("buy", words("active_buy"), colours.BUY),
        line("other", words("neutral"), colours.NEUTRAL),
    ]
    title = words.mixed("KL theo giá", "Volume by price")
    return ranking(title, _PROFILE, w, h, "level", series, stacked=True)


def book(words: Words, w: int, h: int) -> Box:
    """The newest quote, level by level."""
    columns = [
        count("bid_volume", words("bid_volume")),
        price("bid", words("bid"), "bid_style"),
        field("level", words("level"), custom__width=50),
        price("ask", words("ask"), "ask_style"),
        count("ask_volume", words("ask_volume")),
        hidden("bid_style", "ask_style"),
    ]
    return table(f"{words('bid')} / {words('ask')}", BOOK, w, h, columns)


def sides(words: Words) -> list[dict[str, object]]:
    """Who was active, in words."""
    return mapped(
        {
            "buy": (words("active_buy"), colours.BUY),
            "sell": (words("active_sell"), colours.SELL),
            "neutral": (words("auction"), colours.NEUTRAL),
            "unknown": (words("unknown"), colours.NEUTRAL),
        }
    )


def prints(words: Words, w: int, h: int, *, large: bool = False) -> Box:
    """Time and sales: the newest trades, or the largest."""
    columns = [
        field("time", words("time"), unit="time:HH:mm:ss", custom__width=80),
        price("price", words("price"), "style"),
        count("volume", words("volume")),
        field("side", words("side"), mappings=sides(words),
              custom__cellOptions={"type": "color-text"}),
        field("confidence", words("confidence"), unit="percentunit", decimals=0),
        field("phase", words("phase"), mappings=phase_words(words)),
        hidden("style"),
    ]  # fmt: skip
    title = (
        words.mixed("Lệnh lớn nhất", "Largest trades")
        if large
        else words.mixed("Khớp lệnh", "Time and sales")
    )
    return table(title, _LARGE if large else _PRINTS, w, h, columns)


def _large(words: Words) -> Box:
    return prints(words, 10, 12, large=True)


def _cells(words: Words) -> Box:
    title = words.mixed("KL theo giá và thời gian", "Volume by price and time")
    return heat(f"${{symbol}} · {title}", _CELLS, 14, 12)

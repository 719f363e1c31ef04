"""One symbol: its price, its book, its trades, who is active, foreigners, alerts."""

from services.walls import annotations, colours, variables
from services.walls.charts import BARS, RIGHT, history, ranking
from services.walls.fields import field, line, price
from services.walls.header import age, phase_words
from services.walls.market.alerts import newest_columns
from services.walls.market.orderflow import bars, book, prints
from services.walls.panels import Box, numbers, table
from services.walls.query import BY, CHOSEN, IT, filled
from services.walls.wall import Size, Wall
from services.walls.words import PHASES, Words

_HEAD = f"""
{CHOSEN}
SELECT last / {BY} AS last, change / {BY} AS change, change_percent, reference / {BY} AS reference,
  ceiling / {BY} AS ceiling, floor / {BY} AS floor, expected_price / {BY} AS expected, phase
FROM "${{tape}}".board_last WHERE symbol = {IT}
"""
_FACTS = f"""
{CHOSEN}
SELECT fact, value
FROM "${{tape}}".board_last AS b LEFT JOIN "${{tape}}".day_last AS d USING (symbol),
LATERAL (VALUES <facts>) AS facts (at, fact, value)
WHERE b.symbol = {IT} ORDER BY at
"""
_PHASES = f"""
{CHOSEN}
SELECT CASE phase <cases> END AS phase, buy_volume AS buy, sell_volume AS sell,
  neutral_volume AS neutral, unknown_volume AS unknown
FROM (
  SELECT DISTINCT ON (phase) * FROM "${{tape}}".session_flow
  WHERE symbol = {IT} AND phase <> 'day' AND $__timeFilter(ts)
  ORDER BY phase, ts DESC, seq DESC, part DESC
) AS newest
ORDER BY array_position(ARRAY{list(PHASES)!r}, phase)
"""
_FOREIGN = f"""
{CHOSEN}
SELECT ts AS time, net_value / 1e9 AS net, delta_value / 1e9 AS minute,
  correlation_15m AS correlation
FROM "${{tape}}".foreign_1m WHERE symbol = {IT} AND $__timeFilter(ts) ORDER BY ts
"""
_DAILY = f"""
{CHOSEN}
SELECT ts AS time, close / {BY} AS close, volume, delta
FROM "${{tape}}".bars_1d WHERE symbol = {IT} ORDER BY ts DESC LIMIT 250
"""
_ALERTS = f"""
{CHOSEN}
SELECT ts AS time, severity, symbol, <text> AS text, rule, exchange
FROM "${{tape}}".alerts_recent WHERE symbol = {IT} AND $__timeFilter(ts)
ORDER BY ts DESC LIMIT 50
"""


def wall(words: Words, size: Size) -> Wall:
    """Where every symbol on every wall leads."""
    rows = [
        [age(words, h=4), _head(words)],
        [bars(words, 14, 13), book(words, 5, 13), _facts(words)],
        [prints(words, 8, 10), _phases(words), _foreign(words)],
    ]
    if size == "desk":
        rows.append([_daily(words), _alerts(words)])
    chosen = variables.of_one_symbol(words)
    notes = annotations.usual(words, of_symbol=True)
    return Wall("symbol", "symbol_board", size, rows, chosen, notes, "1s")


def _head(words: Words) -> Box:
    fixed = {"reference": colours.REFERENCE, "ceiling": colours.CEILING, "floor": colours.FLOOR}
    signed = {
        "thresholds": {
            "mode": "absolute",
            "steps": [
                {"value": None, "color": colours.DOWN},
                {"value": 0, "color": colours.REFERENCE},
                {"value": 1e-9, "color": colours.UP},
            ],
        },
        "color": {"mode": "thresholds"},
    }
    columns = [
        field("last", words("last")),
        field("change", words("change"), **signed),
        field("change_percent", words("percent"), **signed),
        *(line(name, words(name), colour) for name, colour in fixed.items()),
        field("expected", words("expected")),
        field("phase", words("phase"), mappings=phase_words(words)),
    ]
    return numbers("${symbol}", _HEAD, 21, 4, columns, unit="none", decimals=2)


def _facts(words: Words) -> Box:
    price_, money, plain = "b.{} / " + BY, "{} / 1e9", "{}"
    facts = (
        ("open", "FM999G990.00", price_.format("open")),
        ("high", "FM999G990.00", price_.format("high")),
        ("low", "FM999G990.00", price_.format("low")),
        ("average", "FM999G990.00", price_.format("average")),
        ("total_volume", "FM999G999G999G990", plain.format("b.total_volume")),
        ("value", "FM999G990.0", money.format("b.total_value")),
        ("foreign_buy", "FM999G999G999G990", plain.format("b.foreign_buy_volume")),
        ("foreign_sell", "FM999G999G999G990", plain.format("b.foreign_sell_volume")),
        ("foreign_net", "FM999G990.0", money.format("b.foreign_net_value")),
        ("room", "FM999G999G999G990", plain.format("b.foreign_room")),
        ("put_through_volume", "FM999G999G999G990", plain.format("b.put_through_volume")),
        ("put_through_value", "FM999G990.0", money.format("d.put_through_value")),
        ("odd_lot_volume", "FM999G999G999G990", plain.format("b.odd_lot_volume")),
        ("open_interest", "FM999G999G990", plain.format("b.open_interest")),
        ("expected_volume", "FM999G999G990", plain.format("b.expected_volume")),
    )
    texts = [("name", f"b.name_{words.language}"), ("sector", "b.sector")]
    texts += [(word, f"to_char({sql}, '{form}')") for word, form, sql in facts]
    values = ", ".join(f"({at}, '{words(word)}', {sql})" for at, (word, sql) in enumerate(texts))
    columns = [
        field("fact", words("fact"), custom__minWidth=110),
        field("value", " ", custom__align="right"),
    ]
    return table(words("day"), filled(_FACTS, facts=values), 5, 13, columns)


def _phases(words: Words) -> Box:
    cases = " ".join(f"WHEN '{phase}' THEN '{words(phase)}'" for phase in PHASES)
    series = [
        line("buy", words("active_buy"), colours.BUY),
        line("sell", words("active_sell"), colours.SELL),
        line("neutral", words("neutral"), colours.REFERENCE),
        line("unknown", words("unknown"), colours.NEUTRAL),
    ]
    sql = filled(_PHASES, cases=cases)
    return ranking(words("phase"), sql, 6, 10, "phase", series, stacked=True)


def _foreign(words: Words) -> Box:
    series = [
        line("minute", words.mixed("ĐTNN mỗi phút", "Foreign a minute"), colours.SECOND, **BARS),
        line("net", words("foreign_net"), colours.LINE),
        line("correlation", words("correlation"), colours.CEILING, **RIGHT, min=-1, max=1),
    ]
    return history(words("foreign"), _FOREIGN, 10, 10, series)


def _daily(words: Words) -> Box:
    columns = [
        field("time", words("day"), unit="time:DD/MM/YYYY"),
        price("close", words("close")),
        field("volume", words("volume"), unit="locale", decimals=0),
        field("delta", words("delta"), unit="locale", decimals=0),
    ]
    return table(words("day"), _DAILY, 9, 10, columns)


def _alerts(words: Words) -> Box:
    sql = filled(_ALERTS, text=f"text_{words.language}")
    return table(words("alerts"), sql, 15, 10, newest_columns(words))

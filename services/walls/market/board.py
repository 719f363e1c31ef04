"""The price board of an index basket, as it hangs in every broker's hall."""

from services.walls import annotations, colours, variables
from services.walls.fields import (
    Override,
    billions,
    count,
    field,
    hidden,
    mapped,
    price,
    signed,
)
from services.walls.header import header, phase_words
from services.walls.links import to_symbol
from services.walls.panels import Box, table
from services.walls.query import filled, scale
from services.walls.wall import Size, Wall
from services.walls.words import Words

_STYLED = ("bid1", "bid2", "bid3", "ask1", "ask2", "ask3")
_DAY_PRICES = ("open", "high", "low", "average")


def _level(name: str) -> str:
    return f"b.{name}_price / s AS {name}, b.{name}_volume AS {name}_volume"


def _styles(names: tuple[str, ...], suffix: str = "") -> str:
    return ",\n  ".join(f"{colours.css_of(f'b.{n}{suffix}', 'b')} AS {n}_style" for n in names)


_FROM = f"""
FROM "${{tape}}".basket_members AS m
JOIN "${{tape}}".board_last AS b USING (symbol)
CROSS JOIN LATERAL (SELECT {scale("b")} AS s) AS unit
WHERE m.index_symbol = ${{basket:sqlstring}}
ORDER BY symbol
"""
_HALF = f"""
SELECT b.symbol, b.zone, b.reference / s AS reference, b.ceiling / s AS ceiling,
  b.floor / s AS floor, b.bid1_volume, b.bid1_price / s AS bid1,
  coalesce(b.last, b.expected_price) / s AS last, b.change / s AS change, b.change_percent,
  b.expected_price / s AS expected, b.ask1_price / s AS ask1, b.ask1_volume, b.total_volume,
  b.foreign_net_value / 1e9 AS foreign_bn,
  {colours.css("coalesce(b.zone, b.expected_zone)")} AS style,
  {colours.css("b.expected_zone")} AS expected_style,
  {_styles(("bid1", "ask1"), "_price")}
{_FROM.rstrip()} LIMIT 15 OFFSET <offset>
"""
_FULL = f"""
SELECT b.symbol, b.zone, b.reference / s AS reference, b.ceiling / s AS ceiling,
  b.floor / s AS floor, {", ".join(_level(f"bid{n}") for n in (3, 2, 1))},
  b.last / s AS last, b.last_volume, b.change / s AS change, b.change_percent,
  {", ".join(_level(f"ask{n}") for n in (1, 2, 3))}, b.total_volume,
  b.total_value / 1e9 AS value_bn, {", ".join(f"b.{n} / s AS {n}" for n in _DAY_PRICES)},
  b.expected_price / s AS expected, b.expected_volume, b.foreign_buy_volume, b.foreign_sell_volume,
  b.foreign_room, b.put_through_volume, b.odd_lot_volume, b.phase, b.trading_status,
  {colours.css("b.zone")} AS style, {colours.css("b.expected_zone")} AS expected_style,
  {_styles(_STYLED, "_price")},
  {_styles(_DAY_PRICES)}
{_FROM.rstrip()}
"""


def wall(words: Words, size: Size) -> Wall:
    """Two halves of fifteen hang; the desk has every column of a broker's board."""
    rows = [header(words)]
    if size == "wall":
        rows.append([_half(words, 0), _half(words, 15)])
    else:
        rows.append([_full(words)])
    chosen = [variables.tape(words), variables.basket(words)]
    return Wall("board", "board", size, rows, chosen, annotations.usual(words)[:1], "1s")


def zone_words() -> list[dict[str, object]]:
    """Arrows in the five colours: what stands where a version of Grafana knows no cell styles."""
    signs = {2: "▲▲", 1: "▲", 0: "■", -1: "▼", -2: "▼▼"}
    return mapped({str(at): (signs[at], colour) for at, colour in colours.ZONES})


def _first(words: Words) -> list[Override]:
    return [
        field(
            "symbol",
            words("symbol"),
            custom__styleField="style",
            custom__width=66,
            links=to_symbol(words),
        ),
        field(
            "zone",
            words("zone"),
            custom__width=38,
            mappings=zone_words(),
            custom__cellOptions={"type": "color-text"},
        ),
        field("reference", words("reference"), decimals=2, custom__width=58,
              custom__cellOptions={"type": "color-text"},
              color={"mode": "fixed", "fixedColor": colours.REFERENCE}),
        field("ceiling", words("ceiling"), decimals=2, custom__width=58,
              custom__cellOptions={"type": "color-text"},
              color={"mode": "fixed", "fixedColor": colours.CEILING}),
        field("floor", words("floor"), decimals=2, custom__width=58,
              custom__cellOptions={"type": "color-text"},
              color={"mode": "fixed", "fixedColor": colours.FLOOR}),
    ]  # fmt: skip


def _traded(words: Words) -> list[Override]:
    return [
        price("last", words("last"), "style", 60),
        price("change", words("change"), "style", 54),
        price("change_percent", words("percent"), "style", 54),
        price("expected", words("expected_short"), "expected_style", 60),
        count("total_volume", words("total_volume"), 84),
    ]


def _half(words: Words, offset: int) -> Box:
    columns = [
        *_first(words),
        count("bid1_volume", words("bid_volume"), 74),
        price("bid1", words("bid"), "bid1_style", 58),
        *_traded(words),
        price("ask1", words("ask"), "ask1_style", 58),
        count("ask1_volume", words("ask_volume"), 74),
        signed("foreign_bn", words("foreign_net"), 76),
        hidden("style", "[a-z0-9]+_style"),
    ]
    return table("", filled(_HALF, offset=offset), 12, 24, columns, rows="lg")


def _full(words: Words) -> Box:
    book = [
        override
        for side, names in (("bid", (3, 2, 1)), ("ask", (1, 2, 3)))
        for n in names
        for override in (
            price(f"{side}{n}", f"{words(side)} {n}", f"{side}{n}_style", 62),
            count(f"{side}{n}_volume", f"{words(f'{side}_volume')} {n}", 84),
        )
    ]
    day = [price(n, words(n), f"{n}_style", 62) for n in _DAY_PRICES]
    columns = [
        *_first(words),
        *book,
        *_traded(words),
        count("last_volume", words("last_volume"), 78),
        billions("value_bn", words("value"), 80),
        *day,
        count("expected_volume", words("expected_volume"), 84),
        count("foreign_buy_volume", words("foreign_buy"), 90),
        count("foreign_sell_volume", words("foreign_sell"), 90),
        count("foreign_room", words("room"), 110),
        count("put_through_volume", words("put_through_volume"), 100),
        count("odd_lot_volume", words("odd_lot_volume"), 80),
        field("phase", words("phase"), custom__width=100, mappings=phase_words(words)),
        field("trading_status", words("status"), custom__width=90),
        hidden("style", "[a-z0-9]+_style"),
    ]
    return table(words("board"), _FULL, 24, 32, columns)

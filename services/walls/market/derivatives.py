"""Index futures: basis, fair value, divergence, open interest, rolls."""

from services.walls import annotations, colours, variables
from services.walls.charts import BARS, DASHED, RIGHT, UNLISTED, history
from services.walls.fields import count, field, hidden, line, mapped, price, signed
from services.walls.header import header
from services.walls.links import to_symbol
from services.walls.panels import Box, table
from services.walls.wall import Size, Wall
from services.walls.words import Words

_CONTRACTS = f"""
SELECT f.symbol, f.continuous, f.future, b.change, b.change_percent, f.spot, f.basis, f.mid_basis,
  f.basis_percent, f.fair_value, f.carry * 100 AS carry_percent, f.z_score, f.divergence,
  f.total_volume, f.open_interest, f.open_interest - f.open_interest_prior AS open_interest_change,
  f.foreign_net_volume, f.days_to_expiry, f.settlement_estimate, f.direction,
  b.expected_price AS expected, f.stale::text AS stale, {colours.css("b.zone")} AS style
FROM "${{tape}}".basis_last AS f LEFT JOIN "${{tape}}".board_last AS b USING (symbol)
ORDER BY f.underlying <> 'VN30', f.days_to_expiry
"""
_OF = """FROM "${tape}".basis_1m
WHERE symbol = ${contract:sqlstring} AND $__timeFilter(ts) ORDER BY ts"""
_PRICES = f"""
SELECT ts AS time, future, spot, fair_value AS fair, settlement_estimate AS settlement
{_OF}
"""
_BASIS = f"""
SELECT ts AS time, basis, basis_low AS low, basis_high AS high, fair_value - spot AS fair,
  z_score
{_OF}
"""
_DIVERGENCE = f"""
SELECT ts AS time, divergence, future_change_5m AS future_change, spot_change_5m AS spot_change
{_OF}
"""
_INTEREST = f"""
SELECT ts AS time, open_interest, total_volume, foreign_net_volume AS foreign_net
{_OF}
"""


def wall(words: Words, size: Size) -> Wall:
    """Contracts above; the chosen one against its index below."""
    rows = [
        header(words),
        [_contracts(words)],
        [_prices(words), _basis(words)],
    ]
    if size == "desk":
        rows.append([_divergence(words, 12, 9), _interest(words)])
    else:
        rows[2] = [_prices(words).sized(9, 15), _basis(words).sized(8, 15),
                   _divergence(words, 7, 15)]  # fmt: skip
    chosen = [variables.tape(words), variables.contract(words)]
    notes = annotations.usual(words)
    return Wall("derivatives", "derivatives", size, rows, chosen, notes, "2s")


def _contracts(words: Words) -> Box:
    points = {"spot": "spot", "fair_value": "fair_value",
              "settlement_estimate": "settlement", "expected": "expected"}  # fmt: skip
    columns = [
        field("symbol", words("contract"), links=to_symbol(words)),
        field("continuous", words("alias")),
        *(field(n, words(w), decimals=2) for n, w in points.items()),
        price("future", words("future"), "style"),
        price("change", words("change"), "style"),
        price("change_percent", words("percent"), "style"),
        signed("basis", words("basis"), decimals=2),
        signed("mid_basis", words("mid_basis"), decimals=2),
        signed("basis_percent", words("basis_percent"), decimals=2),
        field("carry_percent", words("carry"), unit="percent", decimals=1),
        signed("z_score", words("z_score"), decimals=1),
        signed("divergence", words("divergence"), decimals=2),
        count("total_volume", words("volume")),
        count("open_interest", words("open_interest")),
        signed("open_interest_change", "± OI", decimals=0),
        signed("foreign_net_volume", words("foreign_net_volume"), decimals=0),
        count("days_to_expiry", words("days_to_expiry")),
        field(
            "direction",
            words("direction"),
            mappings=mapped(
                {word: (words(word), "") for word in ("widening", "narrowing", "flat")}
            ),
        ),
        field(
            "stale",
            words("stale"),
            mappings=mapped(
                {"true": (words("yes"), colours.DOWN), "false": (words("no"), colours.UP)}
            ),
            custom__cellOptions={"type": "color-text"},
        ),
        hidden("style"),
    ]
    return table(words("contract"), _CONTRACTS, 24, 9, columns)


def _prices(words: Words) -> Box:
    series = [
        line("future", words("future"), colours.SECOND, custom__lineWidth=2),
        line("spot", words("spot"), colours.LINE),
        line("fair", words("fair_value"), colours.NEUTRAL, **DASHED),
        line("settlement", words("settlement"), colours.CEILING, **DASHED),
    ]
    title = words.mixed("${contract} và chỉ số cơ sở", "${contract} and its index")
    return history(title, _PRICES, 12, 10, series, decimals=2)


def _basis(words: Words) -> Box:
    series = [
        line("low", words("low"), colours.SECOND, custom__lineWidth=0, **UNLISTED),
        line("high", words("high"), colours.SECOND, custom__lineWidth=0, custom__fillBelowTo="low",
             custom__fillOpacity=20, **UNLISTED),
        line("basis", words("basis"), colours.SECOND, custom__lineWidth=2),
        line("fair", words.mixed("Basis hợp lý", "Fair basis"), colours.NEUTRAL, **DASHED),
        line("z_score", words("z_score"), colours.FLOOR, **RIGHT),
    ]  # fmt: skip
    return history(words("basis"), _BASIS, 12, 10, series, decimals=2)


def _divergence(words: Words, w: int, h: int) -> Box:
    series = [
        line("divergence", words("divergence"), colours.CEILING, **BARS, **RIGHT),
        line("future_change", words("future_change"), colours.SECOND),
        line("spot_change", words("spot_change"), colours.LINE),
    ]
    return history(words("divergence"), _DIVERGENCE, w, h, series, decimals=2)


def _interest(words: Words) -> Box:
    series = [
        line("open_interest", words("open_interest"), colours.LINE),
        line("total_volume", words("total_volume"), colours.NEUTRAL, **RIGHT),
        line("foreign_net", words("foreign_net_volume"), colours.SECOND, **BARS),
    ]
    return history(words("open_interest"), _INTEREST, 12, 9, series)

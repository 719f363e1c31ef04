"""The variables of the boards: which tape, and what of it."""

from grafana_foundation_sdk.models.dashboard import (
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
    VariableType,
)

from services.walls.query import PROMETHEUS, TIMESCALE, squeezed
from services.walls.words import Words

_TAPES = """
SELECT schemaname AS tape FROM pg_catalog.pg_views WHERE viewname = 'board_last'
ORDER BY schemaname <> 'live', 1
"""
_EXCHANGES = 'SELECT DISTINCT exchange FROM "${tape}".symbols ORDER BY 1'
_SYMBOLS = """
SELECT concat_ws(' · ', symbol, nullif(aliases, '')) AS __text, symbol AS __value
FROM "${tape}".symbols
WHERE exchange IN (${exchange:sqlstring})
ORDER BY symbol
"""
_CONTRACTS = """
SELECT concat_ws(' · ', symbol, continuous) AS __text, symbol AS __value
FROM "${tape}".basis_last
ORDER BY underlying <> 'VN30', days_to_expiry
"""
_BASKETS = """
SELECT DISTINCT index_symbol FROM "${tape}".basket_members ORDER BY 1 DESC
"""
BARS = ("1m", "5m", "15m", "30m", "1h", "1d", "1w")


def _query(name: str, label: str, sql: str, default: str, *, often: bool = False) -> VariableModel:
    return VariableModel(
        type_val=VariableType.QUERY,
        name=name,
        label=label,
        datasource=TIMESCALE,
        query=squeezed(sql),
        current=VariableOption(selected=True, text=default, value=default),
        refresh=(
            VariableRefresh.ON_TIME_RANGE_CHANGED if often else VariableRefresh.ON_DASHBOARD_LOAD
        ),
        sort=VariableSort.DISABLED,
        options=[],
        allow_custom_value=False,
    )


def tape(words: Words) -> VariableModel:
    """Every board has it first: a replayed day is looked at with the same walls."""
    return _query("tape", words("tape"), _TAPES, "live")


def exchange(words: Words, default: str = "HOSE") -> VariableModel:
    """One exchange or several."""
    variable = _query("exchange", words("exchange"), _EXCHANGES, default)
    variable.multi = True
    variable.current = VariableOption(selected=True, text=[default], value=[default])
    return variable


def symbol(words: Words, default: str = "FPT") -> VariableModel:
    """A symbol of the chosen exchanges; an alias may be typed, or stand in the URL."""
    variable = _query("symbol", words("symbol"), _SYMBOLS, default)
    variable.allow_custom_value = True
    return variable


def contract(words: Words) -> VariableModel:
    """A future that has not expired: the next one to expire first."""
    return _query("contract", words("contract"), _CONTRACTS, "")


def basket(words: Words) -> VariableModel:
    """An index whose members are known."""
    return _query("basket", words("basket"), _BASKETS, "VN30")


def bar(words: Words) -> VariableModel:
    """The span of the bars: the name of the relation ends with it."""
    return VariableModel(
        type_val=VariableType.CUSTOM,
        name="bar",
        label=words("bar"),
        query=",".join(BARS),
        current=VariableOption(selected=True, text=BARS[0], value=BARS[0]),
        options=[VariableOption(selected=b == BARS[0], text=b, value=b) for b in BARS],
        allow_custom_value=False,
    )


def of_one_symbol(words: Words) -> list[VariableModel]:
    """What a wall of one symbol asks for."""
    return [tape(words), exchange(words), symbol(words), bar(words)]


def service(words: Words) -> VariableModel:
    """Processes that Prometheus knows."""
    expression = "label_values(vntape_last_progress_timestamp_seconds, service)"
    return VariableModel(
        type_val=VariableType.QUERY,
        name="service",
        label=words("service"),
        datasource=PROMETHEUS,
        query={"query": expression, "refId": "service", "qryType": 1},
        current=VariableOption(selected=True, text=["All"], value=["$__all"]),
        refresh=VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=VariableSort.ALPHABETICAL_ASC,
        options=[],
        multi=True,
        include_all=True,
        all_value=".*",
        allow_custom_value=False,
    )

"""Where a click leads."""

from typing import Any

from services.walls.fields import links
from services.walls.wall import uid
from services.walls.words import Words


def to_symbol(words: Words, column: str = "symbol") -> list[dict[str, Any]]:
    """To the board of the symbol in that column, on the same tape at the same time."""
    url = f"/d/{uid('desk', 'symbol')}?var-symbol=${{__data.fields.{column}}}"
    return links((words("symbol_board"), f"{url}&${{tape:queryparam}}&${{__url_time_range}}"))


def to_day(words: Words) -> list[dict[str, Any]]:
    """To the same board on the day in this row: columns from_ms and to_ms."""
    span = "from=${__data.fields.from_ms}&to=${__data.fields.to_ms}"
    return links((words("day"), f"/d/${{__dashboard.uid}}?${{tape:queryparam}}&{span}"))

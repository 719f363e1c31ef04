"""What a column or a series looks like: names, units, colours, links."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from grafana_foundation_sdk.models.dashboard import (
    DashboardFieldConfigSourceOverrides,
    DynamicConfigValue,
    FieldColor,
    FieldColorModeId,
    MatcherConfig,
    Threshold,
    ThresholdsConfig,
    ThresholdsMode,
)

from services.walls import colours

Override = DashboardFieldConfigSourceOverrides

COUNT: Final = "locale"
"""Shares and contracts, with separators of thousands."""
PLAIN: Final = "none"
PERCENT: Final = "percent"
RATIO: Final = "percentunit"
SECONDS: Final = "s"


def field(name: str, shown: str = "", **properties: Any) -> Override:
    """
    How the field `name` is shown; `shown` is its heading.

    A property's name has `__` for the dot: `custom__width=80` is `custom.width`.
    """
    named = {"displayName": shown} if shown else {}
    return _override("byName", name, {**named, **properties})


def fields(pattern: str, **properties: Any) -> Override:
    """The same for all fields whose name matches the regular expression."""
    return _override("byRegexp", f"/{pattern}/", properties)


def _override(matcher: str, option: str, properties: Mapping[str, Any]) -> Override:
    return Override(
        matcher=MatcherConfig(id_val=matcher, options=option),
        properties=[
            DynamicConfigValue(id_val=key.replace("__", "."), value=value)
            for key, value in properties.items()
            if value is not None
        ],
    )


def price(name: str, shown: str, style: str = "", width: int | None = None) -> Override:
    """A price as the board shows it, in the colour of the CSS that the column `style` has."""
    return field(
        name,
        shown,
        unit=PLAIN,
        decimals=2,
        custom__width=width,
        **({"custom__styleField": style} if style else {}),
    )


def count(name: str, shown: str, width: int | None = None) -> Override:
    """Shares, contracts, trades."""
    return field(name, shown, unit=COUNT, decimals=0, custom__width=width)


def billions(name: str, shown: str, width: int | None = None) -> Override:
    """Money in thousand millions of VND; the query divides."""
    return field(name, shown, unit=PLAIN, decimals=1, custom__width=width)


def signed(name: str, shown: str, width: int | None = None, decimals: int = 1) -> Override:
    """A number that is green above zero and red below."""
    return field(
        name,
        shown,
        unit=PLAIN,
        decimals=decimals,
        custom__width=width,
        custom__cellOptions={"type": "color-text"},
        thresholds=steps((None, colours.DOWN), (0, colours.REFERENCE), (1e-9, colours.UP)),
        color={"mode": "thresholds"},
        mappings=[
            {
                "type": "special",
                "options": {"match": "null", "result": {"text": "–", "color": colours.NEUTRAL}},
            }
        ],
    )


def hidden(*names: str) -> Override:
    """Columns that others need, not the viewer."""
    return fields(
        f"^({'|'.join(names)})$", custom__hideFrom={"viz": True, "legend": True, "tooltip": True}
    )


def line(name: str, shown: str, colour: str, **properties: Any) -> Override:
    """A series in a colour of its own."""
    return field(name, shown, color={"mode": "fixed", "fixedColor": colour}, **properties)


def mapped(values: Mapping[str, tuple[str, str]]) -> list[dict[str, Any]]:
    """A value mapping: value -> (text, colour); an empty colour is none."""
    options = {
        value: {"text": text, "index": at} | ({"color": colour} if colour else {})
        for at, (value, (text, colour)) in enumerate(values.items())
    }
    return [{"type": "value", "options": options}]


def steps(*pairs: tuple[float | None, str]) -> ThresholdsConfig:
    """Colours by value: each from its own number on; the first has None."""
    return ThresholdsConfig(
        mode=ThresholdsMode.ABSOLUTE,
        steps=[Threshold(value=value, color=colour) for value, colour in pairs],
    )


def fixed(colour: str) -> FieldColor:
    """One colour for all that has no override."""
    return FieldColor(mode=FieldColorModeId.FIXED, fixed_color=colour)


def by_thresholds() -> FieldColor:
    """The colour of the step that the value is in."""
    return FieldColor(mode=FieldColorModeId.THRESHOLDS)


def links(*targets: tuple[str, str]) -> list[dict[str, Any]]:
    """Links of a cell: (title, URL)."""
    return [{"title": title, "url": url, "targetBlank": False} for title, url in targets]


def overrides(items: Sequence[Override]) -> list[Override]:
    """Their order counts: a later one wins."""
    return list(items)

"""A wall: rows of boxes, put into a dashboard of Grafana."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationContainer,
    AnnotationQuery,
    Dashboard,
    DashboardCursorSync,
    DashboardDashboardTemplating,
    DashboardDashboardTime,
    DashboardLink,
    DashboardLinkType,
    Panel,
    TimePickerConfig,
    VariableModel,
)

from services.walls.panels import Box
from services.walls.words import Words

Size = Literal["wall", "desk", "ops"]
"""wall: one screen of 1080 lines, hung; desk: the same and details below it; ops: for operators."""

COLUMNS: Final = 24
WALL_ROWS: Final = 27
"""Rows of 38 pixels, the space between them included, in 1,080 lines."""
REFRESHES: Final = ("1s", "2s", "5s", "10s", "30s", "1m")
_DAY: Final = DashboardDashboardTime(from_val="now/d+8h+45m", to="now/d+15h")
_RECENT: Final = DashboardDashboardTime(from_val="now-1h", to="now")


@dataclass(frozen=True)
class Wall:
    """
    One board.

    Attributes:
        name: without the size; the uid is `vntape-<size>-<name>`.
        title: a word of the table.
        rows: each has boxes of one height, 24 columns together.
        refresh: how often, while nobody says otherwise in the URL.
    """

    name: str
    title: str
    size: Size
    rows: Sequence[Sequence[Box]]
    variables: Sequence[VariableModel]
    annotations: Sequence[AnnotationQuery]
    refresh: str

    @property
    def uid(self) -> str:
        """Of the dashboard: what links name."""
        return uid(self.size, self.name)

    @property
    def file(self) -> str:
        """Below grafana/dashboards."""
        return f"{self.size}/{self.name}.json"


def uid(size: Size, name: str) -> str:
    """Of the board of that name and size."""
    return f"vntape-{size}-{name}"


def text(wall: Wall, words: Words) -> str:
    """The file of its dashboard, the same for the same wall."""
    encoded = json.loads(json.dumps(_dashboard(wall, words), cls=JSONEncoder))
    return json.dumps(_without_noise(encoded), indent=1, ensure_ascii=False) + "\n"


def _dashboard(wall: Wall, words: Words) -> Dashboard:
    return Dashboard(
        uid=wall.uid,
        title=words(wall.title),
        tags=["vntape", f"vntape-{wall.size}"],
        timezone="Asia/Ho_Chi_Minh",
        week_start="monday",
        editable=False,
        graph_tooltip=DashboardCursorSync.CROSSHAIR,
        time=_RECENT if wall.size == "ops" else _DAY,
        timepicker=TimePickerConfig(refresh_intervals=list(REFRESHES)),
        refresh=wall.refresh,
        live_now=False,
        panels=list(_placed(wall)),
        templating=DashboardDashboardTemplating(list_val=list(wall.variables)),
        annotations=AnnotationContainer(list_val=list(wall.annotations)),
        links=_links(words),
    )


def _placed(wall: Wall) -> Iterator[Panel]:
    number, y = 1, 0
    for row in wall.rows:
        height = row[0].h
        assert {box.h for box in row} == {height}, f"{wall.uid}: a row of different heights"
        assert sum(box.w for box in row) == COLUMNS, f"{wall.uid}: a row of another width at {y}"
        x = 0
        for box in row:
            yield box.panel(number, x, y)
            number, x = number + 1, x + box.w
        y += height


def _links(words: Words) -> list[DashboardLink]:
    return [
        DashboardLink(
            title=words(f"folder_{size}"),
            type_val=DashboardLinkType.DASHBOARDS,
            icon="external link",
            tags=[f"vntape-{size}"],
            as_dropdown=True,
            include_vars=True,
            keep_time=size != "ops",
        )
        for size in ("wall", "desk", "ops")
    ]


_NOISE: Final = {"auto", "auto_min", "auto_count"}
"""What the SDK puts into every variable, and Grafana knows only of intervals."""


def _without_noise(dashboard: dict[str, Any]) -> dict[str, Any]:
    for variable in dashboard["templating"]["list"]:
        for key in _NOISE:
            variable.pop(key, None)
    for annotation in dashboard["annotations"]["list"]:
        annotation.pop("placement", None)
        annotation.pop("builtIn", None)
    for panel in dashboard["panels"]:
        if "repeat" not in panel:
            panel.pop("repeatDirection", None)
    return dashboard

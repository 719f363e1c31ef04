"""All walls, and the files they are committed as."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.walls.market import (
    alerts,
    board,
    derivatives,
    flow,
    foreign,
    orderflow,
    overview,
    symbol,
    trust,
)
from services.walls.operations import gateway, kafka, pipeline, timescale
from services.walls.wall import Size, Wall, text
from services.walls.words import Language, Words

MARKET: Final[tuple[Callable[[Words, Size], Wall], ...]] = (
    overview.wall, board.wall, flow.wall, foreign.wall, derivatives.wall, orderflow.wall,
    alerts.wall, trust.wall, symbol.wall,
)  # fmt: skip
OPERATIONS: Final[tuple[Callable[[Words], Wall], ...]] = (
    pipeline.wall, kafka.wall, timescale.wall, gateway.wall,
)  # fmt: skip


def walls(language: Language = "vi") -> list[Wall]:
    """Every board: those of the market in two sizes, then those of operators."""
    words = Words(language)
    sizes: tuple[Size, ...] = ("wall", "desk")
    return [
        *(make(words, size) for size in sizes for make in MARKET),
        *(make(words) for make in OPERATIONS),
    ]


def files(language: Language = "vi") -> dict[str, str]:
    """Path below the folder of dashboards -> text, the same on every run."""
    return {wall.file: text(wall, Words(language)) for wall in walls(language)}


def on_disk(folder: Path) -> dict[str, str]:
    """What is committed, in the same form."""
    return {
        str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.json"))
    }

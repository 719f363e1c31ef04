"""What stands at the top of every wall: how old the data is, the phases, the indices."""

from services.walls import colours
from services.walls.fields import PLAIN, SECONDS, Override, by_thresholds, field, mapped, steps
from services.walls.panels import Box, number, numbers
from services.walls.words import PHASES, Words

_AGE = """
SELECT age_s AS age FROM "${tape}".data_age ORDER BY venue <> 'VN', venue LIMIT 1
"""
_PHASES = """
SELECT max(phase) FILTER (WHERE exchange = 'HOSE') AS "HOSE",
  max(phase) FILTER (WHERE exchange = 'HNX') AS "HNX",
  max(phase) FILTER (WHERE exchange = 'UPCOM') AS "UPCOM",
  max(phase) FILTER (WHERE exchange = 'DERIVATIVES') AS derivatives
FROM "${tape}".session_state WHERE venue = 'VN'
"""
_INDICES = """
SELECT max(value) FILTER (WHERE symbol = 'VNINDEX') AS "VN-Index",
  max(change_percent) FILTER (WHERE symbol = 'VNINDEX') AS vnindex_percent,
  max(value) FILTER (WHERE symbol = 'VN30') AS "VN30",
  max(change_percent) FILTER (WHERE symbol = 'VN30') AS vn30_percent
FROM "${tape}".index_last
"""
HEIGHT = 3


def age(words: Words, w: int = 3, h: int = HEIGHT) -> Box:
    """Seconds since the newest row of the board: a frozen wall looks healthy otherwise."""
    return number(
        words("age"),
        _AGE,
        w,
        h,
        unit=SECONDS,
        decimals=0,
        color=by_thresholds(),
        thresholds=steps(
            (None, colours.UP), (2, colours.REFERENCE), (5, colours.SECOND), (15, colours.DOWN)
        ),
        about=words.mixed(
            "Giây từ dòng mới nhất của bảng giá đến nay. Ngoài phiên và khi phát lại thì cũ.",
            "Seconds since the newest row of the board. Old outside sessions and on replays.",
        ),
    )


def phase_words(words: Words) -> list[object]:
    """The names of the phases and their colours, as a value mapping."""
    shown = {
        "ato": colours.SECOND,
        "atc": colours.SECOND,
        "plo": colours.SECOND,
        "continuous": colours.UP,
        "periodic": colours.UP,
        "halted": colours.DOWN,
        "break": colours.REFERENCE,
    }
    return list(mapped({p: (words(p), shown.get(p, colours.NEUTRAL)) for p in PHASES}))


def header(words: Words) -> list[Box]:
    """The first row of a wall."""
    percent: list[Override] = [
        field(
            f"{name}_percent",
            "%",
            unit="percent",
            decimals=2,
            thresholds=steps((None, colours.DOWN), (0, colours.REFERENCE), (1e-9, colours.UP)),
            color={"mode": "thresholds"},
        )
        for name in ("vnindex", "vn30")
    ]
    return [
        age(words),
        numbers(
            "",
            _PHASES,
            11,
            HEIGHT,
            [field("derivatives", words("future"))],
            mappings=phase_words(words),
        ),
        numbers("", _INDICES, 10, HEIGHT, percent, unit=PLAIN, decimals=2),
    ]

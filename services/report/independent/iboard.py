"""iBoard's frames, counted by line: they write nothing but open interest beside SSI v2."""

import re
from typing import Any

from services.report.independent.figures import Recording

_HEAD = re.compile(rb"[A-Z_]{1,12}\|([LS])#")


class Iboard:
    """Counts the frames of iBoard into a recording."""

    def __init__(self, _venue: str, _found: Recording) -> None:
        pass

    def open(self, line: bytes) -> tuple[str, bytes, Any]:
        """Kind (L, S, else other), raw value and nothing of a recorded line."""
        found = _HEAD.search(line)
        return (found[1].decode() if found else "other"), line, None

    def parse(self, _value: bytes) -> Any:
        """Nothing of a frame is looked at."""
        return None

    def add(self, kind: str, received_us: int, message: Any) -> None:
        """Counted by its line alone."""

    def settle(self) -> None:
        """Nothing is left for the end."""

"""
Counts and sums straight from a recording's files: plain JSON and text, none of our decoders.

One side of the reconciliation; it shares no code with ingest on purpose.
"""

from services.report.independent.counting import Counting, UnreadableRecording, count
from services.report.independent.figures import (
    SCALE,
    DayKey,
    Recording,
    SymbolDay,
    Trades,
    day_key,
    digest,
)

__all__ = [
    "SCALE",
    "Counting",
    "DayKey",
    "Recording",
    "SymbolDay",
    "Trades",
    "UnreadableRecording",
    "count",
    "day_key",
    "digest",
]

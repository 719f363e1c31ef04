"""The manifest of a simulated recording, in the form that ingest reads."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from services.simulator.core import futures
from services.simulator.core.day import SPANS
from services.simulator.core.plan import Plan
from services.simulator.core.prices import TENTHS, limits, step_at
from services.simulator.core.universe import INDICES, Instrument

_SOURCE = "the simulated exchange"
_INDEX_EXCHANGES = dict(zip(INDICES, ("HOSE", "HOSE", "HNX", "UPCOM"), strict=True))


class RecordedFile(NamedTuple):
    """A file of the recording: its name and the feed whose messages it holds."""

    name: str
    feed: str


def write_manifest(plan: Plan, files: Sequence[RecordedFile], path: Path) -> None:
    """Write it; the phases with which a day begins are in it."""
    day = plan.day.date
    text = {
        "name": f"simulated-{plan.seed}-{day:%Y%m%d}",
        "title": f"A simulated trading day, {day}, seed {plan.seed}, scale {plan.scale:g}",
        "licence": "made by vntape; no vendor's data",
        "source": _SOURCE,
        "files": [
            {"path": file.name, "feed": file.feed, "venue": "VN", "format": "ns_line"}
            for file in files
        ],
        "reference": {
            "source": f"{_SOURCE}, seed {plan.seed}, {day}",
            "instruments": [_instrument(each) for each in plan.instruments] + _indices(),
            "statuses": [
                {"symbol": "*", "venue": "VN", "exchange": exchange, "phase": "pre_open"}
                for exchange in SPANS
            ],
        },
    }
    path.write_text(json.dumps(text, indent=1) + "\n")


def _instrument(about: Instrument) -> dict[str, Any]:
    future = about.kind == "future"
    unit = TENTHS if future else 1
    ceiling, floor = limits(about.reference, about.exchange, about.kind, about.band)
    found: dict[str, Any] = {
        "symbol": about.symbol,
        "exchange": about.exchange,
        "kind": about.kind,
        "lot": about.lot,
        "price_steps": _steps(about),
        "reference": about.reference / unit,
        "ceiling": ceiling / unit,
        "floor": floor / unit,
        "source": _SOURCE,
    }
    if future:
        found |= {"underlying": about.leads, "multiplier": futures.MULTIPLIER}
    return found


def _steps(about: Instrument) -> list[list[float]]:
    starts = (0, 10_000, 50_000) if about.exchange == "HOSE" and about.kind == "stock" else (0,)
    unit = TENTHS if about.kind == "future" else 1
    return [[start, step_at(start, about.exchange, about.kind) / unit] for start in starts]


def _indices() -> list[dict[str, Any]]:
    return [
        {
            "symbol": name.upper(),
            "exchange": exchange,
            "kind": "index",
            "lot": 1,
            "source": _SOURCE,
        }
        for name, exchange in _INDEX_EXCHANGES.items()
    ]

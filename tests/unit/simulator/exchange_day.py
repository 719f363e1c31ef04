"""Small simulated days for the tests, and what ingest and the classifier make of one."""

import heapq
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from schemas.market import Gap, Instrument, MarketMessage, Quote, Trade
from schemas.trades_classified import TradeClassified
from services.classifier.core.classifier import step
from services.classifier.core.state import SymbolState
from services.ingest.core.engine import Engine
from services.ingest.core.manifest import Manifest
from services.ingest.core.records import Raw
from services.ingest.core.registry import FEEDS
from services.ingest.core.sequence import ReceiveCounter
from services.ingest.feeds.lines import stamped_lines
from services.simulator.core.day import trading_day
from services.simulator.core.plan import Plan
from services.simulator.core.universe import universe
from services.simulator.recording import Recorded, record

MEMBERS = (
    "ACB", "BID", "CTG", "DGC", "FPT", "GAS", "GVR", "HDB", "HPG", "LPB", "MBB", "MSN", "MWG",
    "PLX", "SAB", "SHB", "SSB", "SSI", "STB", "TCB", "TPB", "VCB", "VHM", "VIB", "VIC", "VJC",
    "VNM", "VPB", "VPL", "VRE",
)  # fmt: skip
FRIDAY = date(2026, 11, 20)
USUAL = frozenset({"F", "X-TRADE", "X-QUOTE", "R", "MI", "OL", "S"})


def plan(seed: int = 7, scale: float = 0.02, which: str = "default", **over: Any) -> Plan:
    """A plan of Friday 20 November 2026."""
    day = trading_day(FRIDAY, set())
    options: dict[str, Any] = {"overtaking": 0.0, "channels": USUAL} | over
    return Plan(seed, day, universe(which, MEMBERS, day, set(), seed), scale, **options)


def recorded(plan: Plan, folder: Path) -> Recorded:
    """Its recording."""
    return record(plan, folder, lambda _share: None)


def lines(folder: Path) -> list[tuple[int, str, bytes]]:
    """(receive time in ns, feed, message) of all files, as ingest merges them."""
    manifest = Manifest.parse((folder / "manifest.json").read_bytes())

    def of(path: Path, feed: str) -> Iterator[tuple[int, str, bytes]]:
        for ns, _, value in stamped_lines(path):
            yield ns, feed, value

    files = [of(folder / file.path, file.feed) for file in manifest.files]
    return list(heapq.merge(*files, key=lambda line: line[0]))


@dataclass
class Decoded:
    """What ingest made of a recording, and the classifier of that."""

    messages: list[MarketMessage] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    classified: dict[str, list[TradeClassified]] = field(default_factory=dict)


def decoded(folder: Path) -> Decoded:
    """By ingest's own engine, reference data first."""
    engine, counter, found = Engine(["VN"]), ReceiveCounter(), Decoded()
    manifest = Manifest.parse((folder / "manifest.json").read_bytes())
    states: dict[str, SymbolState] = {}
    every = lines(folder)
    first = Raw("VN", counter.next(every[0][0] // 1000), "ssi", "reference", "VN",
                manifest.references()["VN"])  # fmt: skip

    def raws() -> Iterator[Raw]:
        yield first
        for ns, feed, message in every:
            _, channel, key, value = FEEDS[feed].route("VN", message)
            yield Raw("VN", counter.next(ns // 1000), feed, channel, key, value)

    for raw in raws():
        made = engine.decode(raw)
        found.dead += made.dead
        found.dropped.update(f"{raw.channel} {code}" for code in made.dropped)
        for message in made.messages:
            found.messages.append(message)
            if message.symbol != "*" and isinstance(message, Quote | Trade | Gap | Instrument):
                symbol = message.symbol
                state = states.setdefault(symbol, SymbolState(symbol=symbol))
                found.classified.setdefault(symbol, []).extend(step(state, message))
    return found


def truth_trades(folder: Path) -> list[dict[str, Any]]:
    """Rows of the truth."""
    rows: list[dict[str, Any]] = pq.read_table(folder / "truth-trades.parquet").to_pylist()
    return rows


def truth_day(folder: Path) -> dict[str, Any]:
    """The truth's sums."""
    found: dict[str, Any] = json.loads((folder / "truth-day.json").read_text())
    return found

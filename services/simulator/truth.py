"""
What truly happened, beside a recording: `truth-trades.parquet`, every print as it was matched,
`truth-day.json`, what each instrument's day sums up to, and the files of `truth_series`.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.simulator.core import indices
from services.simulator.core.book import Side
from services.simulator.core.desk import Desk
from services.simulator.core.ledger import AGGRESSORS, MAIN, PHASES, Ledger
from services.simulator.core.plan import Plan
from services.simulator.core.prices import TENTHS
from services.simulator.core.universe import Instrument
from services.simulator.core.wire.ssi_v2 import Last
from services.simulator.truth_series import write_auctions, write_indices

LEVELS = 3
"""Of the closing book: what a price board shows."""
_MAIN = np.array([phase in MAIN for phase in PHASES])


class Entry(NamedTuple):
    """
    One instrument's day; prices are in the ladder's units, those of `last` None without a trade.

    `bids` and `asks` are the first LEVELS (price, volume) at the end, best first; only a future
    has open interest.
    """

    instrument: Instrument
    ledger: Ledger
    last: Last
    quotes: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
    open_interest: int | None


def entry(desk: Desk) -> Entry:
    """Of a desk whose day is over."""
    trading = desk.trading
    last, prices = trading.last, trading.ladder.prices
    opened, high, low, price = (
        None if at is None else prices[at] for at in (last.open, last.high, last.low, last.price)
    )
    last = last._replace(open=opened, high=high, low=low, price=price)
    bids, asks = (_top(side, prices) for side in (trading.book.bids, trading.book.asks))
    interest = None if trading.open_interest is None else trading.open_interest.value
    quotes = trading.voice.quotes
    return Entry(desk.instrument, trading.ledger, last, quotes, bids, asks, interest)


def _top(side: Side, prices: Sequence[int]) -> list[tuple[int, int]]:
    return [(prices[at], side.volume[at]) for at in side.levels(LEVELS)]


def write(
    plan: Plan, entries: Sequence[Entry], counts: Counter[str], out: Path,
    rows: Mapping[str, Sequence[indices.Sums]],
) -> int:  # fmt: skip
    """
    Write all files of all instruments; the number of prints, those of all boards.

    `rows` are the sums of each index, slot by slot from FIRST_SLOT on.
    """
    entries = sorted(entries, key=lambda each: each.instrument.number)
    table = _table(plan, entries)
    pq.write_table(table, out / "truth-trades.parquet", compression="zstd")
    write_indices(plan, rows, out)
    write_auctions(plan, [(each.instrument, each.ledger) for each in entries], out)
    day = {
        "seed": plan.seed,
        "day": plan.day.date.isoformat(),
        "scale": plan.scale,
        "overtaking": plan.overtaking,
        "channels": sorted(plan.channels),
        "messages": dict(sorted(counts.items())),
        "stale_snapshots": len(plan.instruments) if "X-TRADE" in plan.channels else 0,
        "symbols": {each.instrument.symbol: _summary(each) for each in entries},
    }
    (out / "truth-day.json").write_text(json.dumps(day, indent=1) + "\n")
    return int(table.num_rows)


def _table(plan: Plan, entries: Sequence[Entry]) -> pa.Table:
    """
    All prints by time of matching.

    `number` counts an instrument's prints from 1, `quotes_before` its quotes before the print;
    `total_volume` is the main board's, null on the others.
    """
    columns: list[dict[str, np.ndarray[Any, Any]]] = [_columns(plan, e) for e in entries]
    joined = {name: np.concatenate([c[name] for c in columns]) for name in columns[0]}
    order = np.argsort(joined["time_ns"], kind="stable")
    arrays = {name: pa.array(values[order]) for name, values in joined.items()}
    symbols = [each.instrument.symbol for each in entries]
    for name, names in (("symbol", symbols), ("phase", PHASES), ("aggressor", AGGRESSORS)):
        arrays[name] = pa.DictionaryArray.from_arrays(arrays[name], list(names))
    off = ~_MAIN[joined["phase"][order]]
    arrays["total_volume"] = pa.array(joined["total_volume"][order], mask=off)
    return pa.table(arrays)


def _columns(plan: Plan, each: Entry) -> dict[str, np.ndarray[Any, Any]]:
    ledger = each.ledger
    flags = np.array(ledger.flags, dtype=np.int64)
    phases = flags // 12
    volumes = np.array(ledger.volumes, dtype=np.int64)
    unit = TENTHS if each.instrument.kind == "future" else 1
    return {
        "time_ns": np.array(ledger.times, dtype=np.int64) + plan.day.midnight_ns,
        "symbol": np.full(len(flags), each.instrument.number, dtype=np.int32),
        "number": np.arange(1, len(flags) + 1, dtype=np.int32),
        "phase": phases.astype(np.int8),
        "aggressor": (flags // 4 % 3).astype(np.int8),
        "price": np.array(ledger.prices, dtype=np.int64) / unit,
        "volume": volumes,
        "total_volume": np.cumsum(volumes * _MAIN[phases]),
        "quotes_before": np.array(ledger.quotes, dtype=np.int64),
        "buyer_foreign": flags // 2 % 2 == 1,
        "seller_foreign": flags % 2 == 1,
    }


def _summary(each: Entry) -> dict[str, Any]:
    unit = TENTHS if each.instrument.kind == "future" else 1
    last, ledger = each.last, each.ledger
    flows: dict[str, dict[str, dict[str, int]]] = {}
    for (phase, side), sums in sorted(ledger.flows.items()):
        flows.setdefault(PHASES[phase], {})[AGGRESSORS[side]] = {
            "volume": sums.volume, "value": sums.value, "count": sums.count,
        }  # fmt: skip
    prices = {
        name: None if price is None else price / unit
        for name, price in (
            ("reference", each.instrument.reference), ("open", last.open), ("high", last.high),
            ("low", last.low), ("close", last.price),
        )
    }  # fmt: skip
    foreign = ledger.foreign
    return prices | {
        "exchange": each.instrument.exchange,
        "kind": each.instrument.kind,
        "multiplier": each.instrument.unit * unit,
        "total_volume": last.total_volume,
        "total_value": last.value,
        "last_volume": last.volume,
        "quotes": each.quotes,
        "bids": [(price / unit, volume) for price, volume in each.bids],
        "asks": [(price / unit, volume) for price, volume in each.asks],
        "open_interest": each.open_interest,
        "flow": flows,
        "foreign": {
            "buy_volume": foreign.buy_volume,
            "sell_volume": foreign.sell_volume,
            "buy_value": foreign.buy_value,
            "sell_value": foreign.sell_value,
            "current_room": foreign.room,
            "total_room": foreign.total_room,
        },
    }

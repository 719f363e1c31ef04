"""
What truly was from moment to moment, beside a recording: `truth-indices.parquet`, every value of
every index as published, and `truth-auctions.parquet`, every estimate of every auction.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from services.simulator.core import indices
from services.simulator.core.day import SLOT_NS
from services.simulator.core.ledger import PHASES, Ledger
from services.simulator.core.plan import FIRST_SLOT, Plan
from services.simulator.core.prices import TENTHS
from services.simulator.core.universe import Instrument

INDICES, AUCTIONS = "truth-indices.parquet", "truth-auctions.parquet"
_SUMS = {
    "total_volume": indices.VOLUME, "total_value": indices.VALUE,
    "put_through_volume": indices.AGREED_VOLUME, "put_through_value": indices.AGREED_VALUE,
    "advances": indices.ADVANCES, "declines": indices.DECLINES, "unchanged": indices.UNCHANGED,
    "ceilings": indices.CEILINGS, "floors": indices.FLOORS,
}  # fmt: skip


def write_indices(plan: Plan, rows: Mapping[str, Sequence[indices.Sums]], out: Path) -> None:
    """
    Values in points, money in VND; `expected` is null outside auctions.

    `rows` are the sums of each index, slot by slot from FIRST_SLOT on.
    """
    columns: dict[str, list[Any]] = {
        name: [] for name in ("time_ns", "index", "value", "expected", "prior", *_SUMS)
    }
    bases = indices.bases(plan)
    for name in (name for name, base in bases.items() if base):
        for slot in indices.published_slots():
            said = indices.published(name, slot, rows[name][slot - FIRST_SLOT], bases[name])
            columns["time_ns"].append(plan.day.midnight_ns + (slot + 1) * SLOT_NS)
            columns["index"].append(name)
            columns["value"].append(said.value / 100)
            columns["expected"].append(None if said.expected is None else said.expected / 100)
            columns["prior"].append(indices.PRIORS[name] / 100)
            for column, place in _SUMS.items():
                columns[column].append(said.sums[place])
    types = {name: pa.int64() for name in ("time_ns", *_SUMS)}
    types |= {name: pa.float64() for name in ("value", "expected", "prior")}
    types["index"] = pa.string()
    _save({name: pa.array(values, types[name]) for name, values in columns.items()}, out / INDICES)


def write_auctions(plan: Plan, ledgers: Sequence[tuple[Instrument, Ledger]], out: Path) -> None:
    """Prices in the quote unit; what an auction would give at that time."""
    found = [
        (plan.day.midnight_ns + time, about.symbol, PHASES[phase], price / _unit(about), volume)
        for about, ledger in ledgers
        for time, phase, price, volume in ledger.estimates
    ]
    found.sort(key=lambda row: row[0])
    names = ("time_ns", "symbol", "phase", "expected_price", "expected_volume")
    types = (pa.int64(), pa.string(), pa.string(), pa.float64(), pa.int64())
    columns = {
        name: pa.array([row[place] for row in found], kind)
        for place, (name, kind) in enumerate(zip(names, types, strict=True))
    }
    _save(columns, out / AUCTIONS)


def _unit(about: Instrument) -> int:
    return TENTHS if about.kind == "future" else 1


def _save(columns: dict[str, Any], path: Path) -> None:
    pq.write_table(pa.table(columns), path, compression="zstd")

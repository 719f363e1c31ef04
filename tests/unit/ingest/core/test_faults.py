"""
A public pair of recordings, clean and with injected faults: each fault is found, and only it.

The committed cuts hold the faults at the head; the whole recordings are read too where the
folder of sample data stands beside the project.
"""

import csv
import json
import warnings
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from schemas.market import Gap
from services.ingest.core.engine import Engine
from services.ingest.core.records import Decoded
from tests.unit.ingest.core.support import DATA, codes, drops, messages, raws, wrapped

WHOLE = Path(__file__).parents[5] / "shared" / "data" / "binance_faults"
NAMES = {
    "trades_clean": "test_positive_binance_trade_stream_spot_trxusdt_04-03-2025.csv",
    "trades_faulty": "test_negative_binance_trade_stream_spot_trxusdt_04-03-2025.csv",
    "depth_clean": "test_positive_binance_difference_depth_stream_spot_trxusdt_04-03-2025.csv",
    "depth_faulty": "test_negative_binance_difference_depth_stream_spot_trxusdt_04-03-2025.csv",
}


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open() as file:
        yield from csv.DictReader(file)


def trades(path: Path) -> Iterator[tuple[int, bytes]]:
    """Receive time and frame of each row, as Binance sent it (this account asked for µs)."""
    for row in rows(path):
        yield (
            int(row["TimestampOfReceive"]),
            wrapped(
                row["Stream"],
                e=row["EventType"],
                E=int(row["EventTime"]),
                s=row["Symbol"],
                t=int(row["TradeId"]),
                p=row["Price"],
                q=row["Quantity"],
                T=int(row["TransactionTime"]),
                m=row["IsBuyerMarketMaker"] == "1",
                M=True,
            ),
        )


def depth(path: Path) -> Iterator[tuple[int, bytes]]:
    """Receive time and frame of each update: the rows of one final update id."""
    for _, group in groupby(
        rows(path), lambda row: (row["TimestampOfReceive"], row["FinalUpdateId"])
    ):
        levels = list(group)
        first, last = levels[0], levels[-1]
        sides = {
            side: [[row["Price"], row["Quantity"]] for row in levels if row["IsAsk"] == ask]
            for side, ask in (("b", "0"), ("a", "1"))
        }
        yield (
            int(first["TimestampOfReceive"]),
            wrapped(
                first["Stream"],
                e="depthUpdate",
                # The faulty twin has 0 in the row whose price is -1; the event has one time.
                E=int(last["EventTime"]),
                s=first["Symbol"],
                U=int(first["FirstUpdateId"]),
                u=int(first["FinalUpdateId"]),
                **sides,
            ),
        )


def decode(name: str, folder: str) -> list[Decoded]:
    path = DATA / "faults" / f"{name}.csv" if folder == "cut" else WHOLE / NAMES[name]
    if not path.exists() and folder == "whole":
        warnings.warn(f"{path.name} is not here: only its committed cut was tested", stacklevel=2)
        path = DATA / "faults" / f"{name}.csv"
    engine = Engine(["BN"])
    lines = trades(path) if name.startswith("trades") else depth(path)
    return [engine.decode(raw) for raw in raws("BN", lines)]


def gaps(done: list[Decoded]) -> list[tuple[str, int | None]]:
    return [(m.cause, m.missing_count) for m in messages(done) if isinstance(m, Gap)]


@pytest.mark.parametrize("folder", ["cut", "whole"])
@pytest.mark.parametrize("name", ["trades_clean", "depth_clean"])
def test_the_clean_recording_shows_no_fault(name: str, folder: str) -> None:
    done = decode(name, folder)
    assert len(messages(done)) == len(done)
    assert (codes(done), drops(done), gaps(done)) == ([], [], [])


@pytest.mark.parametrize("folder", ["cut", "whole"])
def test_the_repeated_and_the_skipped_trade_id_are_both_found(folder: str) -> None:
    done = decode("trades_faulty", folder)
    # 348656872 was overwritten by 348656871: the id again with other content, then a hole.
    assert codes(done) == ["conflicting_id"]
    assert "348656871" in done[2].dead[0]
    assert gaps(done) == [("trade_id", 1)]
    assert drops(done) == []
    assert len(messages(done)) == len(done)


@pytest.mark.parametrize("folder", ["cut", "whole"])
def test_the_negative_price_and_the_broken_update_chain_are_both_found(folder: str) -> None:
    done = decode("depth_faulty", folder)
    assert codes(done) == ["bad_number"]
    assert "data.b" in done[0].dead[0]
    assert gaps(done) == [("update_id", None)]
    assert drops(done) == []


def test_a_message_of_another_symbol_is_found() -> None:
    made = list(trades(DATA / "faults" / "trades_clean.csv"))
    time, value = made[10]
    frame = json.loads(value)
    frame["data"]["s"] = "BTCUSDT"
    made[10] = (time, json.dumps(frame).encode())
    engine = Engine(["BN"])
    done = [engine.decode(raw) for raw in raws("BN", made)]
    assert codes(done) == ["wrong_symbol"]
    assert gaps(done) == [("trade_id", 1)]

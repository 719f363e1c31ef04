"""A classifier on a partition, and days of one Vietnamese symbol for it."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from schemas.base import BROADCAST, Phase
from schemas.market import Clock, Gap, Instrument, MarketMessage, Status, Trade
from schemas.session_flow import SessionFlow
from schemas.trades_classified import TradeClassified
from services.classifier.app import SERVICE
from services.runtime.partition import Partition
from tests.unit.classifier.support import SECOND

MIDNIGHT = 1_784_480_400 * SECOND
"""20 July 2026, 00:00 at UTC+7."""
DAY = 86_400 * SECOND
HEAD: dict[str, Any] = {"feed": "ssi", "ts_source": "receive"}


def at(time: str, day: int = 0) -> int:
    """Seq of a local time of day, so many days after the 20th."""
    hours, minutes, seconds = (int(part) for part in time.split(":"))
    return MIDNIGHT + day * DAY + (hours * 3600 + minutes * 60 + seconds) * SECOND


def stock(seq: int, exchange: str = "HOSE", symbol: str = "HPG", **more: Any) -> Instrument:
    about = {"venue": "VN", "exchange": exchange, "kind": "stock"}
    return Instrument(symbol=symbol, seq=seq, ts_ms=seq // 1000, **HEAD, **{**about, **more})


def print_(seq: int, volume: float, total: float | None, **more: Any) -> Trade:
    stamps = {"symbol": "HPG", "seq": seq, "ts_ms": seq // 1000, "price": 20_000.0}
    return Trade(**{**HEAD, **stamps, "volume": volume, "total_volume": total, **more})


def hole(seq: int, missing: float | None, value: float | None = None, **more: Any) -> Gap:
    about = {"symbol": "HPG", "seq": seq, "ts_ms": seq // 1000, "venue": "VN", "channel": "X"}
    span = {"cause": "volume_chain", "from_ts_ms": 0, "to_ts_ms": seq // 1000}
    known = {"missing_volume": missing, "missing_value": value}
    return Gap(**{**HEAD, **about, **span, **known, **more})


def tick(seq: int, venue: str = "VN") -> Clock:
    assert seq % SECOND == 0
    return Clock(symbol=BROADCAST, seq=seq, ts_ms=seq // 1000, venue=venue, **HEAD)


def now_in(seq: int, phase: Phase, exchange: str = "HOSE") -> Status:
    head = {"symbol": BROADCAST, "seq": seq, "ts_ms": seq // 1000, "venue": "VN", **HEAD}
    return Status(exchange=exchange, phase=phase, **head)


class Bench:
    """A partition of the classifier; `rows` are those of session-flow, `out` all, encoded."""

    def __init__(self) -> None:
        self.out: list[tuple[str, bytes]] = []
        self.partition = self._fresh()

    def _fresh(self) -> Partition[Any]:
        sinks = {
            TradeClassified: lambda _, value: self.out.append(("trade", value)),
            SessionFlow: lambda _, value: self.out.append(("flow", value)),
        }
        return Partition(SERVICE, sinks, [])

    def run(self, messages: Sequence[MarketMessage]) -> None:
        """One frame."""
        assert self.partition.run(self.partition.next_offset, messages) == []

    def restart(self) -> None:
        """From the bytes of a snapshot."""
        data, offset = self.partition.encode(), self.partition.next_offset
        self.partition = self._fresh()
        self.partition.restore(data, offset)

    @property
    def rows(self) -> list[SessionFlow]:
        return [msgspec.json.decode(v, type=SessionFlow) for kind, v in self.out if kind == "flow"]

    @property
    def trades(self) -> list[TradeClassified]:
        return [
            msgspec.json.decode(v, type=TradeClassified) for kind, v in self.out if kind == "trade"
        ]


def rows(messages: Iterable[MarketMessage]) -> list[SessionFlow]:
    """All rows that these messages give."""
    bench = Bench()
    bench.run(list(messages))
    return bench.rows


PHASES: tuple[Phase, ...] = ("ato", "continuous", "break", "continuous", "atc", "plo", "closed")
FATES = st.sampled_from(
    ["print", "print", "print", "print", "odd_lot", "gap", "silent gap", "wrong gap", "back",
     "no total", "clock", "clock", "phase", "status", "day", "quiet day", "lost tail"]
)  # fmt: skip
VOLUMES = st.sampled_from([100, 200, 1800, 1])
COINS = st.sampled_from([0.1, 0.2, 0.00000001, 1.5, 3.0, 12345.678, 2.5e12])
SIDES = st.sampled_from(["buy", "sell", None])


@st.composite
def vietnamese(draw: st.DrawFn, size: int = 60) -> list[MarketMessage]:
    """Prints with the day's total, holes told and untold, totals that go back, several days."""
    out: list[MarketMessage] = [stock(at("08:30:00"), draw(st.sampled_from(["HOSE", "HNX"])))]
    seq, total, phase = at("09:15:00"), draw(st.sampled_from([0, 0, 5_000_000])), 0
    for fate in draw(st.lists(FATES, max_size=size)):
        seq += draw(st.sampled_from([1, 1, 300_000, 70 * SECOND]))
        volume, missing = draw(VOLUMES), draw(VOLUMES)
        if fate == "clock":
            seq += -seq % SECOND
            out.append(tick(seq))
        elif fate in ("phase", "status"):
            phase = min(phase + (fate == "phase"), len(PHASES) - 1)
            out.append(now_in(seq, PHASES[phase], "HOSE"))
        elif fate in ("day", "quiet day"):
            seq, total, phase = (seq - MIDNIGHT) // DAY * DAY + DAY + at("09:15:00"), 0, 0
            if fate == "day":
                out.append(now_in(seq - SECOND, "pre_open"))
        elif fate == "lost tail":
            total += missing
        else:
            if fate in ("gap", "silent gap", "wrong gap"):
                total += missing
            if fate in ("gap", "wrong gap"):
                told = missing + draw(VOLUMES) * (fate == "wrong gap")
                out.append(hole(seq := seq + 1, told, told * 20_000.0))
            if fate == "back":
                total = max(0, total - 5 * missing)
            more = {"phase": PHASES[phase], "vendor_side": draw(SIDES)}
            if fate == "odd_lot":
                out.append(print_(seq := seq + 1, 5, None, board="odd_lot", **more))
                continue
            total += volume
            told_total = None if fate == "no total" else total
            out.append(print_(seq := seq + 1, volume, told_total, **more))
    return out


@st.composite
def crypto(draw: st.DrawFn, size: int = 40) -> list[MarketMessage]:
    """Prints of coins without a total, ids that were lost, clocks, days."""
    out: list[MarketMessage] = []
    seq = at("06:59:00")  # a minute before midnight in UTC
    for fate in draw(st.lists(st.sampled_from("tttttgc"), max_size=size)):
        seq += draw(st.sampled_from([1, 300_000, 70 * SECOND, DAY]))
        if fate == "c":
            seq += -seq % SECOND
            out.append(tick(seq, "BN"))
        elif fate == "g":
            lost = {"symbol": "Y.BN", "venue": "BN", "cause": "trade_id", "missing_count": 3}
            out.append(hole(seq, None, **lost))
        else:
            more = {"symbol": "Y.BN", "vendor_side": draw(SIDES), "price": 2.5}
            out.append(print_(seq, draw(COINS), None, **more))
    return out

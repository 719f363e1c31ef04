"""What the examples of docs/consumers.md read: a small tape on which every run repeats."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from schemas import keys
from schemas.bars import Bar
from schemas.base import Derived
from schemas.basis import Basis
from schemas.board import BoardRow
from schemas.foreign_flow import ForeignFlow
from schemas.index_estimates import IndexEstimate
from schemas.market import Gap, Quote
from schemas.market_summary import MarketSummary
from schemas.session_flow import SessionFlow
from schemas.topic import Topic
from schemas.topics import (
    BARS,
    BASIS,
    BOARD,
    FOREIGN_FLOW,
    INDEX_ESTIMATES,
    MARKET_SUMMARY,
    SESSION_FLOW,
)
from schemas.trades_classified import TradeClassified
from tests.support.examples import examples
from tests.support.gateway import PARTITIONS, Feed

SYMBOLS = ("HPG", "VCB")


@dataclass(frozen=True)
class Published:
    """Each message once, in the order of `seq`."""

    trades: list[TradeClassified]
    quotes: list[Quote]
    gap: Gap
    board: list[BoardRow]
    flows: list[SessionFlow]
    bars: list[Bar]
    summaries: list[MarketSummary]
    estimates: list[IndexEstimate]
    foreign: list[ForeignFlow]
    basis: list[Basis]


async def publish(source: Feed) -> Published:
    """Write it all, and the second half of every topic once more, as a killed service would."""
    trades = [source.trade(symbol) for _ in range(40) for symbol in SYMBOLS]
    quotes = sorted(
        (source.quote(symbol) for symbol in SYMBOLS for _ in range(5)),
        key=lambda q: (q.symbol, q.seq),
    )
    gap = Gap(
        symbol="HPG",
        feed="test",
        seq=source.next_seq(),
        ts_ms=source.seq // 1000,
        venue="VN",
        channel="X-TRADE",
        cause="volume_chain",
        from_ts_ms=source.seq // 1000 - 5000,
        to_ts_ms=source.seq // 1000,
        missing_volume=1200,
    )
    board = [_row(source, symbol, number) for number in range(6) for symbol in SYMBOLS]
    flows = [_flow(source, symbol, trades) for symbol in SYMBOLS]
    bars = [_bar(source, symbol, final) for symbol in SYMBOLS for final in (False, True)]
    summaries = [_summary(source, n) for n in range(4)]
    estimates = [_estimate(source, n) for n in range(4)]
    foreign = [
        _minimal(source, FOREIGN_FLOW, name, net_value=n, net_volume=n)
        for n, name in enumerate(SYMBOLS)
    ]
    basis = [
        _minimal(source, BASIS, code, basis=float(n), continuous=name, roll=n == 1)
        for n, (code, name) in enumerate(
            [("41I1GB000", "VN30F1M"), ("41I1GC000", "VN30F1M"), ("41I1H1000", "VN30F2M")]
        )
    ]
    for run in (trades, trades[len(trades) // 2 :]):
        await source.send_classified(run)
    for quote in quotes:
        await source.send_market([quote])
    await source.send_market([gap, *quotes[-1:]])
    for rows in (board, board[-5:]):
        await _send(source, BOARD, rows)
    for rows_ in (flows, flows[1:]):
        await _send(source, SESSION_FLOW, rows_)
    for bars_ in (bars, bars[1:]):
        await _send(source, BARS, bars_)
    for run_ in (summaries, summaries[2:]):
        await _send(source, MARKET_SUMMARY, run_)
    for again in (estimates, estimates[2:]):
        await _send(source, INDEX_ESTIMATES, again)
    for foreign_ in (foreign, foreign[1:]):
        await _send(source, FOREIGN_FLOW, foreign_)
    for basis_ in (basis, basis[1:]):
        await _send(source, BASIS, basis_)
    return Published(trades, quotes, gap, board, flows, bars, summaries, estimates, foreign, basis)


def _minimal(source: Feed, topic: Topic, symbol: str, **fields: Any) -> Any:
    """The smallest example of a topic, of this symbol and time."""
    (example,) = [e for e in examples(topic.name) if e.name == "minimal"]
    seq = source.next_seq()
    head = {"symbol": symbol, "seq": seq, "ts_ms": seq // 1000}
    return msgspec.structs.replace(example.message, **head, **fields)


def _summary(source: Feed, number: int) -> MarketSummary:
    """Of the two shares of HOSE."""
    seq = source.next_seq()
    zero = {f: 0 for f in MarketSummary.__struct_fields__ if f.endswith(("_volume", "_value"))}
    zero |= dict.fromkeys(
        ("declines", "unchanged", "ceilings", "floors", "unpriced", "unvalued"), 0
    )
    return MarketSummary(
        symbol="HOSE", feed="index", seq=seq, ts_ms=seq // 1000, venue="VN", scope="exchange",
        day="2026-11-20", members=2, advances=number % 3, not_traded=2 - number % 3,
        **zero | {"buy_value": 500 * number, "sell_value": 200 * number},
    )  # fmt: skip


def _estimate(source: Feed, number: int) -> IndexEstimate:
    """Two of each published value."""
    seq = source.next_seq()
    return IndexEstimate(
        symbol="VN30", feed="index", seq=seq, ts_ms=seq // 1000, day="2026-11-20",
        value=1909.0 + number, expected_value=None, prior=1900.0, published=1909.0,
        published_ts_ms=seq // 1000, published_expected=None, phase="continuous",
        error=number // 2 / 100, error_percent=0.0, error_ts_ms=1_795_140_000_000 + number // 2,
        weights_source="fitted", fitted_from=number, effective_date="2026-02-02", members=30,
        traded=30, without_reference=0,
    )  # fmt: skip


def _row(source: Feed, symbol: str, number: int) -> BoardRow:
    seq = source.next_seq()
    return BoardRow(
        symbol=symbol,
        feed="test",
        seq=seq,
        ts_ms=seq // 1000,
        venue="VN",
        day="2026-11-20",
        reference=21750.0,
        last=21750.0 + 50 * number,
        change=50.0 * number,
        total_volume=100 * number,
    )


def _flow(source: Feed, symbol: str, trades: Sequence[TradeClassified]) -> SessionFlow:
    seq = source.next_seq()
    own = [t for t in trades if t.symbol == symbol]
    bought, sold = ([t for t in own if t.side == side] for side in ("buy", "sell"))
    volumes = [sum(int(t.volume) for t in some) for some in (bought, sold)]
    return SessionFlow(
        symbol=symbol,
        feed="test",
        seq=seq,
        ts_ms=seq // 1000,
        venue="VN",
        day="2026-11-20",
        phase="day",
        total_volume=sum(volumes),
        total_value=None,
        buy_volume=volumes[0],
        buy_value=None,
        buy_count=len(bought),
        sell_volume=volumes[1],
        sell_value=None,
        sell_count=len(sold),
        neutral_volume=0,
        neutral_value=None,
        neutral_count=0,
        unknown_volume=0,
        unknown_count=0,
        unexplained_volume=0,
        final=False,
    )


def _bar(source: Feed, symbol: str, final: bool) -> Bar:
    """Of one span; what its trades were is not looked at."""
    seq = source.next_seq()
    begins = source.seq // 1000 // 300_000 * 300_000
    return Bar(
        symbol=symbol, feed="test", seq=seq, ts_ms=begins, venue="VN", interval="5m", kind="time",
        phase="continuous", number=0, end_ms=begins + 300_000, open=21750.0, high=21800.0,
        low=21700.0, close=21700.0 + 50 * final, volume=500 + 100 * final, vwap=21740.0, trades=3,
        buy_volume=400, sell_volume=100, delta=300, min_delta=-100, max_delta=300, final=final,
        revision=0,
    )  # fmt: skip


async def _send(source: Feed, topic: Topic, rows: Sequence[Derived]) -> None:
    sent = [
        await source.producer.send(
            topic.on(source.tape),
            msgspec.json.encode(row),
            key=row.symbol.encode(),
            partition=keys.partition(
                keys.routing_key(row.symbol), min(PARTITIONS, topic.partitions)
            ),
        )
        for row in rows
    ]
    await asyncio.gather(*sent)

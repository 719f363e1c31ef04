"""Best quotes, book updates and book snapshots."""

from zlib import crc32

from msgspec import UNSET

from schemas.base import Level
from schemas.market import BookDelta, Gap, Quote
from services.ingest.core.binance.frames import (
    BookTickerData,
    DepthData,
    FrameReader,
    SnapshotData,
    to_ms,
)
from services.ingest.core.binance.symbols import Symbols
from services.ingest.core.feed import BadFrame, Output, refuse
from services.ingest.core.quality import Content, DepthChain, IdChain, PriceGuard, SymbolState
from services.ingest.core.records import Raw

SNAPSHOT_PATIENCE_MS = 60_000
"""A stream that stays behind a snapshot for longer (exchange time) has been renumbered, or
the snapshot's id was damaged: the snapshot is given up."""


class Books:
    """Makes the `quote` and `book_delta` messages of a venue."""

    def __init__(self, symbols: Symbols, ratio: float) -> None:
        self._symbols, self._ratio = symbols, ratio
        self._tickers = FrameReader(BookTickerData)
        self._depths = FrameReader(DepthData)
        self._snapshots = FrameReader(SnapshotData)
        self.handlers = {
            "bookTicker": self._ticker,
            "depth": self._depth,
            "depthSnapshot": self._snapshot,
        }

    def _ticker(self, raw: Raw, out: Output) -> None:
        stream, d = self._tickers.read(raw.value)
        symbol, state = self._symbols.find(stream, d.s)
        ts_ms = None if d.T is UNSET else to_ms(d.T)
        content = (d.b, d.B, d.a, d.A)
        chain = state.quote
        if chain is not None and (verdict := chain.judge(d.u, ts_ms, content)) != "new":
            refuse(out, verdict, f"{symbol}: quote {d.u} after {chain.id}")
            return
        bids: list[Level] = [(d.b, d.B)] if d.b > 0 and d.B > 0 else []
        asks: list[Level] = [(d.a, d.A)] if d.a > 0 and d.A > 0 else []
        if not self._believable(out, symbol, state, bids, asks):
            return
        if chain is None:
            state.quote = IdChain(d.u, ts_ms or 0, content)
            self._symbols.keep(symbol, state)
        else:
            if d.u < chain.id:
                out.messages.append(_gap(raw, out, symbol, chain.ts_ms, ts_ms or chain.ts_ms))
            chain.accept(d.u, ts_ms or 0, content)
        seq = out.next_seq()
        if ts_ms is None:
            quote = Quote(
                symbol=symbol,
                feed=raw.feed,
                seq=seq,
                ts_ms=seq // 1000,
                ts_source="receive",
                bids=bids,
                asks=asks,
            )
        else:
            quote = Quote(symbol=symbol, feed=raw.feed, seq=seq, ts_ms=ts_ms, bids=bids, asks=asks)
        out.messages.append(quote)

    def _believable(
        self, out: Output, symbol: str, state: SymbolState, bids: list[Level], asks: list[Level]
    ) -> bool:
        # Both guards see every quote, so that each side's run of suspects is its own.
        bid_ok = not bids or state.bid.accept(bids[0][0], self._ratio)
        ask_ok = not asks or state.ask.accept(asks[0][0], self._ratio)
        if bid_ok and ask_ok:
            return True
        side, level, guard = ("bid", bids, state.bid) if not bid_ok else ("ask", asks, state.ask)
        out.reject("absurd_price", _absurd(symbol, side, level, guard))
        return False

    def _depth(self, raw: Raw, out: Output) -> None:
        stream, d = self._depths.read(raw.value)
        symbol, state = self._symbols.find(stream, d.s)
        if d.u < d.U:
            raise BadFrame("malformed", f"{symbol}: first update id {d.U} is after the last {d.u}")
        ts_ms = to_ms(d.E if d.T is UNSET else d.T)
        content = (d.U, crc32(raw.value))
        chain = state.depth
        if chain is None:
            state.depth = DepthChain(d.u, ts_ms, content)
            self._symbols.keep(symbol, state)
        else:
            verdict, gap_from_ms = _link(chain, d, ts_ms, content)
            if verdict != "new":
                refuse(out, verdict, f"{symbol}: update {d.U}-{d.u} after {chain.id}")
                return
            if gap_from_ms is not None:
                out.messages.append(_gap(raw, out, symbol, gap_from_ms, ts_ms))
            if d.u < chain.snapshot:
                chain.snapshot = 0
            chain.accept(d.u, ts_ms, content)
        out.messages.append(
            BookDelta(
                symbol=symbol,
                feed=raw.feed,
                seq=out.next_seq(),
                ts_ms=ts_ms,
                bids=d.b,
                asks=d.a,
                first_id=d.U,
                last_id=d.u,
            )
        )

    def _snapshot(self, raw: Raw, out: Output) -> None:
        stream, d = self._snapshots.read(raw.value)
        symbol = self._symbols.of_snapshot(stream, d.symbol, raw.key)
        state = self._symbols.state_of(symbol)
        chain = state.depth or DepthChain(0, 0, ())
        verdict = chain.judge_snapshot(d.last_id, check := crc32(raw.value))
        if verdict != "new":
            refuse(out, verdict, f"{symbol}: book snapshot {d.last_id} after {chain.snapshot}")
            return
        seq = out.next_seq()
        time = d.E if d.T is UNSET else d.T
        ts_ms = seq // 1000 if time is UNSET else to_ms(time)
        chain.snapshot, chain.snapshot_ts_ms, chain.snapshot_check = d.last_id, ts_ms, check
        state.depth = chain
        self._symbols.keep(symbol, state)
        out.messages.append(
            BookDelta(
                symbol=symbol,
                feed=raw.feed,
                seq=seq,
                ts_ms=ts_ms,
                ts_source="receive" if time is UNSET else "exchange",
                bids=d.bids,
                asks=d.asks,
                first_id=d.last_id,
                last_id=d.last_id,
                snapshot=True,
            )
        )


def _link(chain: DepthChain, d: DepthData, ts_ms: int, content: Content) -> tuple[str, int | None]:
    """
    The verdict on an update, and from when on updates are missing before it (None: none).

    Binance's rules. Spot: `U` is the previous `u` + 1; after a snapshot drop `u` <= its id,
    then the first has `U` <= id + 1. Futures: `pu` is the previous `u`; after a snapshot drop
    `u` < its id, then the first has `U` <= id. A snapshot that is older than the stream (they
    are asked for after subscribing) leaves the chain as it is.
    """
    spot, snapshot, first, last = d.pu is UNSET, chain.snapshot, d.U, d.u
    if snapshot > chain.id:
        if last < snapshot or (spot and last == snapshot):
            if ts_ms <= chain.snapshot_ts_ms + SNAPSHOT_PATIENCE_MS:
                return "stale", None
            return "new", chain.snapshot_ts_ms
        linked = first <= snapshot + 1 if spot else first <= snapshot or d.pu == snapshot
        return "new", None if linked else chain.snapshot_ts_ms
    verdict = chain.judge(last, ts_ms, content)
    linked = first == chain.id + 1 if spot else d.pu == chain.id
    return verdict, None if linked else chain.ts_ms


def _gap(raw: Raw, out: Output, symbol: str, from_ts_ms: int, to_ts_ms: int) -> Gap:
    to_ts_ms = max(from_ts_ms, to_ts_ms)
    return Gap(
        symbol=symbol,
        feed=raw.feed,
        seq=out.next_seq(),
        ts_ms=to_ts_ms,
        venue=raw.venue,
        channel=raw.channel,
        cause="update_id",
        from_ts_ms=from_ts_ms,
        to_ts_ms=to_ts_ms,
    )


def _absurd(symbol: str, side: str, level: list[Level], guard: PriceGuard) -> str:
    return f"{symbol}: {side} {level[0][0]}, last believed {guard.accepted}"

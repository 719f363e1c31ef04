"""Trades and aggregated trades."""

from collections.abc import Callable

from msgspec import UnsetType

from schemas.market import Gap, Trade
from services.ingest.core.binance.frames import (
    AggTradeData,
    FrameReader,
    HistoricTrade,
    TradeData,
    to_ms,
)
from services.ingest.core.binance.symbols import Symbols
from services.ingest.core.feed import BadFrame, Output, refuse
from services.ingest.core.quality import LEAP, IdChain, PriceGuard
from services.ingest.core.records import Raw

MARKET = "MARKET"


class Prints:
    """
    Makes the `trade` messages of a venue from one kind of stream, its `source`.

    Binance numbers all prints of a symbol without a hole, futures' liquidation prints
    (`X` other than MARKET) among them: those are counted drops, but they count in the chain.
    """

    def __init__(self, symbols: Symbols, source: str, ratio: float) -> None:
        self._symbols, self._ratio = symbols, ratio
        self._trades = FrameReader(TradeData)
        self._aggregates = FrameReader(AggTradeData)
        read: dict[str, Callable[[Raw, Output], None]] = {
            "trade": self._trade,
            "aggTrade": self._aggregate,
        }
        if source not in read:
            raise ValueError(f"source of trades must be trade or aggTrade, was {source!r}")
        self._history = FrameReader(list[HistoricTrade])
        self.handlers = {kind: read[kind] if kind == source else _spare for kind in read}
        self.handlers["historicalTrades"] = self._historic if source == "trade" else _spare

    def _trade(self, raw: Raw, out: Output) -> None:
        stream, d = self._trades.read(raw.value)
        self._print(raw, out, stream, d, d.t, d.X == MARKET)

    def _aggregate(self, raw: Raw, out: Output) -> None:
        stream, d = self._aggregates.read(raw.value)
        self._print(raw, out, stream, d, d.a, True)

    def _historic(self, raw: Raw, out: Output) -> None:
        """
        A REST reply, with the trades that no connection brought.

        Futures' REST does not say which of them are no trades of the market.
        """
        stream, trades = self._history.read(raw.value)
        if not stream:
            raise BadFrame("malformed", "trades of REST must stand with the stream of their symbol")
        name = stream.partition("@")[0].upper()
        for one in trades:
            d = TradeData(
                e="trade", s=name, t=one.id, p=one.price, q=one.qty, T=one.time,
                m=one.is_buyer_maker,
            )  # fmt: skip
            self._print(raw, out, stream, d, d.t, True)
        if not trades:
            out.drop("empty")

    def _print(
        self,
        raw: Raw,
        out: Output,
        stream: str | UnsetType,
        d: TradeData | AggTradeData,
        id_: int,
        is_market: bool,
    ) -> None:
        symbol, state = self._symbols.find(stream, d.s)
        ts_ms = to_ms(d.T)
        content = (d.p, d.q, ts_ms, int(d.m))
        chain = state.trade
        if chain is not None and (verdict := chain.judge(id_, ts_ms, content)) != "new":
            refuse(out, verdict, f"{symbol}: trade {id_} after {chain.id}")
            return
        if is_market and not self._believable(out, symbol, d, state.trade_price):
            return
        if chain is None:
            state.trade = IdChain(id_, ts_ms, content)
            self._symbols.keep(symbol, state)
        else:
            if id_ != chain.id + 1:
                out.messages.append(_gap(raw, out, symbol, chain, id_, ts_ms))
            chain.accept(id_, ts_ms, content)
        if not is_market:
            out.drop("not_market")
            return
        out.messages.append(
            Trade(
                symbol=symbol,
                feed=raw.feed,
                seq=out.next_seq(),
                ts_ms=ts_ms,
                price=d.p,
                volume=d.q,
                vendor_side="sell" if d.m else "buy",
                trade_id=str(id_),
            )
        )

    def _believable(
        self, out: Output, symbol: str, d: TradeData | AggTradeData, guard: PriceGuard
    ) -> bool:
        if d.p <= 0 or d.q <= 0:
            out.reject("bad_number", f"{symbol}: price {d.p} and volume {d.q} must be positive")
        elif not guard.accept(d.p, self._ratio):
            out.reject("absurd_price", f"{symbol}: price {d.p}, last believed {guard.accepted}")
        else:
            return True
        return False


def _gap(raw: Raw, out: Output, symbol: str, chain: IdChain, id_: int, ts_ms: int) -> Gap:
    missing = id_ - chain.id - 1
    return Gap(
        symbol=symbol,
        feed=raw.feed,
        seq=out.next_seq(),
        ts_ms=max(chain.ts_ms, ts_ms),
        venue=raw.venue,
        channel=raw.channel,
        cause="trade_id",
        from_ts_ms=chain.ts_ms,
        to_ts_ms=max(chain.ts_ms, ts_ms),
        missing_count=missing if 0 < missing <= chain.id + LEAP else None,
    )


def _spare(_raw: Raw, out: Output) -> None:
    out.drop("not_primary")

"""SSI v3's decoder: one raw record into messages of `market`."""

from collections.abc import Callable
from typing import Any, Literal
from zlib import crc32

import msgspec

from schemas.market import Index as IndexMessage
from services.ingest.core.feed import BadFrame, Output
from services.ingest.core.records import Raw
from services.ingest.core.ssi_v3 import frames
from services.ingest.core.ssi_v3.route import KINDS
from services.ingest.core.vn.chains import TimeChain
from services.ingest.core.vn.codes import side, symbol_of
from services.ingest.core.vn.desk import Desk, Nothing
from services.ingest.core.vn.figures import ForeignTotals, Totals, tell_day, tell_foreign
from services.ingest.core.vn.known import Known
from services.ingest.core.vn.numbers import money, whole, whole_or_none
from services.ingest.core.vn.prints import NO_VOLUME, QUIET, Print, tell_trade
from services.ingest.core.vn.quotes import tell_quote
from services.ingest.core.vn.sources import PRIMARY, Kind, Sources, kinds_of
from services.ingest.core.vn.subject import STALE_DAY, Subject, need, subject

FEED_NAME = "ssi3"
INDEX_RATIO = 1.2
"""As of v2: an index does not move further within a day."""
NOT_PRIMARY = "not_primary"
Handler = Callable[[Raw, Output], None]


class SsiV3Decoder:
    """
    Decodes v3's stream; a `FeedDecoder`.

    It writes nothing unless a choice of sources says so: v2 is the venue's usual source.
    """

    def __init__(self, _venue: str, usual: Sources = PRIMARY) -> None:
        self._usual = usual
        self._trades = frames.Reader(frames.Trade)
        self._quotes = frames.Reader(frames.Quote)
        self._rooms = frames.Reader(frames.Room)
        self._indices = frames.Reader(frames.Index)
        self.share(Desk())

    def share(self, desk: Desk) -> None:
        """See `FeedDecoder`."""
        self._desk, self._symbols = desk, desk.symbols
        self._arrange()

    def _arrange(self) -> None:
        self._turn = self._desk.turn
        sources = self._desk.sources(self._usual)
        self._of_trades = kinds_of(sources, FEED_NAME, "trade")
        asked: dict[str, tuple[Kind, Handler]] = {
            "quote": ("quote", self._quote),
            "room": ("foreign", self._room),
            "index": ("index", self._index),
        }
        self._handlers: dict[str, Handler] = {
            name: handler
            for name, (kind, handler) in asked.items()
            if kind in kinds_of(sources, FEED_NAME, name)
        }
        if self._of_trades:
            self._handlers["trade"] = self._trade

    def decode(self, raw: Raw, out: Output) -> None:
        """See `FeedDecoder`."""
        if self._turn != self._desk.turn:
            self._arrange()
        kind = raw.channel.rpartition(".")[2]
        if kind not in KINDS:
            _other(raw, out)
        elif (handler := self._handlers.get(kind)) is None:
            out.drop(NOT_PRIMARY)
        else:
            try:
                handler(raw, out)
            except BadFrame as e:
                out.reject(e.code, f"{raw.channel}: {e.why}")

    def _about(self, raw: Raw, out: Output, symbol: str, written: str) -> Subject | None:
        at = frames.when(raw.seq, written)
        if at is None:
            out.drop(STALE_DAY)
            return None
        return subject(self._symbols, symbol_of(symbol), at)

    def _trade(self, raw: Raw, out: Output) -> None:
        d = self._trades.read(raw.value)
        about = self._about(raw, out, d.s, d.t)
        if about is None:
            return
        volume = whole(d.q or 0, "q")
        total = whole(need(d.v, "v"), "v")
        if volume and total and (not d.p or d.p <= 0 or total < volume):
            raise BadFrame("bad_number", f"{volume} at {d.p} cannot be, of {total}")
        new = Print(d.p or 0.0, volume, total, None, side(d.si))
        verdict = NO_VOLUME
        if "trade" in self._of_trades:
            verdict = tell_trade(raw, out, about, new)
            if verdict != "new" and verdict not in QUIET:
                return
        average = d.a / about.multiplier if d.a else None
        totals = Totals(d.o or None, d.h or None, d.l or None, average, total, None)
        told = "day" in self._of_trades and tell_day(raw, out, about, totals)
        if verdict != "new" and not told:
            out.drop(verdict)

    def _quote(self, raw: Raw, out: Output) -> None:
        d = self._quotes.read(raw.value)
        about = self._about(raw, out, d.s, d.t)
        if about is not None:
            tell_quote(raw, out, about, d.numbers())

    def _room(self, raw: Raw, out: Output) -> None:
        d = self._rooms.read(raw.value)
        about = self._about(raw, out, d.s, d.t)
        if about is None:
            return
        totals = ForeignTotals(
            buy=whole(need(d.bq, "bq"), "bq"),
            sell=whole(need(d.sq, "sq"), "sq"),
            buy_value=money(d.bv),
            sell_value=money(d.sv),
            total_room=whole_or_none(d.tr, "tr"),
            room=whole_or_none(d.cr, "cr"),
        )
        hose = about.exchange == "HOSE"
        basis: Literal["vendor", "price_times_volume"] = "price_times_volume" if hose else "vendor"
        tell_foreign(raw, out, about, totals, basis)

    def _index(self, raw: Raw, out: Output) -> None:
        d = self._indices.read(raw.value)
        about = self._about(raw, out, d.s, d.t)
        if about is None:
            return
        value, at, state = need(d.v, "v"), about.at, about.state
        if value <= 0:
            raise BadFrame("bad_number", f"v must be positive, was {value}")
        chain = state.index
        if chain is None or chain.day != at.day:
            chain = TimeChain(at.day, 0, 0)
        check = crc32(repr((value, d.tmq, d.tqp, d.adv, d.dec)).encode())
        verdict = chain.judge(at.ts_ms, check)
        state.index = chain
        if verdict != "new":
            out.drop(verdict)
        elif not chain.price.accept(value, INDEX_RATIO):
            last = chain.price.accepted
            out.reject("absurd_price", f"{about.symbol}: {value}, last believed {last}")
        else:
            chain.accept(at.ts_ms, check)
            out.messages.append(_index_of(raw, out, d, about, value))
        about.keep()

    def learn(self, known: Known) -> None:
        """See `FeedDecoder`."""
        self._symbols.known = known

    def state(self) -> Any:
        """See `FeedDecoder`."""
        return {}

    def restore(self, state: Any) -> None:
        """See `FeedDecoder`."""
        msgspec.convert(state, Nothing)


def _index_of(raw: Raw, out: Output, d: frames.Index, about: Subject, value: float) -> IndexMessage:
    # As of v2: a breadth of zeros means that nobody knows.
    known = bool(d.adv or d.dec or d.nc)
    return IndexMessage(
        symbol=about.symbol,
        feed=raw.feed,
        seq=out.next_seq(),
        ts_ms=about.at.ts_ms,
        ts_source=about.at.source,
        value=value,
        prior=value - d.c if d.c is not None else None,
        phase=about.phase,
        advances=whole_or_none(d.adv, "adv") if known else None,
        declines=whole_or_none(d.dec, "dec") if known else None,
        unchanged=whole_or_none(d.nc, "nc") if known else None,
        ceilings=whole_or_none(d.ce, "ce") if known else None,
        floors=whole_or_none(d.fl, "fl") if known else None,
        total_volume=whole_or_none(d.tmq, "tmq"),
        total_value=money(d.tmv),
        put_through_volume=whole_or_none(d.tqp, "tqp"),
        put_through_value=money(d.tvp),
    )


def _other(raw: Raw, out: Output) -> None:
    try:
        msgspec.json.decode(raw.value, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, ValueError, RecursionError) as e:
        out.reject("malformed", f"{raw.channel}: no message of SSI: {e}")
        return
    out.drop("unknown_event")

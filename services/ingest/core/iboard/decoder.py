"""iBoard's decoder: one raw record into messages of `market`, with its chain state."""

from typing import Any

import msgspec

from services.ingest.core.feed import BadFrame, Output
from services.ingest.core.iboard.frames import Frame, Snapshot, as_print, as_snapshot, read
from services.ingest.core.records import Raw
from services.ingest.core.vn.codes import side
from services.ingest.core.vn.desk import Desk, Nothing
from services.ingest.core.vn.figures import (
    ForeignTotals,
    Totals,
    tell_auction,
    tell_day,
    tell_foreign,
    tell_open_interest,
)
from services.ingest.core.vn.known import Known
from services.ingest.core.vn.numbers import money, whole, whole_or_none
from services.ingest.core.vn.prints import Print, tell_trade
from services.ingest.core.vn.quotes import tell_quote
from services.ingest.core.vn.sources import PRIMARY, Sources, kinds_of
from services.ingest.core.vn.subject import STALE_DAY, Subject, subject
from services.ingest.core.vn.times import Moment, at, midnight, moment

FEED_NAME = "iboard"
MAIN = "MAIN"
NOT_PRIMARY = "not_primary"


class IboardDecoder:
    """
    Decodes L# and S# frames; a `FeedDecoder`.

    Args:
        usual: which channel writes which kind of message, where the desk has no choice. A
            frame of which nothing is written is counted (`not_primary`).
    """

    def __init__(self, _venue: str, usual: Sources = PRIMARY) -> None:
        self._usual = usual
        self.share(Desk())

    def share(self, desk: Desk) -> None:
        """See `FeedDecoder`."""
        self._desk, self._symbols = desk, desk.symbols
        self._arrange()

    def _arrange(self) -> None:
        self._turn = self._desk.turn
        sources = self._desk.sources(self._usual)
        self._of_prints = kinds_of(sources, FEED_NAME, "L")
        self._of_snapshots = kinds_of(sources, FEED_NAME, "S")

    def decode(self, raw: Raw, out: Output) -> None:
        """See `FeedDecoder`."""
        if self._turn != self._desk.turn:
            self._arrange()
        try:
            frame = read(raw.value)
            if frame.kind == "L":
                self._print(raw, out, frame)
            elif frame.kind == "S":
                self._snapshot(raw, out, frame)
            else:
                out.drop("unknown_event")
        except BadFrame as e:
            out.reject(e.code, f"{raw.channel[:64]}: {e.why}")

    def _print(self, raw: Raw, out: Output, frame: Frame) -> None:
        if "trade" not in self._of_prints:
            out.drop(NOT_PRIMARY)
            return
        found = as_print(frame)
        if found.board != MAIN:
            out.drop("other_board")
            return
        when = _moment(raw, found.time_ms, found.server_ms)
        about = self._about(out, frame, "", when)
        if about is None:
            return
        volume = whole(found.volume, "field 3")
        total = whole_or_none(found.total, "field 4")
        if total is not None and total < volume:
            raise BadFrame("bad_number", f"volume {volume} is more than the day's {total}")
        new = Print(found.price, volume, total, None, side(found.side))
        verdict = tell_trade(raw, out, about, new)
        if verdict in ("duplicate", "no_volume"):
            out.drop(verdict)

    def _snapshot(self, raw: Raw, out: Output, frame: Frame) -> None:
        kinds = self._of_snapshots
        if not kinds:
            out.drop(NOT_PRIMARY)
            return
        found = as_snapshot(frame)
        if frame.board != MAIN:
            out.drop("other_board")
            return
        about = self._about(out, frame, found.exchange, _moment(raw, None, found.updated_ms))
        if about is None:
            return
        before = len(out.messages), len(out.dropped)
        if "quote" in kinds:
            tell_quote(raw, out, about, found.levels)
        if "auction" in kinds:
            volume = whole_or_none(found.expected_volume, "field 97")
            tell_auction(raw, out, about, found.expected_price, volume)
        if "foreign" in kinds and (totals := _foreign(found)) is not None:
            tell_foreign(raw, out, about, totals, "vendor")
        if "open_interest" in kinds and found.open_interest is not None:
            interest = whole(found.open_interest, "field 58")
            if not tell_open_interest(raw, out, about, interest):
                out.drop("duplicate")
        if "day" in kinds:
            tell_day(raw, out, about, _totals(found))
        if before == (len(out.messages), len(out.dropped)):
            out.drop(NOT_PRIMARY)

    def _about(
        self, out: Output, frame: Frame, exchange: str, when: Moment | None
    ) -> Subject | None:
        if when is None:
            out.drop(STALE_DAY)
            return None
        return subject(self._symbols, frame.symbol, when, exchange)

    def learn(self, known: Known) -> None:
        """See `FeedDecoder`."""
        self._symbols.known = known

    def state(self) -> Any:
        """See `FeedDecoder`."""
        return {}

    def restore(self, state: Any) -> None:
        """See `FeedDecoder`."""
        msgspec.convert(state, Nothing)


def _moment(raw: Raw, ms_of_day: int | None, server_ms: int | None) -> Moment | None:
    """The exchange's second where it is given, else the server's time, else the receive time."""
    received = moment(raw.seq, None, None)
    assert received is not None
    when = received if server_ms is None else at(server_ms)
    if when.day != received.day:
        return None
    if ms_of_day is None:
        return when
    return Moment(midnight(when.day) + ms_of_day, "exchange", when.day, ms_of_day)


def _foreign(found: Snapshot) -> ForeignTotals | None:
    buy, buy_value, sell, sell_value = found.foreign
    if buy is None or sell is None:
        return None
    return ForeignTotals(
        buy=whole(buy, "field 48"),
        sell=whole(sell, "field 50"),
        buy_value=money(buy_value),
        sell_value=money(sell_value),
        total_room=None,
        room=whole_or_none(found.room, "field 65"),
    )


def _totals(found: Snapshot) -> Totals:
    return Totals(
        open=found.open,
        high=found.high,
        low=found.low,
        average=found.average,
        volume=whole_or_none(found.total_volume, "field 54"),
        value=money(found.total_value),
    )

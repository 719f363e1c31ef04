"""
What the exchange says of one instrument, and when it reaches a client.

Arrivals do not depend on which channels are written, so neither does anything else.
"""

from collections.abc import Collection, Sequence

from services.simulator.core.book import Book, Side
from services.simulator.core.day import BOARDS_NS, NS, Day, time_of
from services.simulator.core.ledger import Foreign
from services.simulator.core.message import Message
from services.simulator.core.prices import Ladder
from services.simulator.core.transit import LATENCY_NS, Transit
from services.simulator.core.universe import Instrument
from services.simulator.core.wire.iboard import Estimate, Frames
from services.simulator.core.wire.ssi_v2 import Last, Writer

_MS = 1_000_000
Levels = Sequence[tuple[int, int]]
"""Prices in VND and volumes, best first."""


class Voice:
    """
    Args:
        channels: the names of those that are written.

    Attributes:
        session, status: the codes that messages carry now.
        open_status: of an instrument that may trade.
        quotes: how many there were.
    """

    def __init__(
        self, instrument: Instrument, ladder: Ladder, day: Day, transit: Transit,
        channels: Collection[str],
    ) -> None:  # fmt: skip
        self.writer = Writer(instrument, ladder, day)
        self.open_status = "Active" if instrument.kind == "future" else "N"
        self.session, self.status = "C", self.open_status
        self.quotes = 0
        self._frames = Frames(instrument, ladder)
        self._channels, self._transit = frozenset(channels), transit
        self._symbol, self._day = instrument.symbol, day
        # SSI's own approximation of foreign values at HOSE: volume x last price.
        self._at_last = ladder.prices if instrument.exchange == "HOSE" else None
        self._out: list[Message] = []
        self._second, self._time = -1, ""
        self._asks, self._bids = (self.writer.half_of(name, [], []) for name in ("Ask", "Bid"))
        self._estimate: Estimate | None = None
        self._shown: tuple[Last, int] | None = None
        self._foreign_told = (0, 0)

    def begin(self) -> list[Message]:
        """A slot begins; the list takes its messages."""
        self._out = []
        return self._out

    def announce(self, time: int, code: str, status: str) -> None:
        """F: a session or a status begins."""
        self.session, self.status = code, status
        if "F" in self._channels:
            self._send(time + LATENCY_NS, "F", self.writer.status(self._clock(time), code, status))

    def trade(self, time: int, last: Last, code: str, side: str) -> None:
        """A print of the main board; `side` is BU, SD or empty."""
        arrival, channels = self._transit.trade(), self._channels
        clock, status = self._clock(time), self.status
        if "X-TRADE" in channels:
            self._send(arrival, "X-TRADE", self.writer.trade(clock, code, status, last, side))
        if "X" in channels:
            text = self.writer.both(clock, code, status, last, side, self._asks, self._bids)
            self._send(arrival, "X", text)
        if "B" in channels and last.price is not None:
            self._send(arrival, "B", self.writer.bar(clock, last.price, last.volume))
        if "L" in channels:
            frame = self._frames.trade(clock, last, side.lower(), self._ms(time))
            self._send(arrival + BOARDS_NS, "L", frame)

    def order(self, time: int) -> None:
        """An order is matched: its prints follow."""
        self._transit.order(time)

    def estimate(self, time: int, last: Last, price: int, volume: int) -> None:
        """An auction's estimate changed."""
        self._estimate = Estimate(price, volume, self._ms(time))
        self._transit.order(time)
        arrival = self._transit.trade()
        if "X-TRADE" in self._channels:
            text = self.writer.trade(
                self._clock(time), self.session, self.status, last._replace(expected=price), ""
            )
            self._send(arrival, "X-TRADE", text)

    def auction_over(self) -> None:
        """There is no estimate any more."""
        self._estimate = None

    def book(self, time: int, book: Book, last: Last) -> None:
        """The book may have changed."""
        writer = self.writer
        self.halves(time, writer.half("Ask", book.asks), writer.half("Bid", book.bids), last)

    def side(self, time: int, side: Side, last: Last) -> None:
        """The same of one side of it."""
        if side.step > 0:
            self.halves(time, self.writer.half("Ask", side), self._bids, last)
        else:
            self.halves(time, self._asks, self.writer.half("Bid", side), last)

    def halves(self, time: int, asks: str, bids: str, last: Last) -> None:
        """The same, written already."""
        if asks == self._asks and bids == self._bids:
            return
        self._asks, self._bids = asks, bids
        self.quotes += 1
        channels, arrival = self._channels, self._transit.quote(time)
        clock = self._clock(time)
        if "X-QUOTE" in channels:
            text = self.writer.quote(clock, self.session, asks, bids)
            self._out.append(Message(arrival, "X-QUOTE", self._symbol, text))
        if "X" in channels:
            text = self.writer.both(clock, self.session, self.status, last, "", asks, bids)
            self._send(arrival, "X", text)

    def figures(
        self, time: int, book: Book, last: Last, foreign: Foreign, open_interest: int | None
    ) -> None:
        """A slot with events ended: S#, and R when foreign investors traded."""
        arrival = time + LATENCY_NS
        if "S" in self._channels and self._shown != (shown := (last, self.quotes)):
            self._shown = shown
            frame = self._frames.snapshot(
                book, last, foreign, self._estimate, open_interest, self._ms(time)
            )
            self._send(arrival + BOARDS_NS, "S", frame)
        now = foreign.buy_volume, foreign.sell_volume
        if now == self._foreign_told:
            return
        self._foreign_told = now
        values = foreign.buy_value, foreign.sell_value
        if self._at_last is not None and last.price is not None:
            price = self._at_last[last.price]
            values = now[0] * price, now[1] * price
        if "R" in self._channels:
            numbers = foreign.total_room, foreign.room, *now, *values
            self._send(arrival, "R", self.writer.foreign(self._clock(time), numbers))

    def odd_lot(self, time: int, last: Last, asks: Levels, bids: Levels) -> None:
        """OL: a print of the odd-lot board, with prices and volumes of its book."""
        if "OL" in self._channels:
            text = self.writer.odd_lot(self._clock(time), "LO", "N", last, asks, bids)
            self._send(time + LATENCY_NS, "OL", text)

    def yesterday(self, time: int, last: Last) -> None:
        """On subscribing SSI sends the last message, which is of the day before."""
        if "X-TRADE" in self._channels:
            text = self.writer.trade("14:45:00", "C", self.open_status, last, "")
            text = text.replace(self._day.written, f"{self._day.before:%d/%m/%Y}")
            self._send(time + LATENCY_NS, "X-TRADE", text)

    def _send(self, arrival: int, channel: str, text: str) -> None:
        self._out.append(Message(arrival, channel, self._symbol, text))

    def _clock(self, time: int) -> str:
        second = time // NS
        if second != self._second:
            self._second, self._time = second, time_of(time)
        return self._time

    def _ms(self, time: int) -> int:
        return (self._day.midnight_ns + time) // _MS

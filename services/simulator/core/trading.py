"""
What investors do at one desk, and what the exchange says of it.

Prices are indices of the ladder; an order is `quantity * 2 + foreign`.
"""

from collections.abc import Collection
from typing import NamedTuple

from services.simulator.core.book import Book, Order, Side
from services.simulator.core.call import Call
from services.simulator.core.day import NS, Span, time_of
from services.simulator.core.derivatives import OpenInterest
from services.simulator.core.flow import UNIT, Event
from services.simulator.core.ledger import PHASES, Ledger
from services.simulator.core.prices import Ladder
from services.simulator.core.transit import LATENCY_NS, Transit
from services.simulator.core.universe import Instrument
from services.simulator.core.wire.iboard import Estimate, Frames
from services.simulator.core.wire.ssi_v2 import Last, Writer

BUY, SELL, NEUTRAL = 0, 1, 2
CONTINUOUS = PHASES.index("continuous")
_PLO = PHASES.index("plo")

_FURTHEST = 6
_LEAN = tuple(UNIT * p // 100 for p in (8, 12, 17, 23, 31, 40, 50, 60, 69, 77, 83, 88, 92))
"""Chance to buy by how many half steps the middle of the book lies below the target, -6 to 6."""
_DEEP_LOTS = 150
"""Lots that stand at the best price at most before somebody leaves; more further behind."""
_AUCTION_SIZE = 3
"""Orders of an auction are so much larger."""
_SWEEP_LOTS = 80
"""An order of so many lots takes several prices."""


class Message(NamedTuple):
    """`arrival` at a client in ns since midnight; `text` as the vendor writes it."""

    arrival: int
    channel: str
    symbol: str
    text: str


class Trading:
    """
    Args:
        channels: which messages are written; the market is the same without.
        foreign: chances below UNIT that a buyer, a seller is domestic.
    """

    def __init__(
        self, instrument: Instrument, ladder: Ladder, writer: Writer, transit: Transit,
        ledger: Ledger, channels: Collection[str], domestic: tuple[int, int],
        open_interest: OpenInterest | None, midnight_ns: int,
    ) -> None:  # fmt: skip
        self.instrument, self.ladder, self.writer, self.ledger = instrument, ladder, writer, ledger
        self.channels = frozenset(channels)
        self.frames, self.open_interest = Frames(instrument, ladder), open_interest
        self._midnight_ns = midnight_ns
        self.book = Book(len(ladder.prices))
        self.call = Call(self.book)
        self.open_status = "Active" if instrument.kind == "future" else "N"
        self.session, self.status = "C", self.open_status
        self.last = Last()
        self.traded = False
        self.expected: int | None = None
        self.agreed_volume = self.agreed_value = 0
        self._symbol, self._lot = instrument.symbol, instrument.lot
        self._transit, self._domestic = transit, domestic
        self._target = ladder.reference
        self._phase = CONTINUOUS
        self._out: list[Message] = []
        self._second, self._time = -1, ""
        self._asks = self._bids = ""
        self._shown: tuple[Last, int] | None = None
        self._estimated: Estimate | None = None
        self.quotes = 0
        self._estimate_due = 0
        self._foreign_told = (0, 0)
        self._plo: tuple[list[Order], list[Order]] = ([], [])

    def begin(self, target: int) -> list[Message]:
        """A slot begins; the list takes its messages."""
        self._target, self._out = target, []
        return self._out

    def enter(self, span: Span) -> None:
        """A span begins."""
        self._phase = PHASES.index(span.phase)

    def tell(self, arrival: int, channel: str, text: str) -> None:
        """A message reaches the client at `arrival`."""
        self._out.append(Message(arrival, channel, self._symbol, text))

    def time(self, time: int) -> str:
        """HH:MM:SS of an instant."""
        second = time // NS
        if second != self._second:
            self._second, self._time = second, time_of(time)
        return self._time

    def seed(self, time: int) -> None:
        """The orders that wait before the opening."""
        book, size = self.book, 12 * self._lot
        for behind in range(1, self.writer.levels + 4):
            for side in (book.bids, book.asks):
                price = min(max(self._target, 0), len(side.volume) - 1) + side.step * behind
                if 0 <= price < len(side.volume):
                    side.add(price, (1 + behind) * size * 2)
        self._publish(time)

    def on_continuous(self, event: Event) -> None:
        """An order in continuous trading."""
        if event.market:
            self._trade_at_once(event)
            return
        book, target = self.book, self._target
        if event.side & 1:
            own, other, fair = book.bids, book.asks, target
        else:
            own, other, fair = book.asks, book.bids, target + 1
        best, step = own.best, own.step
        if best == own.end:
            price = fair if (fair - other.best) * step > 0 else other.best + step
        elif (fair - best) * step > 0:
            # The best price is better than the instrument is worth: who stands there leaves.
            self._leave(own, best)
            self._publish(event.time)
            return
        elif event.depth == 0 and (best - fair) * step > 0 and best - step != other.best:
            price = best - step
        else:
            price = best + step * event.depth
        volume = own.volume
        if not 0 <= price < len(volume) or (price - other.best) * step <= 0:
            return
        if volume[price] > (_DEEP_LOTS << min(event.depth, 2)) * self._lot:
            self._leave(own, price)
        else:
            self._join(own, price, event)
        self._publish(event.time)

    def _trade_at_once(self, event: Event) -> None:
        book = self.book
        lean = 2 * self._target - book.bids.best - book.asks.best
        lean = min(max(lean, -_FURTHEST), _FURTHEST)
        buys = event.side < _LEAN[lean + _FURTHEST]
        own, other = (book.bids, book.asks) if buys else (book.asks, book.bids)
        if other.best == other.end:
            if own.best != own.end:
                self._join(own, own.best, event)
                self._publish(event.time)
            return
        reach = event.depth + 1 if event.lots >= _SWEEP_LOTS else 0
        limit = min(max(other.best + reach * other.step, 0), len(own.volume) - 1)
        foreign = self._is_foreign(event, buys)
        quantity = event.lots * self._lot
        self._transit.order(event.time)
        for fill in other.take(limit, quantity):
            quantity -= fill.quantity
            buyer, seller = (
                (foreign, fill.resting_foreign) if buys else (fill.resting_foreign, foreign)
            )
            if buys and foreign:
                self.ledger.foreign.room -= fill.quantity
            side = ("BU" if buys else "SD") if self._lot > 1 else ""
            self.print(
                event.time, fill.price, fill.quantity, SELL - buys, buyer, seller,
                self.session, side,
            )  # fmt: skip
        if quantity and event.foreign & 16:
            own.add(limit, quantity * 2 + foreign)
            if buys and foreign:
                self.ledger.foreign.room -= quantity
        self._publish(event.time)

    def on_auction(self, event: Event) -> None:
        """An order in a call auction, where nobody leaves."""
        buys = event.side >= UNIT // 2
        own = self.book.bids if buys else self.book.asks
        order = event.lots * _AUCTION_SIZE * self._lot * 2 + self._is_foreign(event, buys)
        if buys and order & 1:
            self.ledger.foreign.room -= order >> 1
        if event.market or event.side & 15 == 0:
            self.call.join(buys, order)
        else:
            offset = event.depth if event.side & 1 else -event.depth
            top = len(own.volume) - 1
            own.add(min(max(self._target - offset * own.step, 0), top), order)
        asks, bids = self.call.shown(self.writer.levels, self._anchor())
        self._show(event.time, self.writer.half_of("Ask", *asks), self.writer.half_of("Bid", *bids))
        if event.time >= self._estimate_due:
            self._estimate_due = event.time + NS
            self._estimate(event.time)

    def uncross(self, time: int, code: str, side: str) -> None:
        """The auction ends; its prints carry this session code and side."""
        self._transit.order(time)
        matches, dropped = self.call.uncross(self._anchor())
        self.ledger.foreign.room += dropped
        self.expected = None
        for price, quantity, buyer, seller in matches:
            self.print(time, price, quantity, NEUTRAL, buyer, seller, code, side)
        self.session = code
        self._publish(time)

    def on_plo(self, event: Event) -> None:
        """An order at the closing price, after the close."""
        if self.last.price is None:
            return
        buys = event.side >= UNIT // 2
        order = event.lots * self._lot * 2 + self._is_foreign(event, buys)
        own, other = self._plo if buys else self._plo[::-1]
        self._transit.order(event.time)
        while other and order >> 1:
            resting = other[0]
            size = min(order >> 1, resting >> 1)
            buyer, seller = (order & 1, resting & 1) if buys else (resting & 1, order & 1)
            self.ledger.foreign.room -= size * buyer
            self.print(event.time, self.last.price, size, NEUTRAL, buyer, seller, self.session, "")
            order -= size * 2
            other[0] -= size * 2
            if not other[0] >> 1:
                del other[0]
        if order >> 1:
            own.append(order)

    def print(
        self, time: int, price: int, quantity: int, aggressor: int, buyer: int, seller: int,
        code: str, side: str,
    ) -> None:  # fmt: skip
        """A print of the main board: into the truth, and told."""
        value = self.ladder.prices[price] * quantity * self.instrument.unit
        last = self.last
        self.last = last = Last(
            price if last.open is None else last.open,
            price if last.high is None or price > last.high else last.high,
            price if last.low is None or price < last.low else last.low,
            price,
            quantity,
            last.total_volume + quantity,
            last.value + value,
            None,
        )
        self.traded = True
        self.ledger.note(
            time, self.ladder.prices[price], quantity, value, self.quotes, self._phase,
            aggressor, buyer, seller,
        )  # fmt: skip
        arrival, channels = self._transit.trade(), self.channels
        clock, status = self.time(time), self.status
        if "X-TRADE" in channels:
            self.tell(arrival, "X-TRADE", self.writer.trade(clock, code, status, last, side))
        if "X" in channels:
            text = self.writer.both(clock, code, status, last, side, self._asks, self._bids)
            self.tell(arrival, "X", text)
        if "B" in channels:
            self.tell(arrival, "B", self.writer.bar(clock, price, quantity))
        if "L" in channels:
            frame = self.frames.trade(clock, last, side.lower(), self._since_epoch_ms(time))
            self.tell(arrival, "L", frame)
        if self.open_interest is not None:
            self.open_interest.trade(quantity)

    def end_slot(self, time: int) -> None:
        """A slot with events ended at `time`: figures are told, foreign trading if it changed."""
        foreign = self.ledger.foreign
        if "S" in self.channels and self._shown != (shown := (self.last, self.quotes)):
            self._shown = shown
            estimate = self._estimated if self.expected is not None else None
            interest = None if self.open_interest is None else self.open_interest.value
            frame = self.frames.snapshot(
                self.book, self.last, foreign, estimate, interest, self._since_epoch_ms(time)
            )
            self.tell(time + LATENCY_NS, "S", frame)
        now = foreign.buy_volume, foreign.sell_volume
        if now == self._foreign_told or "R" not in self.channels:
            return
        self._foreign_told = now
        values = foreign.buy_value, foreign.sell_value
        if self.instrument.exchange == "HOSE" and self.last.price is not None:
            # SSI's own approximation.
            price = self.ladder.prices[self.last.price]
            values = foreign.buy_volume * price, foreign.sell_volume * price
        numbers = foreign.total_room, foreign.room, *now, *values
        self.tell(time + LATENCY_NS, "R", self.writer.foreign(self.time(time), numbers))

    def closing_message(self, clock: str) -> str:
        """X-TRADE as it stood at the close of a quiet day."""
        price = self.ladder.reference
        volume = 1000 * self._lot
        value = self.ladder.prices[price] * volume * self.instrument.unit
        last = Last(price, price, price, price, self._lot, volume, value)
        return self.writer.trade(clock, "C", self.open_status, last, "")

    def _anchor(self) -> int:
        return self.ladder.reference if self.last.price is None else self.last.price

    def _estimate(self, time: int) -> None:
        found = self.call.estimate(self._anchor())
        if found is None or found.price == self.expected:
            return
        price = found.price
        self.expected, self.traded = price, True
        self._estimated = Estimate(price, found.volume, self._since_epoch_ms(time))
        if "X-TRADE" in self.channels:
            last = self.last._replace(expected=price)
            text = self.writer.trade(self.time(time), self.session, self.status, last, "")
            self._transit.order(time)
            self.tell(self._transit.trade(), "X-TRADE", text)

    def _since_epoch_ms(self, time: int) -> int:
        return (self._midnight_ns + time) // 1_000_000

    def _is_foreign(self, event: Event, buys: bool) -> int:
        return int(event.foreign >= self._domestic[not buys])

    def _join(self, side: Side, price: int, event: Event) -> None:
        buys = side.step < 0
        order = event.lots * self._lot * 2 + self._is_foreign(event, buys)
        side.add(price, order)
        if buys and order & 1:
            self.ledger.foreign.room -= order >> 1

    def _leave(self, side: Side, price: int) -> None:
        order = side.cancel(price)
        if side.step < 0 and order & 1:
            self.ledger.foreign.room += order >> 1

    def _publish(self, time: int) -> None:
        book, writer = self.book, self.writer
        self._show(time, writer.half("Ask", book.asks), writer.half("Bid", book.bids))

    def _show(self, time: int, asks: str, bids: str) -> None:
        if asks == self._asks and bids == self._bids:
            return
        self._asks, self._bids = asks, bids
        self.quotes += 1
        channels = self.channels
        arrival = self._transit.quote(time)
        if "X-QUOTE" in channels:
            text = self.writer.quote(self.time(time), self.session, asks, bids)
            self._out.append(Message(arrival, "X-QUOTE", self._symbol, text))
        if "X" in channels:
            text = self.writer.both(
                self.time(time), self.session, self.status, self.last, "", asks, bids
            )
            self.tell(arrival, "X", text)

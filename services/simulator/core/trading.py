"""
What investors do at one desk, and what comes of it.

Prices are indices of the ladder; an order is `quantity * 2 + foreign`.
"""

from services.simulator.core.book import Book, Order, Side
from services.simulator.core.call import Call
from services.simulator.core.day import NS, Span
from services.simulator.core.derivatives import OpenInterest
from services.simulator.core.flow import UNIT, Event
from services.simulator.core.ledger import BUY, NEUTRAL, PHASES, SELL, Ledger
from services.simulator.core.prices import Ladder
from services.simulator.core.universe import Instrument
from services.simulator.core.voice import Voice
from services.simulator.core.wire.ssi_v2 import Last

_FURTHEST = 6
_LEAN = tuple(UNIT * p // 100 for p in (8, 12, 17, 23, 31, 40, 50, 60, 69, 77, 83, 88, 92))
"""Chance to buy by how many half steps the middle of the book lies below the target, -6 to 6."""
_DEEP_LOTS = 150
"""Lots that stand at the best price at most before somebody leaves; more further behind."""
_SWEEP_LOTS = 80
"""An order of so many lots takes several prices."""
_SEED_LOTS = 12
_RESTS = 16
"""Of `Event.foreign`: whether what is left of an order rests in the book."""


class Trading:
    """
    Args:
        domestic: chances below UNIT that a buyer, a seller is no foreigner.
        open_interest: of a future.

    Attributes:
        last: the main board's trading so far.
        expected: an auction's price, None without one.
        agreed_volume, agreed_value: put-through, in shares and VND.
        traded: something changed that the indices take; who took it resets it.
    """

    def __init__(
        self, instrument: Instrument, ladder: Ladder, voice: Voice, ledger: Ledger,
        domestic: tuple[int, int], open_interest: OpenInterest | None,
    ) -> None:  # fmt: skip
        self.instrument, self.ladder, self.voice, self.ledger = instrument, ladder, voice, ledger
        self.open_interest = open_interest
        self.book = Book(len(ladder.prices))
        self.last = Last()
        self.expected: int | None = None
        self.agreed_volume = self.agreed_value = 0
        self.traded = False
        self._call = Call(self.book)
        self._lot, self._domestic = instrument.lot, domestic
        self._target = ladder.reference
        self._phase = 0
        self._estimate_due = 0
        self._plo: tuple[list[Order], list[Order]] = ([], [])

    def worth(self, target: int) -> None:
        """The instrument is worth this price from now on."""
        self._target = target

    def enter(self, span: Span) -> None:
        """A span begins."""
        self._phase = PHASES.index(span.phase)

    def seed(self, time: int) -> None:
        """The orders that wait before the opening."""
        top = len(self.ladder.prices) - 1
        for behind in range(1, self.voice.writer.levels + 4):
            for side in (self.book.bids, self.book.asks):
                price = min(max(self._target, 0), top) + side.step * behind
                if 0 <= price <= top:
                    side.add(price, (1 + behind) * _SEED_LOTS * self._lot * 2)
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
            self.voice.side(event.time, own, self.last)
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
            self._join(own, price, self._order(event, step < 0))
        self.voice.side(event.time, own, self.last)

    def _trade_at_once(self, event: Event) -> None:
        book = self.book
        lean = 2 * self._target - book.bids.best - book.asks.best
        buys = event.side < _LEAN[min(max(lean, -_FURTHEST), _FURTHEST) + _FURTHEST]
        own, other = (book.bids, book.asks) if buys else (book.asks, book.bids)
        order = self._order(event, buys)
        if other.best == other.end:
            if own.best != own.end:
                self._join(own, own.best, order)
                self._publish(event.time)
            return
        reach = event.depth + 1 if event.lots >= _SWEEP_LOTS else 0
        limit = min(max(other.best + reach * other.step, 0), len(own.volume) - 1)
        foreign, left = order & 1, order >> 1
        aggressor, code = BUY if buys else SELL, self.voice.session
        # The wire has no side of a future's print.
        side = "" if self._lot == 1 else "BU" if buys else "SD"
        self.voice.order(event.time)
        for price, quantity, resting in other.take(limit, left):
            left -= quantity
            buyer, seller = (foreign, resting) if buys else (resting, foreign)
            if buys:
                self.ledger.foreign.room -= quantity * foreign
            self._print(event.time, price, quantity, aggressor, buyer, seller, code, side)
        if left and event.foreign & _RESTS:
            self._join(own, limit, left * 2 + foreign)
        self._publish(event.time)

    def on_auction(self, event: Event) -> None:
        """An order in a call auction, where nobody leaves."""
        buys = event.side >= UNIT // 2
        own = self.book.bids if buys else self.book.asks
        order = self._order(event, buys)
        if event.market or event.side & 15 == 0:
            self._call.join(buys, order)
            if buys:
                self.ledger.foreign.room -= (order >> 1) * (order & 1)
        else:
            offset = event.depth if event.side & 1 else -event.depth
            top = len(own.volume) - 1
            self._join(own, min(max(self._target - offset * own.step, 0), top), order)
        writer = self.voice.writer
        asks, bids = self._call.shown(writer.levels, self._anchor())
        halves = writer.half_of("Ask", *asks), writer.half_of("Bid", *bids)
        self.voice.halves(event.time, *halves, self.last)
        if event.time >= self._estimate_due:
            self._estimate_due = event.time + NS
            found = self._call.estimate(self._anchor())
            if found is not None and found.price != self.expected:
                self.expected, self.traded = found.price, True
                worth = self.ladder.prices[found.price]
                self.ledger.estimates.append((event.time, self._phase, worth, found.volume))
                self.voice.estimate(event.time, self.last, *found)

    def uncross(self, time: int, code: str, side: str) -> None:
        """The auction ends; its prints carry this session code and side."""
        matches, dropped = self._call.uncross(self._anchor())
        self.ledger.foreign.room += dropped
        self.expected = None
        self.voice.auction_over()
        self.voice.order(time)
        for price, quantity, buyer, seller in matches:
            self._print(time, price, quantity, NEUTRAL, buyer, seller, code, side)
        self.voice.session = code
        self._publish(time)

    def on_plo(self, event: Event) -> None:
        """An order at the closing price, after the close."""
        if self.last.price is None:
            return
        buys = event.side >= UNIT // 2
        order = self._order(event, buys)
        own, other = self._plo if buys else self._plo[::-1]
        self.voice.order(event.time)
        while other and order >> 1:
            resting = other[0]
            size = min(order >> 1, resting >> 1)
            buyer, seller = (order & 1, resting & 1) if buys else (resting & 1, order & 1)
            self.ledger.foreign.room -= size * buyer
            code = self.voice.session
            self._print(event.time, self.last.price, size, NEUTRAL, buyer, seller, code, "")
            order -= size * 2
            other[0] -= size * 2
            if not other[0] >> 1:
                del other[0]
        if order >> 1:
            own.append(order)

    def end_slot(self, time: int) -> None:
        """A slot in which something happened ended."""
        interest = None if self.open_interest is None else self.open_interest.value
        self.voice.figures(time, self.book, self.last, self.ledger.foreign, interest)

    def _print(
        self, time: int, price: int, quantity: int, aggressor: int, buyer: int, seller: int,
        code: str, side: str,
    ) -> None:  # fmt: skip
        worth = self.ladder.prices[price]
        value = worth * quantity * self.instrument.unit
        last = self.last
        self.last = last = Last(
            price if last.open is None else last.open,
            price if last.high is None or price > last.high else last.high,
            price if last.low is None or price < last.low else last.low,
            price,
            quantity,
            last.total_volume + quantity,
            last.value + value,
        )
        self.traded = True
        quotes = self.voice.quotes
        self.ledger.note(
            time, worth, quantity, value, quotes, self._phase, aggressor, buyer, seller
        )
        if self.open_interest is not None:
            self.open_interest.trade(quantity)
        self.voice.trade(time, last, code, side)

    def _anchor(self) -> int:
        return self.ladder.reference if self.last.price is None else self.last.price

    def _order(self, event: Event, buys: bool) -> Order:
        foreign = event.foreign >= self._domestic[not buys]
        return event.lots * self._lot * 2 + foreign

    def _join(self, side: Side, price: int, order: Order) -> None:
        side.add(price, order)
        if order & 1 and side.step < 0:
            # Since KRX the room goes when a foreign buyer's order enters, not when it is filled.
            self.ledger.foreign.room -= order >> 1

    def _leave(self, side: Side, price: int) -> None:
        order = side.cancel(price)
        if order & 1 and side.step < 0:
            self.ledger.foreign.room += order >> 1

    def _publish(self, time: int) -> None:
        self.voice.book(time, self.book, self.last)

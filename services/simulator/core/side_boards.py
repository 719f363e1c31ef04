"""
The boards beside the main one: odd lots (1 to 99 shares), and put-through (agreed trades).

Both are few and take the main board's prices; SSI tells odd lots (OL) and, of put-through, only
the sums in the indices (MI).
"""

from services.simulator.core.day import NS, QUANTUM_NS, SPANS, clock
from services.simulator.core.draws import Draws, Ints
from services.simulator.core.ledger import BUY, NEUTRAL, PHASES, SELL
from services.simulator.core.trading import Trading
from services.simulator.core.universe import Instrument
from services.simulator.core.wire.ssi_v2 import Last
from services.simulator.core.wire.ssi_v2_forms import HOSE_LEVELS

ODD_LOT, PUT_THROUGH = PHASES.index("odd_lot"), PHASES.index("put_through")
_ORDERS_PER_ODD_LOT = 250
_ORDERS_PER_DEAL = 4000
_MAX_ODD = 99
_NEVER = 1 << 62


class SideBoards:
    """
    Both boards of one instrument; futures have neither here.

    Attributes:
        due: ns since midnight of the next thing that happens, `_NEVER` after the last.
    """

    def __init__(self, instrument: Instrument, orders: int, trading: Trading, draws: Draws) -> None:
        self._trading, self._instrument = trading, instrument
        self._odd_lots = Last()
        self._plans: list[tuple[int, bool, int]] = []
        if instrument.kind == "stock" and not instrument.halted:
            odd, deals = 2 + orders // _ORDERS_PER_ODD_LOT, orders // _ORDERS_PER_DEAL
            spans = [s for s in SPANS[instrument.exchange] if s.mode == "continuous"]
            self._plan(draws, odd, False, spans[0].start, spans[-1].end)
            self._plan(draws, deals, True, clock("09:05"), clock("14:58"))
        self._plans.sort(reverse=True)

    def _plan(self, draws: Draws, count: int, agreed: bool, start: int, end: int) -> None:
        minutes = draws.below((end - start) // NS, count)
        marks: Ints = draws.below(1 << 30, count)
        for second, mark in zip(minutes.tolist(), marks.tolist(), strict=True):
            time = start + second * NS + (mark & 0xFFFF) * QUANTUM_NS
            lunch = clock("11:30") <= time < clock("13:00")
            if not lunch:
                self._plans.append((time + self._instrument.number, agreed, mark))

    @property
    def due(self) -> int:
        """See the class."""
        return self._plans[-1][0] if self._plans else _NEVER

    def run(self, end: int, halted: bool) -> None:
        """What happens before `end`; nothing while the instrument is halted."""
        while self._plans and self._plans[-1][0] < end:
            time, agreed, mark = self._plans.pop()
            if halted:
                continue
            if agreed:
                self._deal(time, mark)
            else:
                self._odd_lot(time, mark)

    def _price(self) -> int:
        last = self._trading.last.price
        return self._trading.ladder.reference if last is None else last

    def _odd_lot(self, time: int, mark: int) -> None:
        trading, price, volume = self._trading, self._price(), 1 + (mark >> 16) % _MAX_ODD
        prices = trading.ladder.prices
        value = prices[price] * volume
        last = self._odd_lots
        self._odd_lots = last = Last(
            price if last.open is None else last.open,
            price if last.high is None else max(price, last.high),
            price if last.low is None else min(price, last.low),
            price,
            volume,
            last.total_volume + volume,
            last.value + value,
        )
        aggressor = BUY if mark & 1 else SELL
        trading.ledger.note(
            time, prices[price], volume, value, trading.voice.quotes, ODD_LOT, aggressor, 0, 0
        )
        asks, bids = (
            [
                (prices[at], 11 + (mark >> n) % 480)
                for n in range(HOSE_LEVELS)
                if 0 <= (at := price + step * n + (step > 0)) < len(prices)
            ]
            for step in (1, -1)
        )
        trading.voice.odd_lot(time, last, asks, bids)

    def _deal(self, time: int, mark: int) -> None:
        trading, price = self._trading, self._price()
        volume = (20_000 + (mark >> 8) % 150_000) // 100 * 100
        prices = trading.ladder.prices
        value = prices[price] * volume
        buyer, seller = int(mark & 7 == 0), int(mark & 7 == 1)
        room = trading.ledger.foreign
        room.room -= volume * buyer
        trading.ledger.note(
            time,
            prices[price],
            volume,
            value,
            trading.voice.quotes,
            PUT_THROUGH,
            NEUTRAL,
            buyer,
            seller,
        )
        trading.agreed_volume += volume
        trading.agreed_value += value
        trading.traded = True

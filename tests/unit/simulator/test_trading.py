"""What investors do at one desk, and what the truth and the wire say of it."""

import json
from typing import Any

import pytest

from services.simulator.core.day import SPANS, clock, trading_day
from services.simulator.core.draws import Draws
from services.simulator.core.flow import UNIT, Event
from services.simulator.core.ledger import AGGRESSORS, PHASES, Foreign, Ledger
from services.simulator.core.message import Message
from services.simulator.core.prices import ladder
from services.simulator.core.trading import Trading
from services.simulator.core.transit import Transit
from services.simulator.core.universe import Instrument
from services.simulator.core.voice import Voice
from tests.unit.simulator.exchange_day import FRIDAY

SHARE = Instrument(number=3, symbol="HPG", exchange="HNX", kind="stock", reference=20_000,
                   shares=1_000_000, free_float=50, weight=1)  # fmt: skip
HOME, ABROAD = 0, UNIT - 1
"""`Event.foreign` of a domestic order and of a foreign one, whose rest stays in the book."""
STAYS = 16
BUYS, SELLS = 1, 0
"""`Event.side` of an order that rests."""
NOON = clock("10:00")


class Desk:
    """A share whose orders a test enters; it is worth 20,000 VND."""

    def __init__(self) -> None:
        day = trading_day(FRIDAY, set())
        rungs = ladder(SHARE.reference, SHARE.exchange, SHARE.kind)
        transit = Transit(Draws(1, "test"), 0.0)
        voice = Voice(SHARE, rungs, day, transit, {"X-TRADE", "X-QUOTE", "R"})
        self.ledger = Ledger(foreign=Foreign(room=100_000, total_room=500_000))
        domestic = UNIT // 2, UNIT // 2
        self.trading = Trading(SHARE, rungs, voice, self.ledger, domestic, None)
        self.out: list[Message] = voice.begin()
        self.reference = rungs.reference
        self.trading.worth(rungs.reference)
        self.trading.enter(SPANS["HNX"][0])
        self.time = NOON

    def rest(self, side: int, lots: int, depth: int = 0, foreign: int = HOME) -> None:
        """An order that rests, or makes room."""
        self.time += 4000
        self.trading.on_continuous(Event(self.time, False, side, lots, depth, foreign))

    def trade(self, buys: bool, lots: int, foreign: int = HOME, depth: int = 0) -> None:
        """An order that trades at once."""
        self.time += 4000
        side = 0 if buys else UNIT - 1
        self.trading.on_continuous(Event(self.time, True, side, lots, depth, foreign))

    def told(self, channel: str) -> list[dict[str, Any]]:
        """Contents of a channel's messages."""
        texts = [m.text for m in self.out if m.channel == channel]
        return [json.loads(json.loads(text)["Content"]) for text in texts]

    def true(self) -> list[tuple[int, int, str, bool, bool]]:
        """Prints: price, volume, aggressor, whether buyer and seller are foreign."""
        books = self.ledger
        return [
            (price, volume, AGGRESSORS[flags // 4 % 3], bool(flags & 2), bool(flags & 1))
            for price, volume, flags in zip(books.prices, books.volumes, books.flags, strict=True)
        ]


@pytest.fixture
def desk() -> Desk:
    """With 2 x 500 asked at 20,100, 500 at 20,200, and the same bid at 20,000 and 19,900."""
    made = Desk()
    for side in (SELLS, BUYS):
        for depth in (0, 0, 1):
            made.rest(side, 5, depth)
    best = made.trading.book.asks.best, made.trading.book.bids.best
    assert [made.trading.ladder.prices[price] for price in best] == [20_100, 20_000]
    return made


def test_an_order_takes_the_oldest_first_and_each_resting_order_is_a_print(desk: Desk) -> None:
    desk.trade(True, 8)
    assert desk.true() == [(20_100, 500, "buy", False, False), (20_100, 300, "buy", False, False)]
    told = desk.told("X-TRADE")
    assert [(c["LastVol"], c["TotalVol"], c["Side"]) for c in told] == [
        (500.0, 500.0, "BU"), (300.0, 800.0, "BU"),
    ]  # fmt: skip
    assert told[-1]["TotalVal"] == 800 * 20_100
    assert desk.told("X-QUOTE")[-1]["AskVol1"] == 200.0


def test_a_quote_comes_after_the_prints_that_it_is_the_effect_of(desk: Desk) -> None:
    desk.out.clear()
    desk.trade(False, 8)
    assert [m.channel for m in desk.out] == ["X-TRADE", "X-TRADE", "X-QUOTE"]
    arrivals = [m.arrival for m in desk.out]
    assert arrivals == sorted(set(arrivals))
    assert {c["Side"] for c in desk.told("X-TRADE")} == {"SD"}


def test_a_large_order_sweeps_several_prices(desk: Desk) -> None:
    desk.trade(True, 100)
    assert [(price, volume) for price, volume, *_ in desk.true()] == [
        (20_100, 500), (20_100, 500), (20_200, 500),
    ]  # fmt: skip
    assert desk.told("X-TRADE")[-1]["Highest"] == 20_200.0


def test_what_is_left_of_an_order_rests_at_its_limit_or_goes(desk: Desk) -> None:
    desk.trade(True, 15, HOME | STAYS)
    assert desk.told("X-QUOTE")[-1]["BidPrice1"] == 20_100.0
    assert desk.told("X-QUOTE")[-1]["BidVol1"] == 500.0
    other = Desk()
    other.rest(SELLS, 5)
    other.trade(True, 15)
    assert other.told("X-QUOTE")[-1]["BidPrice1"] == 0.0


def test_the_room_goes_when_a_foreign_buyer_enters_and_comes_back_when_he_leaves(
    desk: Desk,
) -> None:
    room = desk.ledger.foreign
    desk.rest(BUYS, 10, 0, ABROAD)
    assert room.room == 100_000 - 1_000
    desk.trading._leave(desk.trading.book.bids, desk.trading.book.bids.best)
    assert room.room == 100_000
    desk.trade(True, 3, ABROAD & ~STAYS)
    assert (room.room, room.buy_volume, room.buy_value) == (100_000 - 300, 300, 300 * 20_100)
    desk.trade(False, 2, ABROAD & ~STAYS)
    assert (room.room, room.sell_volume) == (100_000 - 100, 200)


def test_a_resting_foreign_order_counts_on_its_own_side(desk: Desk) -> None:
    desk.rest(BUYS, 10, 1, ABROAD)
    desk.trade(False, 100)
    assert [found[3:] for found in desk.true()][-1] == (True, False)
    desk.trading.end_slot(desk.time)
    [told] = desk.told("R")
    assert told["BuyVol"] == 1000.0
    assert told["BuyVal"] == 1000 * 19_900
    assert told["SellVol"] == 0.0
    desk.trading.end_slot(desk.time)
    assert len(desk.told("R")) == 1


def test_who_asks_less_than_it_is_worth_leaves(desk: Desk) -> None:
    desk.trading.worth(desk.reference + 1)
    for _ in range(2):
        desk.rest(SELLS, 1)
    assert desk.told("X-QUOTE")[-1]["AskPrice1"] == 20_200.0


def test_an_auction_prints_at_one_price_and_nobody_is_the_aggressor(desk: Desk) -> None:
    auction = next(span for span in SPANS["HNX"] if span.mode == "auction")
    desk.trading.enter(auction)
    for n, (side, depth) in enumerate([(UNIT - 1, 2), (UNIT - 1, 1), (1, 2), (3, 1)] * 3):
        time = auction.start + n * 10**9
        desk.trading.on_auction(Event(time, False, side, 10 + n, depth, HOME))
    estimates = [c["EstMatchedPrice"] for c in desk.told("X-TRADE")]
    assert estimates
    assert all(estimates)
    desk.trading.uncross(auction.end, "C", "SD")
    prints = desk.true()
    assert {price for price, *_ in prints} == {estimates[-1]}
    assert {aggressor for _, _, aggressor, *_ in prints} == {"neutral"}
    last = desk.told("X-TRADE")[-1]
    assert (last["Time"], last["TradingSession"], last["Side"]) == ("14:45:00", "C", "SD")
    assert last["EstMatchedPrice"] == 0.0
    assert desk.trading.book.bids.best < desk.trading.book.asks.best


def test_after_the_close_orders_meet_at_the_closing_price(desk: Desk) -> None:
    desk.trade(True, 1)
    desk.trading.enter(SPANS["HNX"][-1])
    for side, lots in ((UNIT - 1, 5), (0, 3), (0, 4), (UNIT - 1, 9)):
        desk.time += 4000
        desk.trading.on_plo(Event(desk.time, False, side, lots, 0, HOME))
    assert [found[:3] for found in desk.true()][1:] == [
        (20_100, 300, "neutral"), (20_100, 200, "neutral"), (20_100, 200, "neutral"),
    ]  # fmt: skip
    phases = [PHASES[flags // 12] for flags in desk.ledger.flags]
    assert phases == ["continuous", "plo", "plo", "plo"]

"""Call auctions: price, volume, and who is executed."""

from hypothesis import given
from hypothesis import strategies as st

from services.simulator.core.auction import Uncross, uncross
from services.simulator.core.book import Book
from services.simulator.core.call import Call, Match

volumes = st.lists(st.integers(0, 20), min_size=6, max_size=6)


def test_the_price_is_the_one_at_which_most_is_executed() -> None:
    # Buyers at 0 to 4: 40, 40, 40, 30, 0; sellers: 0, 5, 25, 35, 35.
    assert uncross([0, 0, 10, 30, 0], [0, 5, 20, 10, 0], 0, 0, 0) == Uncross(3, 30)
    assert uncross([0, 0, 10, 30, 0], [0, 5, 20, 0, 0], 0, 0, 4) == Uncross(3, 25)


def test_of_equal_volumes_the_least_imbalance_decides() -> None:
    # 10 are executed at each price; at 2 five would be left over, at 0 and 1 none.
    assert uncross([0, 0, 10], [10, 0, 5], 0, 0, 2) == Uncross(1, 10)
    # Buyers 14, 14, 10; sellers 0, 10, 14: 10 at 1 and at 2, four left over at both.
    assert uncross([0, 4, 10], [0, 10, 4], 0, 0, 0) == Uncross(1, 10)
    # Buyers 13, 13, 10; sellers 0, 10, 14: three left over at 1, four at 2.
    assert uncross([0, 3, 10], [0, 10, 4], 0, 0, 2) == Uncross(1, 10)


def test_of_equal_imbalances_the_nearest_to_the_reference_decides_and_of_two_the_higher() -> None:
    bids, asks = [0, 0, 0, 0, 10], [10, 0, 0, 0, 0]
    assert uncross(bids, asks, 0, 0, 1) == Uncross(1, 10)
    assert uncross(bids, asks, 0, 0, 3) == Uncross(3, 10)
    assert uncross([0, 0, 5, 10, 0], [0, 10, 5, 0, 0], 0, 0, 0) == Uncross(2, 15)


def test_orders_at_any_price_count_at_every_price() -> None:
    assert uncross([0, 0, 0], [0, 0, 10], 7, 0, 0) == Uncross(2, 7)
    assert uncross([0, 0, 0], [0, 0, 0], 7, 5, 1) == Uncross(1, 5)


def test_nothing_is_executed_where_nothing_crosses() -> None:
    assert uncross([5, 0, 0], [0, 0, 5], 0, 0, 1) is None
    assert uncross([0, 0, 0], [0, 0, 0], 3, 0, 1) is None


@given(volumes, volumes, st.integers(0, 30), st.integers(0, 30), st.integers(0, 5))
def test_it_is_what_trying_every_price_gives(
    bids: list[int], asks: list[int], more_bids: int, more_asks: int, reference: int
) -> None:
    tried = []
    for price in range(6):
        demand = more_bids + sum(bids[price:])
        supply = more_asks + sum(asks[: price + 1])
        volume = min(demand, supply)
        tried.append((-volume, abs(demand - supply), abs(price - reference), -price))
    best = min(tried)
    found = uncross(bids, asks, more_bids, more_asks, reference)
    assert found == (None if best[0] == 0 else Uncross(-best[3], -best[0]))


def order(quantity: int, foreign: int = 0) -> int:
    return quantity * 2 + foreign


def test_better_prices_come_first_then_earlier_orders_then_ato_orders() -> None:
    book = Book(10)
    call = Call(book)
    book.bids.add(5, order(100))
    call.join(True, order(100, foreign=1))
    book.bids.add(6, order(300))
    book.bids.add(5, order(200, foreign=1))
    book.asks.add(5, order(650))
    matches, cancelled = call.uncross(5)
    assert matches == [
        Match(5, 300, 0, 0), Match(5, 100, 0, 0), Match(5, 200, 1, 0), Match(5, 50, 1, 0),
    ]  # fmt: skip
    assert cancelled == 50
    assert book.asks.best == book.asks.end
    assert call.estimate(5) is None


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(1, 50)), max_size=30),
    st.lists(st.tuples(st.booleans(), st.integers(1, 50)), max_size=5),
)
def test_an_uncross_executes_its_volume_and_leaves_no_crossed_book(
    limits: list[tuple[bool, int, int]], markets: list[tuple[bool, int]]
) -> None:
    book = Book(10)
    call = Call(book)
    for buys, price, quantity in limits:
        (book.bids if buys else book.asks).add(price, order(quantity))
    for buys, quantity in markets:
        call.join(buys, order(quantity))
    expected = call.estimate(4)
    matches, _ = call.uncross(4)
    assert sum(m.quantity for m in matches) == (expected.volume if expected else 0)
    assert {m.price for m in matches} <= ({expected.price} if expected else set())
    assert book.bids.best < book.asks.best


def test_an_ato_order_stands_one_step_before_the_best_limit_order() -> None:
    book = Book(10)
    call = Call(book)
    book.bids.add(5, order(100))
    call.join(True, order(700))
    call.join(False, order(300))
    asks, bids = call.shown(3, 4)
    assert bids == ([6, 5], [700, 100])
    assert asks == ([4], [300])
    book.bids.add(9, order(200))
    assert call.shown(3, 4)[1] == ([9, 5], [900, 100])

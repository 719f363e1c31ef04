"""Price-time priority."""

from hypothesis import given
from hypothesis import strategies as st

from services.simulator.core.book import Book, Fill, Side

moves = st.lists(
    st.tuples(
        st.sampled_from(["add", "cancel", "take"]), st.integers(0, 7), st.integers(1, 9),
        st.integers(0, 1),
    ),
    max_size=60,
)  # fmt: skip


def test_the_best_price_is_taken_first_and_at_one_price_the_oldest_order() -> None:
    asks = Book(10).asks
    for price, quantity, foreign in ((6, 300, 0), (5, 100, 1), (5, 200, 0), (7, 50, 0)):
        asks.add(price, quantity * 2 + foreign)
    assert asks.take(6, 450) == [Fill(5, 100, 1), Fill(5, 200, 0), Fill(6, 150, 0)]
    assert asks.best == 6
    assert asks.volume[6] == 150


def test_an_order_takes_nothing_worse_than_its_limit() -> None:
    bids = Book(10).bids
    bids.add(4, 200)
    bids.add(3, 200)
    assert bids.take(4, 500) == [Fill(4, 100, 0)]
    assert bids.best == 3


def test_the_youngest_order_of_a_price_is_cancelled() -> None:
    bids = Book(10).bids
    bids.add(4, 200)
    bids.add(4, 301)
    assert bids.cancel(4) == 301
    assert bids.take(4, 500) == [Fill(4, 100, 0)]
    assert bids.best == bids.end == -1


@given(st.booleans(), moves)
def test_a_side_is_what_a_sorted_list_would_be(asks: bool, moves: list) -> None:
    side: Side = Book(8).asks if asks else Book(8).bids
    sign = 1 if asks else -1
    plain: list[list[int]] = []  # [price, foreign, quantity] in the order of arrival
    for move, price, quantity, foreign in moves:
        at = [each for each in plain if each[0] == price]
        if move == "add":
            side.add(price, quantity * 2 + foreign)
            plain.append([price, foreign, quantity])
        elif move == "cancel" and at:
            assert side.cancel(price) == at[-1][2] * 2 + at[-1][1]
            plain = [each for each in plain if each is not at[-1]]
        elif move == "take":
            expected, left = [], quantity
            for each in sorted(plain, key=lambda e: e[0] * sign):
                size = min(left, each[2])
                if size and (price - each[0]) * sign >= 0:
                    expected.append(Fill(each[0], size, each[1]))
                    each[2] -= size
                    left -= size
            plain = [each for each in plain if each[2]]
            assert side.take(price, quantity) == expected
        prices = sorted({each[0] for each in plain}, key=lambda p: p * sign)
        assert side.levels(8) == prices
        assert side.best == (prices[0] if prices else side.end)
        assert side.volume == [sum(e[2] for e in plain if e[0] == p) for p in range(8)]

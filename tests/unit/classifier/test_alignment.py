"""The choice of the quote in force, with no flag and on a clock of any kind."""

import random

import pytest

from schemas.market import MarketMessage
from services.classifier.core.alignment import TRANSIT_WINDOW_US, is_timed, moment_us
from services.classifier.core.classifier import step
from services.classifier.core.state import initial
from tests.unit.classifier.support import quote, trade

START = 34_200_000_000
MS = 1_000


def market(
    seed: int,
    *,
    eats: float,
    moves: float = 1.0,
    quote_ms: int = 0,
    trade_ms: int = 0,
    stamps: str = "both",
) -> list[MarketMessage]:
    """
    A market of single orders, of which a share `eats` the best level; the quote then shows it.

    Quotes and trades arrive so late; `stamps` of the exchange: on both, on trades, or none.
    """
    dice = random.Random(seed)
    arrivals: list[tuple[int, int, str, tuple[float, ...]]] = []
    now, bid = START, 1000.0
    for _ in range(4000):
        now += dice.randint(2, 40) * MS
        if dice.random() < 0.6:
            bid += dice.choice([-1.0, 1.0])
        else:
            buys = dice.random() < 0.5
            price = bid + 1 if buys else bid
            arrivals.append((now + trade_ms * MS, now, "buy" if buys else "sell", (price,)))
            if dice.random() < eats:
                bid += 1 if buys else -1
        arrivals.append((now + quote_ms * MS + 1, now, "quote", (bid, bid + 1)))
    tape: list[MarketMessage] = []
    seq = 0
    for arrival, made, kind, prices in sorted(arrivals, key=lambda a: a[0]):
        seq = max(seq + 1, arrival)
        stamped = stamps == "both" or (stamps == "trades" and kind != "quote")
        source = {"ts_ms": made // MS} if stamped else {"ts_source": "receive"}
        if kind == "quote":
            tape.append(quote(seq, *prices, **source))
        else:
            tape.append(trade(seq, *prices, vendor_side=kind, **source))
    return tape


def share_right(tape: list[MarketMessage]) -> tuple[float, bool]:
    """Of the last three quarters of the trades, and whether the view ends up timed."""
    state = initial("X")
    out = [o for message in tape for o in step(state, message)]
    counted = out[len(out) // 4 :]
    return sum(o.side == o.inferred_side for o in counted) / len(counted), is_timed(state)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("quote_ms", [0, 5])
def test_stamps_on_both_channels_make_the_order_of_arrival_irrelevant(seed: int, quote_ms: int):
    """Even where every print turns the price from one side to the other, and ticks say little."""
    right, timed = share_right(market(seed, eats=1.0, trade_ms=quote_ms + 30, quote_ms=quote_ms))
    assert timed
    assert right > 0.99


@pytest.mark.parametrize("seed", [3, 5])
def test_chance_does_not_move_an_alignment_that_is_right(seed: int):
    """Unstamped quotes, and prints that turn the price so often that ticks say little."""
    right, _ = share_right(market(seed, eats=1.0, stamps="trades"))
    assert right > 0.99


def test_quotes_that_come_right_after_their_trade_need_no_stamps():
    right, _ = share_right(market(4, eats=0.3, stamps="none"))
    assert right > 0.98


def test_an_unstamped_trade_s_moment_is_its_arrival():
    assert moment_us(initial("X"), trade(START, 1.0, ts_ms=5, ts_source="receive")) == START


def test_the_least_transit_is_forgotten_after_two_windows():
    """A clock that was set back by a second, after 10 ms of transit."""
    state = initial("X")
    first = trade(START + 10 * MS, 1.0, ts_ms=START // MS)
    assert moment_us(state, first) == START + 10 * MS
    for windows in (0.5, 1.2, 2.4):
        now = START + int(windows * TRANSIT_WINDOW_US)
        moment = moment_us(state, trade(now + 1_010 * MS, 1.0, ts_ms=now // MS))
    assert moment == now + 1_010 * MS

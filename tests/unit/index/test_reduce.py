"""Step 1: what one partition says of a second."""

import msgspec
import pytest

from schemas.market import Foreign
from schemas.market_partials import Constituent, Published
from services.index.core.reduce import is_open, step
from services.index.core.reduced import initial
from tests.unit.index.support import (
    DAY,
    SECOND,
    T0,
    Step1,
    auction,
    basket,
    clock,
    day_totals,
    foreign,
    head,
    index,
    instrument,
    status,
    trade,
)


def test_a_second_in_which_nothing_came_is_told_too() -> None:
    partial = Step1().partial()
    assert (partial.symbol, partial.partition, partial.seq) == ("VN.3", 3, T0 + SECOND)
    assert (partial.shares, partial.indices, partial.baskets) == ([], [], [])


def test_a_crypto_venue_has_no_partials_and_nothing_of_it_is_remembered() -> None:
    state = initial("BN.3")
    assert not is_open(state)
    assert step(state, trade(T0, "BTCUSDT.BN", 55_000.0)) == ()
    assert step(state, clock(T0, "BN")) == ()
    assert state == initial("BN.3"), "no clock would ever empty it"


def test_a_share_is_told_when_touched_and_whole() -> None:
    step1 = Step1()
    (share,) = step1.partial(
        instrument(T0 + 1, "HPG", sector="basic_resources", ceiling=21_400.0, floor=18_600.0),
        trade(T0 + 2, "HPG", 20_050.0, 300, total_volume=300, total_value=6_015_000.0,
              vendor_side="buy"),
    ).shares  # fmt: skip
    assert (share.symbol, share.exchange, share.sector) == ("HPG", "HOSE", "basic_resources")
    assert (share.reference, share.ceiling, share.floor) == (20_000.0, 21_400.0, 18_600.0)
    assert (share.last, share.total_volume, share.total_value) == (20_050.0, 300, 6_015_000)
    assert (share.buy_volume, share.buy_value, share.sell_volume) == (300, 6_015_000, 0)
    assert step1.partial().shares == []
    (again,) = step1.partial(foreign(T0 + SECOND + 1, "HPG", 100, 40)).shares
    assert (again.last, again.buy_volume, again.foreign_buy_value) == (20_050.0, 300, 2_000_000)
    assert again.path == [], "it did not trade in this second"


@pytest.mark.parametrize(
    ("phase", "side", "told"),
    [
        ("continuous", "buy", (100, 0, 0)),
        ("continuous", "sell", (0, 100, 0)),
        ("continuous", None, (0, 0, 100)),
        ("break", "buy", (100, 0, 0)),
        ("halted", "sell", (0, 100, 0)),
        ("ato", "buy", (0, 0, 0)),
        ("atc", "sell", (0, 0, 0)),
        ("plo", "buy", (0, 0, 0)),
        ("periodic", "sell", (0, 0, 0)),
    ],
)
def test_the_vendors_side_counts_where_somebody_crosses_a_spread(
    phase: str, side: str | None, told: tuple[int, int, int]
) -> None:
    (share,) = (
        Step1()
        .partial(
            instrument(T0 + 1, "HPG"), trade(T0 + 2, "HPG", 2e4, phase=phase, vendor_side=side)
        )
        .shares
    )
    assert (share.buy_volume, share.sell_volume, share.unknown_volume) == told


@pytest.mark.parametrize("board", ["odd_lot", "put_through"])
def test_other_boards_are_not_the_market(board: str) -> None:
    partial = Step1().partial(trade(T0 + 1, "HPG", 2e4, board=board))
    assert partial.shares == []


@pytest.mark.parametrize("kind", ["etf", "cw", "fund", "future", "index", "bond"])
def test_only_shares_are_told(kind: str) -> None:
    partial = Step1().partial(instrument(T0 + 1, "X", kind=kind), trade(T0 + 2, "X", 5.0))
    assert partial.shares == []


def test_a_share_is_told_when_its_instrument_comes_late() -> None:
    step1 = Step1()
    assert step1.partial(trade(T0 + 1, "HPG", 20_050.0, 100, total_volume=100)).shares == []
    (share,) = step1.partial(instrument(T0 + SECOND + 1, "HPG")).shares
    assert (share.last, share.total_volume, share.unvalued) == (20_050.0, 100, True)


def test_the_path_has_the_last_price_of_each_exchange_time_in_their_order() -> None:
    ts = T0 // 1000
    (share,) = (
        Step1()
        .partial(
            instrument(T0 + 1, "HPG"),
            trade(T0 + 2, "HPG", 1.0, ts_ms=ts),
            trade(T0 + 3, "HPG", 2.0, ts_ms=ts + 1000),
            trade(T0 + 4, "HPG", 3.0, ts_ms=ts),
            trade(T0 + 5, "HPG", 4.0, ts_ms=ts + 1000),
        )
        .shares
    )
    assert share.path == [(ts, 3.0), (ts + 1000, 4.0)]
    assert share.last == 4.0


def test_totals_are_the_vendors_where_it_has_them_and_the_sum_of_prints_where_not() -> None:
    step1 = Step1()
    (share,) = step1.partial(
        instrument(T0 + 1, "HPG"), trade(T0 + 2, "HPG", 10.0, 7), trade(T0 + 3, "HPG", 10.0, 5)
    ).shares
    assert (share.total_volume, share.total_value, share.unvalued) == (12, 120, False)
    (share,) = step1.partial(day_totals(T0 + SECOND + 1, "HPG", 50, 511.6)).shares
    assert (share.total_volume, share.total_value) == (50, 512)
    (share,) = step1.partial(day_totals(T0 + 2 * SECOND + 1, "HPG", 60, None)).shares
    assert (share.total_volume, share.total_value, share.unvalued) == (60, 0, True)


def test_what_foreign_messages_do_not_say_stays() -> None:
    step1 = Step1()
    step1.partial(instrument(T0 + 1, "HPG"), foreign(T0 + 2, "HPG", 100, 40))
    partly = Foreign(**head(T0 + SECOND + 1, "HPG"), sell_volume=60)
    (share,) = step1.partial(partly).shares
    assert (share.foreign_buy_volume, share.foreign_sell_volume) == (100, 60)
    assert (share.foreign_buy_value, share.foreign_sell_value) == (2_000_000, 800_000)


def test_an_expected_price_is_of_the_auction_that_is_on() -> None:
    step1 = Step1()
    (share,) = step1.partial(
        status(T0 + 1, "ato"), instrument(T0 + 2, "HPG"), auction(T0 + 3, "HPG", 20_100.0)
    ).shares
    assert share.expected == 20_100.0
    (share,) = step1.partial(status(T0 + SECOND + 1, "continuous")).shares
    assert share.expected is None
    assert step1.partial(status(T0 + 2 * SECOND + 1, "continuous")).shares == []
    (share,) = step1.partial(auction(T0 + 3 * SECOND + 1, "HPG", 20_200.0, "atc")).shares
    assert share.expected is None, "another phase than the exchange's"


def test_a_new_day_is_empty_but_for_what_a_share_is() -> None:
    step1 = Step1()
    step1.partial(
        instrument(T0 + 1, "HPG", sector="basic_resources"),
        trade(T0 + 2, "HPG", 20_050.0, 100, total_volume=100, vendor_side="buy"),
        foreign(T0 + 3, "HPG", 100, 40),
    )
    (share,) = step1.partial(instrument(T0 + DAY, "HPG", 20_050.0)).shares
    assert (share.sector, share.reference) == ("basic_resources", 20_050.0)
    assert (share.last, share.total_volume, share.buy_volume, share.foreign_buy_volume) == (
        None, 0, 0, 0
    )  # fmt: skip


def test_what_an_instrument_does_not_say_stays_for_the_day() -> None:
    step1 = Step1()
    step1.partial(instrument(T0 + 1, "HPG", 20_000.0, sector="banks", ceiling=21_400.0))
    (share,) = step1.partial(instrument(T0 + SECOND + 1, "HPG", None)).shares
    assert (share.reference, share.ceiling, share.sector) == (20_000.0, 21_400.0, "banks")


def test_index_values_and_baskets_are_told_as_they_came() -> None:
    partial = Step1().partial(
        index(T0 + 1, 1001.5, phase="ato", estimated_value=1002.0),
        index(T0 + 2, 1001.7, None),
        basket(T0 + 3, "HPG", "VCB", weights=(5, 0.5)),
    )
    ts = T0 // 1000
    assert partial.indices == [
        Published("VN30", ts, 1001.5, 1000.0, 1002.0, "ato"), Published("VN30", ts, 1001.7)
    ]  # fmt: skip
    (told,) = partial.baskets
    assert (told.symbol, told.effective_date) == ("VN30", "2026-02-02")
    assert told.members == [Constituent("HPG", 5, 0.5), Constituent("VCB", 5, 0.5)]


def test_a_figure_beyond_what_can_be_is_bounded_so_that_the_state_can_be_kept() -> None:
    step1 = Step1()
    (share,) = step1.partial(
        instrument(T0 + 1, "HPG"),
        trade(T0 + 2, "HPG", 1e300, 10**18, vendor_side="sell"),
        foreign(T0 + 3, "HPG", 2**64, 1, price=1e250),
    ).shares
    assert (share.total_value, share.sell_volume, share.sell_value) == (2**53,) * 3
    assert (share.foreign_buy_volume, share.foreign_buy_value) == (2**53, 2**53)
    assert msgspec.msgpack.encode(step1.state)

"""What each message of SSI becomes."""

import json
from typing import Any

import pytest

from schemas.market import Auction, Day, Index, Quote, Status, Trade
from tests.unit.ingest.core.support import codes, drops, messages
from tests.unit.ingest.core.vietnam import (
    DATE,
    NOON,
    envelope,
    foreign,
    index,
    made,
    ms,
    quote,
    run,
    status,
    trade,
    us,
)


def only(kind: type, *values: bytes) -> list[Any]:
    """Messages of one type that a fresh engine makes."""
    return [m for m in messages(run(values)) if isinstance(m, kind)]


def test_a_print_becomes_a_trade_of_whole_numbers() -> None:
    [trade_] = made(trade(100.0, 100.0, TotalVal=2174999.9999997))
    assert trade_ == Trade(
        symbol="HPG", feed="ssi", seq=NOON, ts_ms=ms("13:36:00"), price=21750.0, volume=100,
        total_volume=100, total_value=2175000.0, phase="continuous", vendor_side="buy",
    )  # fmt: skip
    assert type(trade_.volume) is int


@pytest.mark.parametrize(
    "message",
    [
        trade(100, 100).replace(b"DataType", b"datatype").replace(b"Content", b"content"),
        trade(100, 100, Side="bu").replace(b'"X-TRADE", "C', b'"x-trade", "C'),
        json.dumps({"DataType": "X-TRADE", "Content": json.loads(json.loads(trade(100, 100))["Content"])}).encode(),  # noqa: E501
        json.dumps({"Content": json.loads(trade(100, 100))["Content"], "DataType": "X-TRADE"}).encode(),  # noqa: E501
        trade(100, 100, LastVol="100", TotalVol=" 100 ", EstMatchedPrice="NaN"),
        trade(100, 100, Highest="", Lowest=None, Side="BU", Isin=None),
        trade(100, 100).replace(b'\\"EstMatchedPrice\\": 0.0', b'\\"EstMatchedPrice\\": NaN'),
        envelope("X-TRADE", {k.lower(): v for k, v in json.loads(json.loads(trade(100, 100))["Content"]).items()}),  # noqa: E501
        json.dumps({"Content": json.loads(trade(100, 100))["Content"]}).encode(),
    ],
    ids=["lower-envelope", "lower-type", "object", "order", "strings", "blanks", "bare-nan", "lower-keys", "no-type"],  # noqa: E501
)  # fmt: skip
def test_however_it_is_written_it_is_the_same_trade(message: bytes) -> None:
    assert made(message) == made(trade(100, 100))


@pytest.mark.parametrize(
    ("side", "is_"), [("SD", "sell"), ("BU", "buy"), (None, None), ("?", None)]
)
def test_the_vendors_side_is_absent_when_it_gives_none(side: str | None, is_: str | None) -> None:
    [trade_] = made(trade(100, 100, Side=side))
    assert trade_.vendor_side == is_


def test_what_is_of_another_day_is_dropped_and_counted() -> None:
    """The snapshot that the hub pushes at subscription, of Friday's closing auction."""
    stale = trade(100, 9_000_000, TradingDate="17/07/2026", Time="14:45:00")
    done = run([stale, quote((21700, 100), TradingDate="17/07/2026"), trade(100, 100)])
    assert drops(done) == ["stale_day", "stale_day"]
    assert [type(m) for m in messages(done)] == [Trade]


@pytest.mark.parametrize(
    ("time", "phase"),
    [
        ("09:15:00", "ato"), ("09:15:01", "continuous"), ("11:30:00", "continuous"),
        ("13:00:00", "continuous"), ("14:30:00", "continuous"), ("14:45:00", "atc"),
        ("14:45:01", "put_through"),
    ],
)  # fmt: skip
def test_the_phase_of_a_trade_is_the_schedules_never_its_own_session(time: str, phase: str) -> None:
    for session in ("C", "LO", "ATO", None):
        [trade_] = made(trade(100, 100, Time=time, TradingSession=session, Side="SD"), at=us(time))
        assert (trade_.phase, trade_.vendor_side) == (phase, "sell")


@pytest.mark.parametrize(
    ("exchange", "time", "phase"),
    [
        ("HNX", "14:45:00", "atc"), ("HNX", "14:50:00", "plo"), ("HNX", "15:00:00", "plo"),
        ("UPCoM", "14:45:00", "continuous"), ("DERIVATIVES", "09:00:00", "ato"),
        ("DER", "08:59:59", "ato"), ("DERIVATIVES", "14:45:00", "atc"),
        ("HNX", "09:00:00", "continuous"),
    ],
)  # fmt: skip
def test_each_exchange_has_its_hours(exchange: str, time: str, phase: str) -> None:
    [trade_] = made(trade(100, 100, Time=time, Exchange=exchange), at=us(time))
    assert trade_.phase == phase


def test_a_future_is_known_by_its_code_and_its_average_loses_the_multiplier() -> None:
    over: dict[str, Any] = {"Symbol": "41I1GC000", "Exchange": "DERIVATIVES", "Ceiling": 2022.3}
    over |= {"Floor": 1757.7, "TradingStatus": "Active", "Highest": 1887.0, "Side": None}
    over |= {"AvgPrice": 188379794.26682622, "TotalVal": 2 * 1883.9 * 100_000}
    trade_, day = made(trade(2, 2, 1883.9, **over))
    assert (trade_.price, trade_.volume, trade_.total_value) == (1883.9, 2, 376_780_000.0)
    assert day.average == pytest.approx(1883.7979, abs=1e-4)


def test_an_estimate_becomes_an_auction_message_only_while_an_auction_is_on() -> None:
    ato = {"Time": "09:10:00", "LastPrice": 0.0}
    done = run(
        [
            trade(0, 0, EstMatchedPrice=21700.0, **ato),
            trade(0, 0, EstMatchedPrice=21700.0, **ato),
            trade(0, 0, EstMatchedPrice=21750.0, **ato),
            trade(100, 100, EstMatchedPrice=21750.0),
        ]
    )
    found = [m for m in messages(done) if isinstance(m, Auction)]
    assert [(m.expected_price, m.phase) for m in found] == [(21700.0, "ato"), (21750.0, "ato")]
    assert drops(done) == ["no_volume"]


def test_the_days_figures_are_told_when_they_change() -> None:
    high = {"Highest": 22000.0, "Lowest": 21700.0}
    lower = {"Highest": 22000.0, "Lowest": 21650.0}
    days = only(Day, trade(100, 100, **high), trade(100, 200, **high), trade(100, 300, **lower))
    assert [(d.high, d.low, d.total_volume) for d in days] == [
        (22000.0, 21700.0, 100),
        (22000.0, 21650.0, 300),
    ]


class TestQuotes:
    def test_levels_are_best_first_and_unused_ones_are_none(self) -> None:
        [q] = made(quote((21700, 500), (21650, 700), (21750, 300), (21800, 400)))
        assert q.bids == [(21700.0, 500), (21650.0, 700)]
        assert q.asks == [(21750.0, 300), (21800.0, 400)]
        assert (q.phase, q.auction_bid_volume, q.auction_ask_volume) == ("continuous", None, None)

    def test_the_queue_at_price_0_is_never_a_level(self) -> None:
        over = {"AskPrice1": 0.0, "AskVol1": "140", "BidPrice1": 0.0, "BidVol1": 200}
        message = quote((0, 0), (21700, 500), Time="14:40:00", **over)
        [q] = made(message, at=us("14:40:00"))
        assert (q.auction_bid_volume, q.auction_ask_volume, q.phase) == (200, 140, "atc")
        assert (q.bids, q.asks) == ([(21700.0, 500)], [])

    def test_ten_levels_a_side(self) -> None:
        levels = [(21700 - 50 * i, 100 + i) for i in range(10)]
        levels += [(21750 + 50 * i, 200 + i) for i in range(10)]
        [q] = made(quote(*levels))
        assert (q.bids, q.asks) == (levels[:10], levels[10:])

    def test_repeats_and_late_ones_are_counted(self) -> None:
        late = quote((21650, 500), Time="13:35:59")
        done = run([quote((21700, 500)), quote((21700, 500)), late])
        assert drops(done) == ["duplicate", "stale"]

    def test_an_absurd_price_is_refused(self) -> None:
        assert codes(run([quote((21700, 500)), quote((217, 500))])) == ["absurd_price"]


def test_foreign_trading_is_the_vendors_and_its_basis_depends_on_the_exchange() -> None:
    [f] = made(foreign(1000, 500))
    assert (f.buy_volume, f.sell_volume, f.buy_value) == (1000, 500, 21_750_000.0)
    assert (f.total_room, f.current_room) == (1_000_000_000, 500_000_000)
    assert f.value_basis == "price_times_volume"
    [f] = made(foreign(1000, 500, Exchange="UPCOM", CurrentRoom=-400.0))
    assert (f.value_basis, f.current_room) == ("vendor", -400)


def test_foreign_volumes_that_go_back_are_counted_until_five_agree() -> None:
    done = run([foreign(1000, 500), foreign(900, 500), foreign(1000, 500), foreign(1100, 500)])
    assert drops(done) == ["went_back", "duplicate"]
    later = [foreign(100 + i, 500, Time="13:36:01") for i in range(6)]
    assert drops(run([foreign(1000, 500), *later])) == ["went_back"] * 4


def test_foreign_volumes_that_are_told_again_are_never_believed() -> None:
    told = [foreign(100 * n, 500) for n in range(1, 9)]
    assert drops(run([*told, *told])) == ["went_back"] * 7 + ["duplicate"]


def test_the_room_alone_may_change() -> None:
    assert len(made(foreign(10, 10), foreign(10, 10, CurrentRoom=5e8 - 100))) == 2


def test_an_index_value_that_jumps_is_refused_until_five_agree() -> None:
    assert codes(run([index(1746.36), index(17463.6), index(1746.5)])) == ["absurd_price"]
    assert codes(run([index(174.6)])) == ["absurd_price"], "the day before is known"
    low = [index(900.0 + i, f"13:36:{i:02}") for i in range(6)]
    assert codes(run([index(1746.36), *low])) == ["absurd_price"] * 4


def test_breadth_of_all_zeros_is_unknown() -> None:
    zeros = {"Advances": 0, "NoChanges": 0, "Declines": 0, "Ceilings": 0, "Floors": 0}
    [m] = made(index(1746.36, **zeros))
    assert isinstance(m, Index)
    assert (m.advances, m.declines, m.unchanged, m.ceilings, m.floors) == (None,) * 5
    [m] = made(index(1746.36, IndexValEst=1750.1))
    assert (m.advances, m.floors, m.estimated_value) == (37, 13, 1750.1)


def test_an_index_named_in_small_letters_is_named_in_capitals() -> None:
    [m] = made(index(230.1, IndexId="HNXindex", PriorIndexValue=231.0, Exchange="HNX"))
    assert m.symbol == "HNXINDEX"


class TestStatuses:
    def test_a_status_is_told_once(self) -> None:
        done = run([status("LO", "13:00:01"), status("LO", "13:20:00"), status("ATC", "14:30:01")])
        assert drops(done) == ["duplicate"]
        assert [m.phase for m in messages(done) if isinstance(m, Status)] == ["continuous", "atc"]

    @pytest.mark.parametrize(("session", "code"), [("HALT", "N"), ("H", "N"), ("LO", "S")])
    def test_a_halt_holds_for_quotes_until_it_is_lifted(self, session: str, code: str) -> None:
        q = [quote((21700 - i, 500), Time=f"13:36:0{i}") for i in range(3)]
        halt, lift = status(session, "13:36:00", code), status("LO", "13:36:02")
        found = [m.phase for m in made(halt, q[1], lift, q[2]) if isinstance(m, Quote)]
        assert found == ["halted", "continuous"]

    def test_what_it_says_after_the_close_of_hnx_does_not_end_plo(self) -> None:
        closed = status("C", "14:45:03", Exchange="HNX", MarketId="HNX")
        print_ = trade(100, 100, Time="14:50:00", Exchange="HNX")
        said, traded = made(closed, print_, at=us("14:50:00"))
        assert (said.phase, traded.phase) == ("plo", "plo")

    def test_an_auction_that_the_exchange_prolongs_is_an_auction(self) -> None:
        ato = status("ATO", "09:15:00")
        lo = status("LO", "09:16:00")
        during = trade(100, 100, Time="09:15:30")
        uncross, after = trade(100, 200, Time="09:16:00"), trade(100, 300, Time="09:16:01")
        found = [m.phase for m in made(ato, during, lo, uncross, after) if isinstance(m, Trade)]
        assert found == ["ato", "ato", "continuous"]

    def test_active_is_normal(self) -> None:
        [m] = made(status("LO", "13:36:00", "Active"))
        assert m.trading_status == "N"


def test_the_odd_lot_board_feeds_its_volume_only() -> None:
    content = {"RType": "OL", "TradingDate": DATE, "Time": "13:36:00", "Symbol": "HPG"}
    content |= {"LastPrice": 21750, "LastVol": 93, "TotalVal": 185028289999.99728}
    content |= {"TotalVol": 81350, "BidPrice1": 21700, "BidVol1": 55, "TradingStatus": "H"}
    [m] = made(json.dumps({"DataType": "OL", "Content": content}).encode())
    assert m == Day(
        symbol="HPG", feed="ssi", seq=NOON, ts_ms=ms("13:36:00"), odd_lot_volume=81350
    )  # fmt: skip


def test_strangers_are_counted_and_garbage_is_dead_lettered() -> None:
    done = run([b'{"DataType":"Z","Content":"{}"}', b'{"a":1}', b"garbage", b"[]"])
    assert drops(done) == ["unknown_event", "unknown_event"]
    assert codes(done) == ["malformed", "malformed"]

"""Days, phases, and the messages that are forwarded."""

import msgspec

from schemas.base import BROADCAST
from schemas.keys import partition, routing_key
from schemas.market import Basket, Gap, Index, Status
from schemas.topic import PARTITIONS
from tests.unit.board.support import (
    DAY,
    HPG,
    SECOND,
    T0,
    Board,
    clock,
    foreign,
    head,
    instrument,
    interest,
    quote,
    rows_of,
    status,
    trade,
)

MIDNIGHT = T0 + 15 * 3600 * SECOND
"""00:00 at UTC+7 on 21 July 2026."""


def busy(board: Board) -> None:
    """A day with all that must not linger."""
    board.take(
        instrument(T0 + 1, trading_status="H"),
        quote(T0 + 2, [(30500.0, 1)], [], auction_bid_volume=5),
        trade(T0 + 3, 30550.0, 100, 100),
        foreign(T0 + 4, current_room=5, buy_volume=3, sell_volume=1, buy_value=1.0, sell_value=1.0),
        interest(T0 + 5, 7),
        status(T0 + 6, "halted", symbol=HPG),
        clock(T0),
    )


def test_the_image_of_a_new_day_begins_an_empty_row() -> None:
    board, fresh = Board(), Board()
    busy(board)
    image = instrument(T0 + DAY, reference=30550.0, ceiling=32650.0, floor=28450.0)
    row = board.row(image)
    assert row == fresh.row(image)
    assert (row.day, row.reference, row.last, row.total_volume) == (
        "2026-07-21",
        30550.0,
        None,
        None,
    )


def test_a_message_before_the_new_day_s_image_has_no_reference_of_yesterday() -> None:
    board = Board()
    busy(board)
    row = board.row(trade(T0 + DAY, 30600.0, 100, 100))
    assert (row.last, row.total_volume, row.reference, row.change) == (30600.0, 100, None, None)
    assert board.row(instrument(T0 + DAY + SECOND, reference=30550.0)).change == 50.0


def test_a_second_image_of_the_day_forgets_nothing() -> None:
    board = Board()
    busy(board)
    image = instrument(T0 + SECOND + 1, reference=30000.0, ceiling=None, floor=None)
    row = board.row(image)
    assert (row.last, row.reference, row.ceiling, row.change) == (30550.0, 30000.0, 32450.0, 550.0)


def test_the_vietnamese_day_begins_at_midnight_of_utc_plus_7() -> None:
    board = Board()
    assert board.row(trade(MIDNIGHT - SECOND, 1.0, 1)).day == "2026-07-20"
    assert board.row(trade(MIDNIGHT + 1, 1.0, 1)).day == "2026-07-21"


def test_the_crypto_day_begins_at_midnight_of_utc() -> None:
    board, midnight = Board(), MIDNIGHT + 7 * 3600 * SECOND
    coin = {"symbol": "BTCUSDT.BN"}
    board.take(trade(midnight - SECOND, 1.0, 1, **coin), clock(midnight - SECOND, "BN"))
    board.take(trade(midnight + 1, 2.0, 1, **coin), clock(midnight, "BN"))
    assert [row.day for row in rows_of(board.records)] == ["2026-07-20", "2026-07-21"]


def test_who_is_silent_on_a_new_day_keeps_the_day_that_it_had() -> None:
    board = Board()
    board.take(instrument(T0 + 1), trade(T0 + 2, 30550.0, 100, 100), clock(T0))
    row = board.row(status(MIDNIGHT + 1, "pre_open"))
    assert (row.day, row.phase, row.last) == ("2026-07-20", "pre_open", 30550.0)


def test_a_symbol_that_comes_after_the_status_of_its_exchange_knows_the_phase() -> None:
    """Even when the status was the first message of the partition, and across a restart."""
    board = Board()
    board.take(status(T0, "atc"), status(T0 + 1, "plo", "HNX"))
    board.restart()
    assert board.row(instrument(T0 + 2)).phase == "atc"
    row = board.row(instrument(T0 + SECOND + 2, "SHS", exchange="HNX"))
    assert row.phase == "plo"


def test_a_broadcast_reaches_every_symbol_of_its_exchange_and_no_other() -> None:
    board = Board()
    board.take(instrument(T0 + 1), instrument(T0 + 2, "SHS", exchange="HNX"), clock(T0))
    (row,) = board.rows(status(T0 + SECOND + 1, "atc"), clock(T0 + SECOND))
    assert (row.symbol, row.phase) == (HPG, "atc")


def test_a_halt_outlasts_its_exchange_s_phases_until_it_is_lifted() -> None:
    board = Board()
    board.take(instrument(T0 + 1), status(T0 + 2, "continuous"))
    row = board.row(status(T0 + 3, "halted", symbol=HPG, code="H"))
    assert (row.phase, row.trading_status) == ("halted", "H")
    assert board.rows(status(T0 + SECOND + 1, "break"), clock(T0 + SECOND)) == []
    row = board.row(status(T0 + 2 * SECOND + 1, "continuous", symbol=HPG, code="N"))
    assert (row.phase, row.trading_status) == ("continuous", "N")


def test_another_phase_of_a_symbol_ends_when_its_exchange_goes_on() -> None:
    board = Board()
    board.take(instrument(T0 + 1), status(T0 + 2, "break"))
    assert board.row(status(T0 + 3, "break", symbol=HPG)).phase == "break"
    assert board.row(status(T0 + SECOND + 1, "continuous")).phase == "continuous"


def test_a_stock_in_call_auctions_is_in_them_for_the_day_while_others_trade() -> None:
    board = Board()
    board.take(instrument(T0 + 1, "SJE", exchange="HNX"), status(T0 + 2, "pre_open", "HNX"))
    board.take(status(T0 + 3, "periodic", "HNX", "SJE"))
    phases = []
    for number, phase in enumerate(["continuous", "break", "atc", "plo", "closed"]):
        at = T0 + number * SECOND + 4
        phases.append(board.row(status(at, phase, "HNX")).phase)
    assert phases == ["periodic", "break", "periodic", "put_through", "closed"]
    board.take(status(T0 + DAY, "continuous", "HNX"))
    assert board.row(instrument(T0 + DAY + 1, "SJE", exchange="HNX")).phase == "continuous"


def test_a_status_that_names_no_phase_leaves_it() -> None:
    board = Board()
    board.take(instrument(T0 + 1), status(T0 + 2, "atc"), status(T0 + 3, None))
    row = board.row(status(T0 + 4, None, symbol=HPG, code="ST"))
    assert (row.phase, row.trading_status) == ("atc", "ST")


def test_what_late_readers_need_comes_at_once_as_it_is_under_its_own_key() -> None:
    board = Board()
    messages = [
        instrument(T0 + 1, "VN30", kind="index"),
        Basket(**head(T0 + 2, "VN30"), members=[], effective_date="2026-08-03", source="x"),
        Index(**head(T0 + 3, "VN30"), value=1876.81),
        status(T0 + 4, "atc"),
        status(T0 + 5, "halted", symbol=HPG),
        instrument(T0 + 6, "41I1G8000", kind="future"),
    ]
    assert board.take(*messages) == [
        (topic, key, msgspec.json.encode(message))
        for (topic, key), message in zip(
            [
                ("instruments", b"VN30"),
                ("instruments", b"basket:VN30"),
                ("index-values", b"VN30"),
                ("sessions", b"HOSE"),
                ("sessions", b"HPG"),
                ("instruments", b"41I1G8000"),
            ],
            messages,
            strict=True,
        )
    ]
    assert partition(routing_key("41I1G8000"), PARTITIONS) == partition("VN30", PARTITIONS)


def test_a_row_has_the_symbol_for_its_key_and_clocks_and_gaps_go_nowhere() -> None:
    board = Board()
    board.take(instrument(T0 + 1, "41I1G8000", kind="future"))
    gap = {"venue": "VN", "channel": "x", "cause": "restart", "from_ts_ms": 0, "to_ts_ms": 1}
    records = board.take(Gap(**head(T0 + 2, BROADCAST), **gap), clock(T0 + 2))
    assert [(topic, key) for topic, key, _ in records] == [("board", b"41I1G8000")]


def test_a_repeated_message_changes_nothing() -> None:
    board = Board()
    busy(board)
    data, count = board.state.encode(), len(board.records)
    board.take(instrument(T0 + 1), trade(T0 + 3, 1.0, 1, 1), status(T0 + 6, "atc", symbol=HPG))
    assert (board.state.encode(), len(board.records)) == (data, count)


def test_broadcasts_of_a_venue_never_reach_another() -> None:
    board = Board()
    board.take(instrument(T0 + 1, "BTCUSDT.BN", exchange="HOSE"), status(T0 + 2, "atc"))
    (row,) = board.rows(clock(T0 + 2, "BN"))
    assert row.phase is None
    assert isinstance(msgspec.json.decode(board.records[1][2], type=Status), Status)

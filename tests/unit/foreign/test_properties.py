"""Laws over any tape: cut anywhere, repeat, mix symbols, deltas add up."""

import random
from collections import defaultdict

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.foreign_flow import ForeignFlow
from schemas.market import Clock, Foreign, MarketMessage
from tests.unit.board.support import SECOND, T0, clock, day, foreign, instrument, status, trade
from tests.unit.foreign.support import Flow, gap, rows_of, totals

SYMBOLS = ["HPG", "SHS", "41I1G8000", "BTCUSDT.BN"]
PHASES = ["pre_open", "ato", "continuous", "break", "atc", "closed", "halted", None]
STEPS = st.sampled_from(
    [1, 7, 400_000, SECOND, 5 * SECOND, 61 * SECOND, 900 * SECOND, 86400 * SECOND]
)
VOLUMES = st.sampled_from([0, 1, 100, 100, 5_000, 2**53])
KINDS = "ittdfffffffrsssgCCCCc"


@st.composite
def tapes(draw: st.DrawFn) -> list[MarketMessage]:
    """Messages of some symbols of two venues in order of seq, their clocks among them."""
    seq, tape = T0, list[MarketMessage]()
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=60)):
        seq += draw(STEPS)
        seq = seq if seq % SECOND else seq + 1
        tape.append(_message(draw, kind, seq))
        seq = max(seq, tape[-1].seq)
    return tape


def _message(draw: st.DrawFn, kind: str, seq: int) -> MarketMessage:
    symbol, exchange = draw(st.sampled_from(SYMBOLS)), draw(st.sampled_from(["HOSE", "HNX"]))
    match kind:
        case "i":
            return instrument(seq, symbol, exchange=exchange)
        case "t":
            return trade(
                seq, draw(st.sampled_from([1.0, 2.5, 30_550.0])), 1, draw(VOLUMES), symbol=symbol
            )
        case "d":
            return day(seq, total_volume=draw(VOLUMES), symbol=symbol)
        case "f":
            late = draw(st.sampled_from([0, 0, 0, 60_000]))
            told = totals(seq, draw(VOLUMES), draw(VOLUMES), symbol)
            if draw(st.booleans()):
                told = msgspec.structs.replace(told, value_basis="price_times_volume")
            return msgspec.structs.replace(told, ts_ms=told.ts_ms - late)
        case "r":
            return foreign(seq, current_room=draw(VOLUMES), symbol=symbol)
        case "s":
            return status(seq, draw(st.sampled_from(PHASES)), exchange)
        case "g":
            return gap(
                seq,
                draw(st.sampled_from(["restart", "trade_id"])),
                draw(st.sampled_from(["*", symbol])),
            )
    return clock(seq, "VN" if kind == "C" else "BN")


def written(tape: list[MarketMessage]) -> tuple[list[bytes], bytes]:
    flow = Flow()
    flow.take(*tape)
    return flow.records, flow.state.encode()


@settings(max_examples=150, deadline=None)
@given(tapes(), st.data())
def test_cut_anywhere_restored_and_repeated_it_goes_on_with_the_same_bytes(
    tape: list[MarketMessage], data: st.DataObject
) -> None:
    cuts = data.draw(st.sets(st.integers(0, len(tape)), max_size=4))
    flow = Flow()
    for count, message in enumerate(tape):
        if count in cuts:
            flow.restart()
            flow.take(*tape[:count])
        flow.take(message)
    assert (flow.records, flow.state.encode()) == written(tape)


@given(tapes())
def test_of_a_symbol_seq_grows_and_rows_come_at_clocks_or_before_a_new_day(
    tape: list[MarketMessage],
) -> None:
    last: dict[str, int] = defaultdict(int)
    clocks = {m.seq for m in tape if isinstance(m, Clock)}
    for row in rows_of(written(tape)[0]):
        assert row.part == 0
        assert row.seq > last[row.symbol]
        last[row.symbol] = row.seq
        assert row.seq in clocks or row.day < "2026-07-20" or row.seq // 1000 == row.ts_ms


@given(tapes())
def test_deltas_add_up_to_the_net_between_any_two_rows_of_a_day(tape: list[MarketMessage]) -> None:
    before: dict[tuple[str, str], ForeignFlow] = {}
    for row in rows_of(written(tape)[0]):
        was = before.get((row.symbol, row.day))
        if row.delta_volume is not None:
            told = was.net_volume if was is not None and was.net_volume is not None else 0
            assert row.net_volume == told + row.delta_volume
        before[row.symbol, row.day] = row


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 99)), max_size=40))
def test_late_and_repeated_totals_change_nothing(steps: list[tuple[int, int, int]]) -> None:
    """After each message an earlier one comes once more, with its old time."""
    plain: list[MarketMessage] = [status(T0 + 1, "ato"), instrument(T0 + 2)]
    noisy, told, buy, sell = list(plain), list[Foreign](), 0, 0
    for number, (bought, sold, which) in enumerate(steps):
        at = T0 + number * 400_000 + 3
        buy, sell = buy + bought, sell + sold
        told.append(totals(at, buy, sell))
        again = msgspec.structs.replace(told[which % len(told)], seq=at + 1)
        plain += [told[-1], clock(at)]
        noisy += [told[-1], again, clock(at)]
    assert rows_of(written(noisy)[0]) == rows_of(written(plain)[0])


@given(tapes(), st.integers(0, 2**32))
def test_symbols_mixed_in_another_order_give_each_symbol_the_same_rows(
    tape: list[MarketMessage], seed: int
) -> None:
    """Order is that within a symbol: between two broadcasts any other mix says the same."""
    plain, mixed, span = list[MarketMessage](), list[MarketMessage](), list[MarketMessage]()
    draw = random.Random(seed)
    for message in tape:
        if message.symbol != "*":
            span.append(message)
            continue
        order = [m.symbol for m in span]
        draw.shuffle(order)
        queues = {name: iter([m for m in span if m.symbol == name]) for name in order}
        plain += [*at_once(span), message]
        mixed += [*at_once([next(queues[name]) for name in order]), message]
        span.clear()
    assert by_symbol(mixed) == by_symbol(plain)


def at_once(span: list[MarketMessage]) -> list[MarketMessage]:
    """Messages in this order, all of the second of the first seq among them."""
    first = min((m.seq for m in span), default=0)
    return [msgspec.structs.replace(m, seq=first + n) for n, m in enumerate(span)]


def by_symbol(tape: list[MarketMessage]) -> dict[str, list[ForeignFlow]]:
    found: dict[str, list[ForeignFlow]] = defaultdict(list)
    for row in rows_of(written(tape)[0]):
        found[row.symbol].append(msgspec.structs.replace(row, seq=0, ts_ms=0))
    return found

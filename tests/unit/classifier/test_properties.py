"""Laws that hold for the classifier whatever comes, in whatever order."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import Level
from schemas.market import BookDelta, Instrument, MarketMessage, Quote, Trade
from schemas.trades_classified import TradeClassified
from services.classifier.core import state as states
from services.classifier.core.classifier import NEUTRAL_PHASES, step
from services.classifier.core.state import SymbolState
from tests.unit.classifier.support import tapes

MIRROR = 2000.0
"""Prices p and MIRROR - p are exact mirror images: all are small integers."""

OTHER_SIDE = {"buy": "sell", "sell": "buy", None: None, "neutral": "neutral", "unknown": "unknown"}


def run(tape: list[MarketMessage], state: SymbolState | None = None) -> list[TradeClassified]:
    state = state or states.initial("X")
    return [out for message in tape for out in step(state, message)]


@given(tapes())
def test_every_trade_gives_one_output_with_its_seq_and_nothing_else_does(tape):
    trades = [m for m in tape if isinstance(m, Trade)]
    out = run(tape)
    assert [o.seq for o in out] == [t.seq for t in trades]
    for o in out:
        assert (o.inferred_side is None) == (o.rule is None) == (o.confidence is None)
        assert o.confidence is None or 0.5 < o.confidence < 1


@given(tapes())
def test_a_side_is_neutral_exactly_where_no_one_crosses_a_spread(tape):
    for o in run(tape):
        neutral = o.board != "main" or o.phase in NEUTRAL_PHASES
        assert (o.side == "neutral") == neutral
        if neutral:
            assert o.inferred_side is None
        else:
            assert o.side == (o.vendor_side or o.inferred_side or "unknown")


@settings(max_examples=300)
@given(tapes(), st.data())
def test_cut_anywhere_restore_and_go_on_gives_the_same_bytes(tape, data):
    cuts = data.draw(st.sets(st.integers(0, len(tape)), max_size=4))
    state, out = states.initial("X"), []
    for count, message in enumerate(tape):
        if count in cuts:
            state = states.decode(states.encode(state))
        out.extend(step(state, message))
    whole = states.initial("X")
    assert msgspec.json.encode(out) == msgspec.json.encode(run(tape, whole))
    assert states.encode(state) == states.encode(whole)


@given(tapes())
def test_the_pump_s_way_of_encoding_is_the_same(tape):
    state = states.initial("X")
    run(tape, state)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=SymbolState)
    assert again == state


@given(tapes(), st.lists(st.sampled_from(["buy", "sell", None]), min_size=60, max_size=60))
def test_flags_never_reach_the_inferred_side(tape, flags):
    other = [
        msgspec.structs.replace(m, vendor_side=flag) if isinstance(m, Trade) else m
        for m, flag in zip(tape, flags, strict=False)
    ]
    one, two = states.initial("X"), states.initial("X")
    judged = [(o.inferred_side, o.rule, o.confidence) for o in run(tape, one)]
    assert judged == [(o.inferred_side, o.rule, o.confidence) for o in run(other, two)]
    one.flow = two.flow  # which sums the sides, flags among them
    assert states.encode(one) == states.encode(two)


@settings(max_examples=300)
@given(tapes())
def test_mirrored_prices_give_mirrored_sides(tape):
    out, mirrored = run(tape), run([mirror(m) for m in tape])
    for o, m in zip(out, mirrored, strict=True):
        assert m.inferred_side == OTHER_SIDE[o.inferred_side]
        assert m.side == OTHER_SIDE[o.side]
        assert (m.rule, m.confidence) == (o.rule, o.confidence)


@given(tapes(), tapes())
def test_symbols_do_not_influence_each_other(one, two):
    """Two states stepped in turns give what each gives alone."""
    a, b = states.initial("A"), states.initial("B")
    together: list[TradeClassified] = []
    for i in range(max(len(one), len(two))):
        together += run(one[i : i + 1], a)
        run(two[i : i + 1], b)
    assert together == run(one)


EXTREME = st.floats(allow_nan=False, allow_infinity=False)
ANY_LEVELS = st.lists(st.tuples(EXTREME, EXTREME | st.integers(-(2**53), 2**53)), max_size=10)


@settings(max_examples=300)
@given(st.lists(st.tuples(EXTREME, ANY_LEVELS, ANY_LEVELS, st.integers(0, 2**53)), max_size=30))
def test_nothing_valid_is_too_odd_to_step_over(rows):
    """Huge, tiny, negative, unsorted, crossed, empty; times that jump either way."""
    state = states.initial("X")
    for count, (price, bids, asks, ts_ms) in enumerate(rows):
        head = {"symbol": "X", "feed": "f", "seq": count, "ts_ms": ts_ms}
        delta = BookDelta(**head, bids=bids, asks=asks, first_id=0, last_id=0)
        step(state, delta)
        (out,) = step(state, Trade(**head, price=price, volume=0))
        assert out.price == price
        if count % 3 == 2:
            step(state, Quote(**head, bids=bids, asks=asks))
    assert states.encode(states.decode(states.encode(state))) == states.encode(state)


def mirror(message: MarketMessage) -> MarketMessage:
    """The same with prices turned over and bids and asks, buys and sells, exchanged."""
    if isinstance(message, Trade):
        side = {"buy": "sell", "sell": "buy", None: None}[message.vendor_side]
        return msgspec.structs.replace(message, price=MIRROR - message.price, vendor_side=side)
    if isinstance(message, Quote | BookDelta):
        turned = {"bids": _turn(message.asks), "asks": _turn(message.bids)}
        return msgspec.structs.replace(message, **turned)
    if isinstance(message, Instrument):
        floor = None if message.ceiling is None else MIRROR - message.ceiling
        ceiling = None if message.floor is None else MIRROR - message.floor
        return msgspec.structs.replace(message, ceiling=ceiling, floor=floor)
    return message


def _turn(levels: list[Level]) -> list[Level]:
    return [(MIRROR - price, volume) for price, volume in levels]

"""Laws over any tape: bars share no trade and miss none, and a cut changes nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.bars import Bar
from schemas.trades_classified import TradeClassified
from tests.unit.orderflow.support import Bars, at, clock, decoded, name, newest, trade

WORDS = "1s,5s,15s,1m,5m,15m,30m,1h,1d,3t,1000v,0.5%"
SYMBOLS = ["HPG", "SHS", "BTCUSDT.BN"]
BEGINS = [at("9:14:58"), at("11:29:57"), at("14:29:58"), at("14:44:59"), at("14:59:58")]
STEPS_MS = st.sampled_from([0, 1, 400, 1000, 3700, 61_000, 5_400_000])
LATE_MS = st.sampled_from([0, 0, 0, 0, 900, 5000, 40_000, 600_000])
PRICES = st.sampled_from([10_000.0, 10_050.0, 10_049.5, 9_900.0])
VOLUMES = st.sampled_from([100, 700, 1300])
PARTS = st.sampled_from([1, 0.1, 0.25, 3e-8])
SIDES = st.sampled_from(["buy", "sell", "neutral", "unknown"])
PHASES = st.sampled_from(["continuous"] * 6 + ["ato", "atc", "break", "halted", "plo"])
BOARDS = st.sampled_from(["main"] * 9 + ["odd_lot"])


@st.composite
def tapes(draw: st.DrawFn) -> list[Any]:
    """Trades of two venues, some of them late, with the clocks between; the last closes all."""
    now, tape = draw(st.sampled_from(BEGINS)), list[Any]()
    for number in range(draw(st.integers(0, 40))):
        before, now = now, now + draw(STEPS_MS)
        if now // 1000 > before // 1000 and draw(st.booleans()):
            tape += [clock(now // 1000 * 1000, venue) for venue in ("VN", "BN")]
        symbol = draw(st.sampled_from(SYMBOLS))
        coins = symbol.endswith(".BN")
        tape.append(
            trade(
                now - draw(LATE_MS),
                draw(PRICES),
                draw(PARTS if coins else VOLUMES),
                draw(SIDES),
                symbol=symbol,
                seq=now * 1000 + 1 + number,
                board=draw(BOARDS),
                phase="continuous" if coins else draw(PHASES),
                reference=None if coins else 10_000.0,
            )
        )
    end = (now // 1000 + 2) * 1000
    return tape + [clock(end, venue) for venue in ("VN", "BN")]


def prints(tape: Iterable[Any]) -> list[TradeClassified]:
    return [m for m in tape if isinstance(m, TradeClassified) and m.board == "main"]


def exact(volumes: Iterable[float | None]) -> int:
    """A sum in units of 1e-8."""
    return sum(round((volume or 0) * 10**8) for volume in volumes)


@settings(max_examples=40, deadline=None)
@given(tapes())
def test_the_bars_of_each_interval_add_up_to_the_trades(tape: list[Any]) -> None:
    bars = Bars(WORDS)
    bars.take(*tape)
    found = newest(bars.sent)
    for symbol in SYMBOLS:
        trades = [t for t in prints(tape) if t.symbol == symbol]
        for word in WORDS.split(","):
            own = [bar for bar in found if (bar.symbol, bar.interval) == (symbol, word)]
            assert sum(bar.trades for bar in own) == len(trades)
            assert exact(bar.volume for bar in own) == exact(t.volume for t in trades)
            for side in ("buy", "sell"):
                told = exact(getattr(bar, f"{side}_volume") for bar in own)
                assert told == exact(t.volume for t in trades if t.side == side)


@settings(max_examples=40, deadline=None)
@given(tapes())
def test_a_bar_is_sane_in_itself_and_never_takes_back_that_it_is_final(tape: list[Any]) -> None:
    bars = Bars(WORDS)
    bars.take(*tape)
    states = defaultdict[Any, list[Bar]](list)
    for bar in decoded(bars.sent):
        states[name(bar)].append(bar)
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.vwap is not None
        assert bar.low - 1e-6 <= bar.vwap <= bar.high + 1e-6
        assert bar.min_delta is not None
        assert bar.max_delta is not None
        assert bar.delta is not None
        assert bar.min_delta <= min(0, bar.delta) <= max(0, bar.delta) <= bar.max_delta
        assert exact([bar.buy_volume, bar.sell_volume]) <= exact([bar.volume])
    for said in states.values():
        finals = [bar.final for bar in said]
        assert finals == sorted(finals)
        late = [bar.revision for bar in said if bar.final]
        assert late == list(range(len(late))) or said[0].number
        assert not any(bar.revision for bar in said if not bar.final)


@settings(max_examples=40, deadline=None)
@given(tapes())
def test_a_minute_is_the_fold_of_its_trades_in_the_order_they_came(tape: list[Any]) -> None:
    """Summed by the second or one by one, the same."""
    bars = Bars("1m")
    bars.take(*tape)
    want = defaultdict[Any, list[TradeClassified]](list)
    for t in prints(tape):
        if t.symbol == "BTCUSDT.BN":
            want[t.ts_ms // 60_000 * 60_000].append(t)
    found = [bar for bar in newest(bars.sent) if bar.symbol == "BTCUSDT.BN"]
    if any(bar.number for bar in found):
        return
    assert [bar.ts_ms for bar in found] == sorted(want)
    for bar in found:
        own = want[bar.ts_ms]
        prices = [t.price for t in own]
        assert (bar.open, bar.close) == (prices[0], prices[-1])
        assert (bar.high, bar.low) == (max(prices), min(prices))
        way = [0]
        for t in own:
            sign = {"buy": 1, "sell": -1}.get(t.side, 0)
            way.append(way[-1] + sign * exact([t.volume]))
        found_way = [round((x or 0) * 10**8) for x in (bar.delta, bar.min_delta, bar.max_delta)]
        assert found_way == [way[-1], min(way), max(way)]


@settings(max_examples=40, deadline=None)
@given(tapes(), st.data())
def test_cut_anywhere_restored_and_repeated_it_goes_on_with_the_same_bytes(
    tape: list[Any], data: st.DataObject
) -> None:
    cuts = data.draw(st.sets(st.integers(0, len(tape)), max_size=4))
    whole, cut = Bars(WORDS), Bars(WORDS)
    whole.take(*tape)
    for count, message in enumerate(tape):
        if count in cuts:
            cut.restart()
            cut.take(*tape[:count])
        cut.take(message)
    assert (cut.sent, cut.state.encode()) == (whole.sent, whole.state.encode())


@settings(max_examples=30, deadline=None)
@given(tapes())
def test_an_open_bar_comes_at_most_once_a_second(tape: list[Any]) -> None:
    bars = Bars(WORDS)
    bars.take(*tape)
    clocked = Counter((name(bar), bar.seq // 10**6) for bar in decoded(bars.sent) if not bar.final)
    assert max(clocked.values(), default=0) <= 1
    places = [(bar.symbol, bar.seq, bar.part) for bar in decoded(bars.sent)]
    assert len(places) == len(set(places))


def test_a_state_has_the_same_bytes_through_msgpack() -> None:
    bars = Bars(WORDS)
    bars.take(trade(at("9:20"), 100.0, 0.5, symbol="BTCUSDT.BN"), trade(at("9:20"), 100.0, 5))
    data = bars.state.encode()
    bars.restart()
    assert bars.state.encode() == data
    assert msgspec.msgpack.decode(data)["units"]

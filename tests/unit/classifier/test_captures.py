"""What the classifier reaches on the committed captures of real markets."""

from functools import cache
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from schemas import frames
from schemas.market import BookDelta, MarketMessage, Quote, Trade
from schemas.trades_classified import TradeClassified
from services.classifier.core import state as states
from services.classifier.core.classifier import step
from services.commands._captures import market_messages
from services.commands.classify import classify, command

DATA = Path(__file__).parents[2] / "data" / "binance"
NAMES = (
    "spot_btcusdt_20240808",
    "spot_btcusdt_20240809",
    "usdm_btcusdt_20240808",
    "cm_btcusd_perp_20240808",
)


@cache
def capture(name: str) -> list[MarketMessage]:
    return list(market_messages([DATA / f"{name}.gz"]))


def share_right(trades: list[TradeClassified]) -> float:
    """Of all trades with a flag; a side that was not inferred counts as wrong."""
    flagged = [t for t in trades if t.vendor_side is not None]
    return sum(t.inferred_side == t.vendor_side for t in flagged) / len(flagged)


@pytest.mark.parametrize("name", NAMES)
def test_inferred_side_is_right_for_98_of_100_trades_in_arrival_order(name: str):
    trades = list(classify(capture(name)))
    assert len(trades) == sum(isinstance(m, Trade) for m in capture(name)) > 2000
    assert share_right(trades) >= 0.98


@pytest.mark.parametrize("name", NAMES)
def test_each_half_of_a_capture_reaches_it_too(name: str):
    trades = list(classify(capture(name)))
    half = len(trades) // 2
    assert share_right(trades[:half]) >= 0.98
    assert share_right(trades[half:]) >= 0.98


@pytest.mark.parametrize("name", NAMES)
def test_without_best_quotes_the_book_deltas_serve(name: str):
    without = [m for m in capture(name) if not isinstance(m, Quote)]
    assert any(isinstance(m, BookDelta) for m in without)
    assert share_right(list(classify(without))) >= 0.975


@pytest.mark.parametrize("delay_ms", [5, 50])
@pytest.mark.parametrize("name", NAMES[:3])
def test_a_constant_delay_of_the_trades_is_made_good_without_flags(name: str, delay_ms: int):
    late = [
        (m.seq + (delay_ms * 1000 if isinstance(m, Trade) else 0), i, m)
        for i, m in enumerate(capture(name))
        if m.symbol != "*"
    ]
    shifted: list[MarketMessage] = []
    seq = 0
    for moment, _, message in sorted(late, key=lambda item: item[:2]):
        seq = max(seq + 1, moment)
        stamp = seq // 1000 if message.ts_source == "receive" else message.ts_ms
        shifted.append(msgspec.structs.replace(message, seq=seq, ts_ms=stamp))
    # Not 98: until the delay is found trades are judged by quotes that hold their effect.
    assert share_right(list(classify(shifted))) >= 0.975


@pytest.mark.parametrize("name", NAMES)
def test_the_flag_is_never_looked_at(name: str):
    turned = {"buy": "sell", "sell": "buy", None: None}
    flipped = [
        msgspec.structs.replace(m, vendor_side=turned[m.vendor_side]) if isinstance(m, Trade) else m
        for m in capture(name)
    ]

    def inferred(messages: list[MarketMessage]):
        return [(t.inferred_side, t.rule, t.confidence) for t in classify(messages)]

    assert inferred(flipped) == inferred(capture(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_trade_is_judged_without_what_comes_later(name: str):
    """Cutting the capture anywhere leaves the trades before the cut as they were."""
    messages, whole = capture(name), list(classify(capture(name)))
    for cut in (len(messages) // 7, len(messages) // 3, len(messages) - 5):
        part = list(classify(messages[:cut]))
        assert part == whole[: len(part)]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_to_be_99_of_100_is(name: str):
    """The bin that holds nine trades of ten; smaller ones are too thin on one capture."""
    sure = [t for t in classify(capture(name)) if (t.confidence or 0) >= 0.99]
    stated = sum(t.confidence or 0 for t in sure) / len(sure)
    assert len(sure) > 2000
    assert share_right(sure) == pytest.approx(stated, abs=0.005)


def test_what_is_said_to_be_less_sure_is_less_often_right():
    """On the captures of the fit; the others have only 70 such trades."""
    doubted = [
        t
        for name in ("spot_btcusdt_20240808", "usdm_btcusdt_20240808")
        for t in classify(capture(name))
        if (t.confidence or 0) < 0.9
    ]
    stated = sum(t.confidence or 0 for t in doubted) / len(doubted)
    assert len(doubted) > 300
    assert share_right(doubted) == pytest.approx(stated, abs=0.03)


@pytest.mark.parametrize("name", NAMES)
def test_restoring_the_state_every_997_messages_changes_nothing(name: str):
    messages = [m for m in capture(name) if m.symbol != "*"]
    state = states.initial(messages[0].symbol)
    out: list[TradeClassified] = []
    for count, message in enumerate(messages):
        if count % 997 == 0:
            state = states.decode(states.encode(state))
        out.extend(step(state, message))
    assert msgspec.json.encode(out) == msgspec.json.encode(list(classify(capture(name))))


def test_the_state_of_a_symbol_stays_small():
    for name in NAMES:
        state = states.initial("X")
        largest = 0
        for count, message in enumerate(m for m in capture(name) if m.symbol != "*"):
            step(state, message)
            if count % 500 == 0:
                largest = max(largest, len(states.encode(state)))
        assert largest < 8_000


def test_the_command_prints_each_instrument_and_writes_each_trade(tmp_path: Path):
    out = tmp_path / "out.ndjson"
    done = CliRunner().invoke(command, [str(DATA / "manifest.json"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    for symbol in ("BTCUSDT.BN ", "BTCUSDT.BNF ", "BTCUSD_PERP.BNC "):
        assert symbol in done.output
    written = [msgspec.json.decode(line, type=TradeClassified) for line in out.open("rb")]
    assert len(written) == 9_757 + 21_313 + 2_286


def test_messages_of_market_give_the_same_as_the_capture_they_came_from(tmp_path: Path):
    first, again = tmp_path / "first", tmp_path / "again"
    market = tmp_path / "market.ndjson"
    source = DATA / "cm_btcusd_perp_20240808.gz"
    market.write_bytes(b"".join(frames.encode(m) + b"\n" for m in capture(source.stem)))
    runner = CliRunner()
    assert runner.invoke(command, [str(source), "--out", str(first)]).exit_code == 0
    assert runner.invoke(command, [str(market), "--out", str(again)]).exit_code == 0
    piped = runner.invoke(command, ["-"], input=market.read_bytes())
    assert first.read_bytes() == again.read_bytes() != b""
    assert piped.exit_code == 0
    assert "BTCUSD_PERP.BNC" in piped.output


def test_a_capture_that_does_not_tell_its_venue_is_refused_with_a_sentence(tmp_path: Path):
    odd = tmp_path / "odd.txt"
    odd.write_text("1723161253000000000 hello\n")
    done = CliRunner().invoke(command, [str(odd)])
    assert done.exit_code == 1
    assert "say --venue" in done.output


def test_a_bad_line_of_messages_is_named(tmp_path: Path):
    bad = tmp_path / "bad.ndjson"
    bad.write_text(
        '{"type":"clock","symbol":"*","feed":"f","seq":1,"ts_ms":1,"venue":"BN"}\n{"x":1}\n'
    )
    done = CliRunner().invoke(command, [str(bad)])
    assert done.exit_code == 1
    assert "line 2" in done.output


def test_a_file_without_one_captured_line_is_refused_though_the_venue_is_said(tmp_path: Path):
    prose = tmp_path / "prose.md"
    prose.write_text("# Decisions\n\nNone of these lines was received.\n")
    result = CliRunner().invoke(command, [str(prose), "--venue", "BN"])
    assert result.exit_code == 1
    assert f"Error: no line of {prose} is a capture" in result.output

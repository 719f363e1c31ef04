"""How faults are written, and what those of messages do."""

import pytest

from services.simulator.core.message import Message
from services.simulator.serve.distortion import TORN, distortion
from services.simulator.serve.faults import Fault, FaultError, parse


def trade(second: int, symbol: str = "VCB", channel: str = "X-TRADE") -> Message:
    """A message of 09:20 and so many seconds."""
    time = f"09:20:{second:02}"
    text = '{"DataType":"%s","Content":"{\\"Time\\":\\"%s\\",\\"Symbol\\":\\"%s\\"}"}'
    return Message(second * 10**9, channel, symbol, text % (channel, time, symbol))


def through(written: str, messages: list[Message]) -> list[Message]:
    """What a fault makes of messages, with what it still holds at its end."""
    at_work = distortion(parse(written)[0])
    found = [out for each in messages for out in at_work.apply(each)]
    return found + list(at_work.rest())


def test_both_ways_to_write_faults_say_the_same() -> None:
    short = parse("drop:every=50,channel=X-TRADE; disconnect:at=09:20")
    listed = parse('[{"kind":"drop","every":50,"channel":"X-TRADE"},'
                   '{"kind":"disconnect","at":"09:20"}]')  # fmt: skip
    assert short == listed == [
        Fault("drop", every=50, channel="X-TRADE"), Fault("disconnect", at="09:20")
    ]  # fmt: skip
    assert parse("") == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("explode", "Invalid enum value 'explode'"),
        ("drop:every=0", "drop: every must be at least 1, was 0"),
        ("drop:every", "drop: 'every' must be name=value"),
        ("slow:lasts=inf", "slow: lasts must be at least 0, was inf"),
        ("silent:at=noon", "silent: at must be like 09:20, was 'noon'"),
        ("silent:at=09:20,after=3", "silent: at and after exclude each other"),
        ("drop:how=close", "drop: has no how=close"),
        ("{", "Input data was truncated"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_the_reason(written: str, said: str) -> None:
    with pytest.raises(FaultError, match=said):
        parse(written)


def test_every_third_message_is_dropped_at_most_twice() -> None:
    day = [trade(n) for n in range(12)]
    assert through("drop:every=3,count=2", day) == [*day[:2], *day[3:5], *day[6:]]
    assert through("drop:symbol=ssi", day) == day


def test_a_duplicate_follows_at_once() -> None:
    day = [trade(n) for n in range(3)]
    assert through("duplicate:every=2", day) == [day[0], day[1], day[1], day[2]]


def test_trades_wait_for_the_next_quote_of_their_symbol_and_stay_in_order() -> None:
    first, second, other = trade(1), trade(2), trade(3, "SSI")
    quote = trade(4, channel="X-QUOTE")
    found = through("overtake:every=1,symbol=VCB", [first, second, other, quote])
    assert found == [other, quote, first, second]


def test_a_late_message_comes_after_those_of_later_seconds() -> None:
    day = [trade(n) for n in range(6)]
    found = through("out_of_order:every=2,count=1,seconds=2", day)
    assert found == [day[0], day[2], day[3], day[1], day[4], day[5]]


@pytest.mark.parametrize(
    ("how", "cut"), [("content", '"}'), ("envelope", ""), ("frame", "")]
)  # fmt: skip
def test_a_malformed_message_is_cut_in_its_middle(how: str, cut: str) -> None:
    message = trade(1)
    (found,) = through(f"malformed:how={how}", [message])
    assert found.text.endswith(cut)
    assert message.text.startswith(found.text.removesuffix(cut))
    assert len(found.text) < len(message.text)
    assert found.channel.startswith(TORN) == (how == "frame")


def test_a_clock_that_steps_back_changes_times_and_nothing_else() -> None:
    board = "MAIN|L#VCB|61500|1200|30000|09:20:07|61000|bu|500|0.82|U|MAIN|1795141207000"
    day = [trade(7), Message(7, "L", "VCB", board)]
    told, pushed = through("clock_back:seconds=10", day)
    assert told.text == day[0].text.replace("09:20:07", "09:19:57")
    assert pushed.text == board.replace("09:20:07", "09:19:57").replace("207000", "197000")

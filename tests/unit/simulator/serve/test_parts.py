"""Clock, tokens, SignalR's frames, minute bars."""

import base64
import json

from services.simulator.core.day import NS, clock
from services.simulator.core.message import Message
from services.simulator.serve import signalr
from services.simulator.serve.clock import UNPACED, DayClock
from services.simulator.serve.day_so_far import Bar, DaySoFar
from services.simulator.serve.tokens import Tokens


def test_the_clock_runs_at_its_speed_or_with_its_messages() -> None:
    paced = DayClock(100.0, clock("09:00"), 60)
    assert paced.at(101.5) == clock("09:01:30")
    assert paced.until(clock("09:02"), 101.5) == 0.5
    free = DayClock(100.0, clock("09:00"), UNPACED)
    assert free.until(clock("15:00"), 101.5) == 0
    assert free.at(500) == clock("09:00")
    free.newest_ns = clock("10:00")
    assert free.at(0) == clock("10:00")


def test_a_token_says_when_it_ends_and_is_refused_then() -> None:
    tokens = Tokens(900)
    token = tokens.issue("me", 1000.0)
    # As SSI's own package reads it: plain base64.
    body = token.split(".")[1]
    claims = json.loads(base64.b64decode(body + "=" * (-len(body) % 4)))
    assert claims["exp"] == 1900
    assert tokens.good(token, 1899.0)
    assert not tokens.good(token, 1900.0)
    assert not tokens.good(token[:-2], 1000.0)
    assert not tokens.good("", 1000.0)
    assert not Tokens(900).good(token, 1000.0)
    tokens.expire()
    assert not tokens.good(token, 1000.0)
    assert tokens.good(tokens.issue("me", 1000.0), 1000.0)


def test_a_broadcast_is_json_in_json_in_json_and_counts_messages() -> None:
    text = '{"DataType":"X","Content":"{\\"Symbol\\":\\"VCB\\"}"}'
    frame = json.loads(signalr.frame(26, [signalr.payload(text)] * 2))
    assert frame["C"] == "d-1A-B,1A|C,0"
    assert [call["A"] for call in frame["M"]] == [[text], [text]]
    assert {(call["H"], call["M"]) for call in frame["M"]} == {("FcMarketDataV2Hub", "Broadcast")}
    assert json.loads(json.loads(frame["M"][0]["A"][0])["Content"])["Symbol"] == "VCB"


def test_only_calls_of_the_hub_are_invocations() -> None:
    call = '{"H":"fcmarketdatav2hub","M":"SwitchChannels","A":["X:ALL"],"I":3}'
    assert signalr.invocation(call) == signalr.Invocation("3", "SwitchChannels", ["X:ALL"])
    for text in ("no json", "[]", '{"H":"Other","M":"SwitchChannels"}'):
        assert signalr.invocation(text) is None


def test_bars_join_minutes_and_know_no_other_day() -> None:
    so_far = DaySoFar("20/11/2026")

    def note(date: str, time: str, price: float, volume: int, total: int) -> bool:
        content = {"TradingDate": date, "Time": time, "Symbol": "VCB", "LastPrice": price,
                   "LastVol": volume, "TotalVol": total}  # fmt: skip
        text = {"DataType": "X-TRADE", "Content": json.dumps(content, separators=(",", ":"))}
        message = json.dumps(text, separators=(",", ":"))
        return so_far.note(Message(9 * 3600 * NS, "X-TRADE", "VCB", message))

    assert not note("19/11/2026", "14:45:00", 90.0, 100, 900)
    note("20/11/2026", "09:15:54", 100.0, 10, 10)
    note("20/11/2026", "09:16:02", 103.0, 5, 15)
    note("20/11/2026", "09:16:02", 103.0, 5, 15)
    note("20/11/2026", "09:16:55", 99.0, 5, 20)
    note("20/11/2026", "09:20:01", 101.0, 1, 21)
    assert list(so_far.bars("VCB", 1)) == [
        Bar("09:15:54", 100, 100, 100, 100, 10), Bar("09:16:55", 103, 103, 99, 99, 10),
        Bar("09:20:01", 101, 101, 101, 101, 1),
    ]  # fmt: skip
    assert next(so_far.bars("VCB", 5)) == Bar("09:16:55", 100, 103, 99, 99, 20)
    assert [each.symbol for each in so_far.last_session] == ["VCB"]
    assert so_far.content("X-TRADE", "SSI") == {}

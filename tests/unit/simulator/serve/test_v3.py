"""SSI v3: topics, frames made of v2's messages, tokens."""

import json

import pytest

from services.simulator.core.exchange import Exchange
from services.simulator.core.message import Message
from services.simulator.serve.day_so_far import DaySoFar
from services.simulator.serve.tokens import Tokens
from services.simulator.serve.v3.sessions import Sessions
from services.simulator.serve.v3.topics import Listed, Subscribed, listed, streamed
from services.simulator.serve.v3.translator import Translator
from tests.unit.simulator.exchange_day import MEMBERS, plan

PLAN = plan(which="vn30", channels=frozenset({"F", "X-TRADE", "X-QUOTE", "R", "MI", "OL"}))
KNOWN = Listed(
    ("ACB", "SHS", "SSI", "VCB"),
    {"VN30": ("ACB", "VCB"), "HNX": ("SHS",), "HOSE": ("ACB", "SSI", "VCB")},
    {"VN30": "VN30", "HNXINDEX": "HNXIndex"},
)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("trade.vcb", ["trade.VCB"]),
        ("Quote.VCB", ["quote.VCB"]),
        ("trade.VCB@tick", ["trade.VCB"]),
        ("trade.VCB@5m", ["trade.VCB@5m"]),
        ("room.ACB-SSI", ["room.ACB", "room.SHS", "room.SSI"]),
        ("oddlot.*", ["oddlot.ACB", "oddlot.SHS", "oddlot.SSI", "oddlot.VCB"]),
        ("quote.HNX@*", ["quote.SHS"]),
        ("trade.VN30@*", ["trade.ACB", "trade.VCB"]),
        ("trade.index.vn30", ["trade.index.VN30"]),
        ("trade.index.VN30@1m", ["trade.index.VN30@1m"]),
        ("indexsummary.HNXIndex", ["indexsummary.HNXINDEX"]),
        ("market.flag", ["market.FLAG"]),
        ("market.VCB", ["market.VCB"]),
        ("trade.NOBODY", []),
        ("put.*", ["put.ACB", "put.SHS", "put.SSI", "put.VCB"]),
    ],
)
def test_a_topic_gives_what_its_code_stands_for(written: str, names: list[str]) -> None:
    found = streamed(written, KNOWN)
    assert found is not None
    assert [each.name for each in found] == names


@pytest.mark.parametrize("written", ["", "trade", "asset.1", "quote.VCB@1m", "trade.VCB@3m"])
def test_what_is_no_topic_is_refused(written: str) -> None:
    assert streamed(written, KNOWN) is None


def test_the_trap_the_name_of_a_basket_streams_its_members_not_the_index() -> None:
    found = streamed("trade.VN30", listed(PLAN))
    assert found is not None
    assert {each.name for each in found} == {f"trade.{symbol}" for symbol in MEMBERS}
    assert {each.channel for each in found} == {"X-TRADE"}


def test_a_subscription_wants_v2_s_messages_that_it_is_made_of() -> None:
    asked = {each: streamed(each, KNOWN) or [] for each in ("trade.VCB@1m", "market.flag")}
    subscribed = Subscribed().changed(asked)
    assert subscribed.wants("X-TRADE", "VCB")
    assert subscribed.wants("F", "SSI")
    assert not subscribed.wants("X-QUOTE", "VCB")
    assert subscribed.hears("trade.VCB@1m")
    assert not subscribed.hears("trade.VCB")
    assert Subscribed().empty


def test_frames_say_what_v2_s_messages_say() -> None:
    """A morning: each trade and quote of v2 is one of v3, candles sum up the trades."""
    so_far = DaySoFar(PLAN.day.written)
    translator = Translator(PLAN, so_far)
    wanted = {"trade.VCB", "quote.VCB", "room.VCB", "trade.VCB@1m", "trade.index.VN30",
              "indexsummary.VN30", "market.FLAG"}  # fmt: skip
    told: dict[str, list[dict[str, object]]] = {name: [] for name in wanted}
    said: dict[str, list[dict[str, object]]] = {"X-TRADE": [], "X-QUOTE": [], "R": []}
    for messages in Exchange(PLAN).slots():
        for message in messages:
            if not so_far.note(message):
                continue
            for heard in translator.heard(message, wanted):
                told[heard.topic].append(json.loads(heard.text)["data"])
            if message.symbol == "VCB" and message.channel in said:
                said[message.channel].append(json.loads(json.loads(message.text)["Content"]))
        if messages and messages[-1].arrival > 34_200 * 10**9:
            break
    prints = [each for each in said["X-TRADE"] if each["LastVol"]]
    trades = told["trade.VCB"]
    assert [(each["q"], each["v"], each["p"]) for each in trades] == [
        (each["LastVol"], each["TotalVol"], each["LastPrice"]) for each in prints
    ]
    assert {each["si"] for each in trades} == {"B", "S", "U"}
    assert trades[0]["t"] == "2026/11/20 09:15:00"
    best = [each["bids"][0] for each in told["quote.VCB"] if each["bids"]]  # type: ignore[index]
    assert best == [
        [each["BidPrice1"], each["BidVol1"]] for each in said["X-QUOTE"] if each["BidVol1"]
    ]
    assert len(told["room.VCB"]) == len(said["R"])
    candles = {each["st"]: each for each in told["trade.VCB@1m"]}
    assert sum(int(str(each["v"])) for each in candles.values()) == trades[-1]["v"]
    assert told["trade.index.VN30"][-1]["v"] == told["indexsummary.VN30"][-1]["indexValue"]
    flags = [(each["b"], each["f"]) for each in told["market.FLAG"]]
    assert sorted(flags) == [("DER", "ATO"), ("DER", "LO"), ("HOSE", "ATO"), ("HOSE", "LO")]


def test_a_damaged_message_becomes_a_frame_that_is_no_json() -> None:
    translator = Translator(PLAN, DaySoFar(PLAN.day.written))
    torn = Message(0, "X-QUOTE", "VCB", '{"DataType":"X-QUOTE","Content":"{\\"Tra"}')
    (heard,) = translator.heard(torn, {"quote.VCB"})
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(heard.text)


def test_a_refresh_token_is_good_once_and_using_it_twice_ends_the_session() -> None:
    access = Tokens(900)
    sessions = Sessions(access)
    first = sessions.begin("me", 1000.0)
    assert first["expiresAt"] == 1900
    second = sessions.renewed("me", first["refreshToken"], 1100.0)
    assert second is not None
    assert access.good(second["accessToken"], 1100.0)
    assert sessions.renewed("me", first["refreshToken"], 1200.0) is None
    assert not access.good(second["accessToken"], 1200.0)
    assert sessions.renewed("me", second["refreshToken"], 1200.0) is None
    third = sessions.begin("me", 2000.0)
    assert sessions.renewed("me", third["refreshToken"], 2000.0 + 8 * 3600) is None

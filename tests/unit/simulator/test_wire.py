"""Messages have the fields of the samples, in their order and with their types."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from services.ingest.core.iboard.frames import as_print, as_snapshot, read
from services.simulator.core.exchange import Exchange
from tests.unit.simulator.exchange_day import plan

DATA = Path(__file__).parents[2] / "data" / "vn"
SAMPLES = [json.loads(line) for line in (DATA / "channels_20260814.jsonl").read_text().splitlines()]
FRAMES = (DATA / "iboard_20260814.txt").read_text().splitlines()


@cache
def sent() -> dict[str, list[tuple[str, str]]]:
    """Channel -> (symbol, text) of a small day."""
    every = frozenset({"F", "X-TRADE", "X-QUOTE", "X", "R", "MI", "B", "OL", "L", "S", "S-ALL"})
    found: dict[str, list[tuple[str, str]]] = {}
    for slot in Exchange(plan(scale=0.002, which="46", channels=every)).slots():
        for message in slot:
            found.setdefault(message.channel, []).append((message.symbol, message.text))
    return found


def contents(channel: str) -> Iterator[dict[str, Any]]:
    for _, text in sent()[channel]:
        content = json.loads(text)["Content"]
        yield json.loads(content) if isinstance(content, str) else content


def shape(value: object) -> str:
    """Of a field: what JSON writes; null is a text that is not there."""
    return "text" if value is None else {str: "text", float: "float", int: "int"}[type(value)]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s["DataType"])
def test_fields_are_those_of_the_sample(sample: dict[str, Any]) -> None:
    kind, content = sample["DataType"], sample["Content"]
    fields = json.loads(content) if isinstance(content, str) else content
    for symbol, text in sent()[kind]:
        envelope = json.loads(text)
        assert list(envelope) == ["DataType", "Content"]
        assert envelope["DataType"] == kind
        assert isinstance(envelope["Content"], type(content))
        found = envelope["Content"]
        found = json.loads(found) if isinstance(found, str) else found
        # The estimate of an index stands at the end, in ATO and ATC.
        assert [name for name in found if name != "IndexValEst"] == list(fields), symbol
        odd = {"Change", "RatioChange"} if kind == "OL" else set()
        differ = {n for n in fields if shape(found[n]) != shape(fields[n])} - odd
        assert differ == set(), (symbol, text)


def test_separators_are_those_of_the_wire() -> None:
    for channel in ("X-TRADE", "X-QUOTE", "X", "R", "MI", "F", "B", "OL"):
        text = sent()[channel][-1][1]
        envelope = json.loads(text)
        assert text == json.dumps(envelope, separators=(",", ":"))
        if isinstance(envelope["Content"], str):
            inner = json.dumps(json.loads(envelope["Content"]), separators=(",", ":"))
            assert envelope["Content"] == inner


def test_the_close_says_c_and_sd_at_14_45_00_and_the_open_lo_and_no_side() -> None:
    found = [c for c in contents("X-TRADE") if c["TradingDate"] == "20/11/2026" and c["LastVol"]
             and not c["EstMatchedPrice"]]  # fmt: skip
    for time, code, side in (("14:45:00", "C", "SD"), ("09:15:00", "LO", None)):
        shares = [c for c in found if c["Time"] == time and c["Exchange"] == "HOSE"]
        assert shares
        assert {(c["TradingSession"], c["Side"]) for c in shares} == {(code, side)}
    continuous = [c for c in found if "09:16" < c["Time"] < "14:29" and c["Exchange"] == "HOSE"]
    assert {c["Side"] for c in continuous} == {"BU", "SD"}
    assert {c["TradingStatus"] for c in found if c["Exchange"] == "DERIVATIVES"} == {"Active"}
    assert {c["Side"] for c in found if c["Exchange"] == "DERIVATIVES"} == {None}


def test_a_futures_average_is_vnd_a_contract() -> None:
    found = [c for c in contents("X-TRADE") if c["Symbol"] == "41I1GC000" and c["TotalVol"]]
    for c in found:
        assert c["AvgPrice"] == c["TotalVal"] / c["TotalVol"]
        assert c["LastPrice"] * 90_000 < c["AvgPrice"] < c["LastPrice"] * 110_000


def test_the_first_messages_are_those_of_the_day_before() -> None:
    first = list(contents("X-TRADE"))[:46]
    assert {c["TradingDate"] for c in first} == {"19/11/2026"}
    assert len({c["Symbol"] for c in first}) == 46


def test_foreign_values_at_hose_are_volume_times_last_price() -> None:
    prices: dict[str, float] = {}
    for c in contents("R"):
        if c["Exchange"] == "HOSE" and c["BuyVol"]:
            prices[c["Symbol"]] = c["BuyVal"] / c["BuyVol"]
            assert c["SellVal"] == c["SellVol"] * prices[c["Symbol"]]
    assert prices


def test_b_of_an_index_is_the_growth_of_its_volume() -> None:
    bars = [c for c in contents("B") if c["Symbol"] == "VNINDEX"]
    values = [c for c in contents("MI") if c["IndexId"] == "VNINDEX"]
    assert sum(c["Volume"] for c in bars) == values[-1]["TotalQtty"] > 0


def test_iboard_frames_have_the_fields_of_the_samples() -> None:
    real = FRAMES[2].split("|")
    for symbol, text in sent()["L"]:
        fields = text.split("|")
        assert len(fields) == len(real)
        found = as_print(read(text.encode()))
        assert found.total is not None
        assert found.time_ms is not None
        assert fields[1] == f"L#{symbol}"
        if found.price > 10_000:
            assert abs(found.price - float(fields[6])) == float(fields[8])
    future = FRAMES[1].split("|")[1:]
    seen = [text.split("|") for symbol, text in sent()["S"] if symbol.startswith("41")]
    assert {len(fields) for fields in seen} == {len(future)} == {102}
    last = max(seen, key=lambda fields: sum(map(bool, fields)))
    blank = {n for n, field in enumerate(future) if not field}
    # 56 and 57 are unexplained; an estimate stands only in auctions.
    filled = {n for n, field in enumerate(last) if field}
    assert filled & blank == set()
    assert set(range(102)) - blank - filled <= {56, 57, 96, 97, 98, 99, 100}


def test_iboard_snapshots_say_what_ssi_says() -> None:
    for symbol in ("HPG", "41I1GC000"):
        texts = [text for each, text in sent()["S"] if each == symbol]
        last = as_snapshot(read(texts[-1].encode()))
        trade = [c for c in contents("X-TRADE") if c["Symbol"] == symbol][-1]
        book = [c for c in contents("X-QUOTE") if c["Symbol"] == symbol][-1]
        assert (last.total_volume, last.total_value) == (trade["TotalVol"], trade["TotalVal"])
        assert (last.high, last.low) == (trade["Highest"], trade["Lowest"])
        bids = [book[f"{what}{n}"] for n in (1, 2, 3) for what in ("BidPrice", "BidVol")]
        assert list(last.levels[:6]) == bids
        assert (last.open_interest is None) == (symbol == "HPG")
    estimated = [as_snapshot(read(t.encode())) for s, t in sent()["S"] if s == "HPG"]
    assert any(each.expected_price and each.expected_volume for each in estimated)

"""iBoard's frames, in every form in which they are recorded."""

import json
from typing import Any

import pytest

from schemas.market import Auction, Day, Foreign, OpenInterest, Quote, Trade
from services.ingest.core.engine import Engine
from services.ingest.core.iboard import IboardDecoder, route
from services.ingest.core.records import Decoded
from services.ingest.core.registry import FEEDS
from services.ingest.core.vn.sources import PRIMARY, Kind
from tests.unit.ingest.core.support import codes, drops, messages
from tests.unit.ingest.core.vietnam import NOON, ms, raws, run, us

KINDS: tuple[Kind, ...] = ("trade", "quote", "auction", "foreign", "open_interest", "day")
SERVER = ms("13:36:00.123")
LEVELS = "|".join(f"{1717.9 - i / 10:.1f}|{i + 1}" for i in range(10))
LEVELS += "|" + "|".join(f"{1718.1 + i / 10:.1f}|{i + 2}" for i in range(10))


def l_frame(volume: int, total: int, **over: str) -> str:
    """A real frame of HPG, of 20 July 2026."""
    fields = ["MAIN", "L#HPG", "30550", str(volume), str(total), "13:36:00", "30350", "bu"]
    fields += ["200", "0.66", "U", "MAIN", str(SERVER)]
    for at, value in over.items():
        fields[int(at[1:])] = value
    return "|".join(fields)


def s_frame(**over: str) -> str:
    """A future's frame of 102 fields."""
    head = f"MAIN|S#41I1G8000|{LEVELS}|1718|1|1732.2|vnf|1710|1719.91|3264|561391850000|3490"
    head += "|600494840000|-1.5|-0.09|172480|29665063450000|16931|8494|56214|1839.8|1599.2|1719.5"
    fields = head.split("|") + [""] * 40
    fields[66], fields[70], fields[75] = "f", "VN30", "1722"
    fields[96:102] = ["1722.3", "1687", "2.5", "0.15", "1754531999939", str(SERVER)]
    for at, value in over.items():
        fields[int(at[1:])] = value
    return "|".join(fields)


def primary(*frames: str | bytes, at: int = NOON) -> list[Decoded]:
    """What an engine makes of frames when iBoard writes every kind that it can."""
    channels = dict.fromkeys(KINDS, ("iboard", "S")) | {"trade": ("iboard", "L")}
    sources = {**PRIMARY, **channels}
    feed = FEEDS["iboard"]._replace(decoder=lambda venue: IboardDecoder(venue, sources))
    engine = Engine(["VN"], {"iboard": feed})
    lines = [f.encode() if isinstance(f, str) else f for f in frames]
    return [engine.decode(raw) for raw in raws((at, "iboard", line) for line in lines)]


def wrapped(payload: str, **over: Any) -> bytes:
    return json.dumps({"data": {"response": {"payloadData": payload}}} | over).encode()


def test_a_real_trade_has_its_price_in_dong_its_total_and_its_second() -> None:
    [trade] = messages(primary(l_frame(500, 500)))
    assert trade == Trade(
        symbol="HPG", feed="iboard", seq=NOON, ts_ms=ms("13:36:00"), price=30550.0, volume=500,
        total_volume=500, phase="continuous", vendor_side="buy",
    )  # fmt: skip


def test_the_older_form_has_its_price_in_thousands_and_the_servers_time() -> None:
    """1000 VCB at 85.2 are 0.0852 billion VND."""
    [trade] = messages(primary(wrapped(f"MAIN|L#VCB|85.2|1000|0|0|0|bu|0|1|0|5|{SERVER}")))
    assert (trade.price, trade.volume, trade.total_volume) == (85200.0, 1000, None)
    assert trade.price * trade.volume == 0.0852e9
    assert (trade.ts_ms, trade.ts_source) == (SERVER, "exchange")
    assert codes(primary("MAIN|L#VCB|85.2|1000|0|0|0|bu|0|1|0|5|")) == ["bad_time"]


def test_forms_are_told_line_by_line() -> None:
    """A bare frame, one after its receive time, one in a file's wrapper: the same trade."""
    forms = [
        l_frame(500, 500),
        f"1754535567282|{l_frame(500, 500)}",
        wrapped(l_frame(500, 500), timestamp=1),
        wrapped(l_frame(500, 500), channel="X:HOSE:BUSD"),
    ]
    found = [messages(primary(form)) for form in forms]
    assert found[1:] == found[:-1]
    mixed = primary(forms[0], wrapped(f"MAIN|L#HPG|30.55|200|0|0|0|sd|0|1|0|5|{SERVER}"), forms[0])
    assert [m.price for m in messages(mixed)] == [30550.0, 30550.0]
    assert drops(mixed) == ["duplicate"]


@pytest.mark.parametrize(("second", "phase"), [("09:14:59", "ato"), ("09:15:00", "ato")])
def test_the_exchanges_second_decides_the_phase_not_the_servers(second: str, phase: str) -> None:
    frame = l_frame(500, 500, f5=second, f12=str(ms("09:15:02.5")))
    [trade] = messages(primary(frame, at=us("09:15:03")))
    assert (trade.phase, trade.ts_ms) == (phase, ms(second))


def test_the_days_volume_chains_prints() -> None:
    done = primary(l_frame(500, 500), l_frame(100, 900), l_frame(100, 900), l_frame(100, 850))
    assert [m.missing_volume for m in messages(done) if m.__class__.__name__ == "Gap"] == [300]
    assert drops(done) == ["duplicate", "stale"]


def test_a_futures_snapshot_gives_all_its_figures_in_their_order() -> None:
    found = messages(primary(s_frame()))
    assert [type(m) for m in found] == [Quote, Foreign, OpenInterest, Day]
    quote, foreign, interest, day = found
    assert (len(quote.bids), len(quote.asks)) == (10, 10)
    assert (quote.bids[0], quote.asks[0]) == ((1717.9, 1), (1718.1, 2))
    assert {m.ts_ms for m in found} == {SERVER}
    assert (foreign.buy_volume, foreign.sell_volume, foreign.current_room) == (3264, 3490, None)
    assert (foreign.buy_value, foreign.value_basis) == (561_391_850_000.0, "vendor")
    assert interest.value == 56214
    assert (day.open, day.high, day.low, day.average) == (1722.0, 1732.2, 1710.0, 1719.91)
    assert (day.total_volume, day.total_value) == (172480, 29_665_063_450_000.0)


def test_an_auctions_estimate_has_its_volume() -> None:
    frame = s_frame(f101=str(ms("08:50:00")))
    [auction] = [m for m in messages(primary(frame, at=us("08:50:01"))) if isinstance(m, Auction)]
    assert (auction.expected_price, auction.expected_volume, auction.phase) == (1722.3, 1687, "ato")


def test_a_stocks_estimate_is_in_thousands_and_believed_within_its_limits_only() -> None:
    stock = {"f1": "S#ACB", "f45": "hose", "f66": "s", "f59": "25450", "f60": "22150"}
    times = {"f101": str(ms("14:40:00"))}
    for written, price in (("23.55", 23550.0), ("2.3", None), ("23550", None)):
        done = primary(s_frame(f96=written, f97="", **stock, **times), at=us("14:40:01"))
        assert codes(done) == []
        found = [m.expected_price for m in messages(done) if isinstance(m, Auction)]
        assert found == ([price] if price else [])


def test_by_default_only_open_interest_is_written_and_when_it_changes() -> None:
    lines = [s_frame(), s_frame(), s_frame(f58="56300"), s_frame(f58=""), l_frame(1, 1)]
    done = run([line.encode() for line in lines], "iboard")
    assert [m.value for m in messages(done)] == [56214, 56300]
    assert drops(done) == ["duplicate", "not_primary", "not_primary"]


def test_a_stocks_frame_may_end_early_and_have_no_time() -> None:
    frame = "|".join(s_frame(f1="S#ACB", f45="hose").split("|")[:97])
    [quote, *_] = messages(primary(frame))
    assert (quote.symbol, quote.ts_ms, quote.ts_source) == ("ACB", NOON // 1000, "receive")


def test_another_day_and_another_board_are_counted() -> None:
    friday = str(ms("14:45:00", "2026-07-17"))
    done = primary(l_frame(1, 1, f12=friday), s_frame(f101=friday), l_frame(1, 1, f11="ODD"))
    assert drops(done) == ["stale_day", "stale_day", "other_board"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (l_frame(500, 100), "bad_number"),
        (l_frame(500, 500, f2="0"), "bad_number"),
        (l_frame(500, 500, f2="-5"), "bad_number"),
        (l_frame(500, 500, f3="1_000"), "bad_number"),
        (l_frame(500, 500, f3="1.5"), "bad_number"),
        (l_frame(500, 500, f2="nan"), "bad_number"),
        (l_frame(500, 500, f5="25:00:00"), "bad_time"),
        (l_frame(500, 500, f1="L#HPG.BN"), "malformed"),
        ("MAIN|S#ACB|1|2", "malformed"),
        ("MAIN|L#HPG", "bad_number"),
        ("garbage", "malformed"),
        ('{"data":{}}', "malformed"),
    ],
)
def test_what_is_damaged_is_refused(line: str, code: str) -> None:
    assert codes(primary(line)) == [code]


def test_frames_of_other_kinds_are_counted() -> None:
    assert drops(primary("MAIN|I#VNINDEX|1746.4", "MAIN|D#HPG|1")) == ["unknown_event"] * 2


@pytest.mark.parametrize(
    ("line", "channel", "key"),
    [
        (l_frame(1, 1), "vn.L", "HPG"),
        (s_frame(), "vn.S", "VN30"),
        (f"1754535567282|{s_frame()}", "vn.S", "VN30"),
        (wrapped(l_frame(1, 1)).decode(), "vn.L", "HPG"),
        ("MAIN|I#VN30|1", "vn.other", "*"),
        ("", "vn.other", "*"),
    ],
)
def test_a_frame_is_kept_whole_and_routed_by_its_symbol(line: str, channel: str, key: str) -> None:
    assert route("VN", line.encode()) == ("iboard", channel, key, line.encode())

"""IntradayOhlc's replies into `candle` messages: SSI's reference, written by hand."""

import json
from typing import Any

import msgspec
import pytest

from schemas.control import RestReply
from schemas.market import Candle, Clock, Status, Trade
from services.ingest.core.engine import Engine
from services.ingest.core.records import Decoded, Raw
from tests.unit.ingest.core.vietnam import DATE, ms, us

AT = us("09:20:00")
LOST = (ms("09:15:30"), ms("09:17:10"))


def row(time: str, close: str = "60400", **over: Any) -> dict[str, Any]:
    """As SSI writes it: strings, odd seconds, and the close as Value."""
    told = {"Symbol": "VCB", "Value": close, "TradingDate": DATE, "Time": time, "Open": "60300"}
    return told | {"High": "60500", "Low": "60200", "Close": close, "Volume": "12300"} | over


ROWS = [row("09:14:58"), row("09:15:54"), row("09:16:55", "60300"), row("09:18:02")]


def decoded(rows: Any, at: int = AT, symbol: str = "VCB", engine: Engine | None = None) -> Decoded:
    """What a reply received at `at` becomes."""
    reply = {"data": rows, "message": "Success", "status": "Success", "totalRecord": 1}
    body = json.dumps({"symbol": symbol, "lost": [LOST], "reply": reply})
    value = msgspec.json.encode(RestReply(venue="VN", channel="vn.IntradayOhlc", body=body))
    return (engine or Engine(["VN"])).decode(Raw("VN", at, "ssi", "rest_reply", "VN", value))


def bars(done: Decoded) -> list[Candle]:
    """Its candles."""
    assert not [m for m in done.messages if isinstance(m, Trade)]
    return [m for m in done.messages if isinstance(m, Candle)]


def test_bars_of_the_lost_minutes_alone_are_candles_from_rest() -> None:
    """Minutes that the loss touches, by their beginnings; Value is the close and is not read."""
    done = decoded(ROWS)
    first, second = bars(done)
    assert (done.dead, done.dropped) == ([], [])
    assert (first.ts_ms, second.ts_ms) == (ms("09:15:00"), ms("09:16:00"))
    assert (first.symbol, first.feed, first.interval, first.source) == ("VCB", "ssi", "1m", "rest")
    assert (first.open, first.high, first.low, first.close) == (60300, 60500, 60200, 60400)
    assert (first.volume, first.closed, first.ts_source) == (12300, True, "exchange")
    assert second.close == 60300
    assert first.seq < second.seq


def test_a_minute_that_was_not_over_when_the_reply_came_is_no_bar() -> None:
    """Its volume would still grow."""
    (only,) = bars(decoded(ROWS, us("09:16:58")))
    assert only.ts_ms == ms("09:15:00")


def test_no_minute_without_trades_is_invented() -> None:
    """Such rows are absent, and a reply without any is a counted drop."""
    for rows in ([], None, [row("09:30:00")]):
        done = decoded(rows)
        assert (bars(done), done.dead, done.dropped) == ([], [], ["no_lost_minute"])


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (row("09:15:54", Low="60600"), "bad_number"),
        (row("09:15:54", Low="0"), "bad_number"),
        (row("09:15:54", Volume="-5"), "malformed"),
        (row("09:15:54", Volume="1.5"), "bad_number"),
        (row("09:15:54", Symbol="SSI"), "malformed"),
        (row("9h15"), "bad_time"),
        ({"Symbol": "VCB"}, "malformed"),
        ("VCB", "malformed"),
    ],
)
def test_a_wrong_row_is_dead_lettered_and_the_others_stand(wrong: Any, code: str) -> None:
    """One row never costs the reply."""
    done = decoded([wrong, row("09:16:55")])
    assert [m.ts_ms for m in bars(done)] == [ms("09:16:00")]
    assert [reason.partition(":")[0] for reason in done.dead] == [code]


def test_a_bar_of_another_day_is_stale() -> None:
    """Replies are of the day on which they come."""
    done = decoded([row("09:15:54", TradingDate="17/07/2026")])
    assert (bars(done), done.dropped) == ([], ["stale_day"])


def test_a_reply_that_is_none_is_dead_lettered() -> None:
    """Nothing of it enters `market`."""
    done = decoded("no rows")
    assert bars(done) == []
    assert done.dead[0].startswith("malformed")


def test_a_bar_bounds_no_loss() -> None:
    """It tells of the past: a restart right after it loses nothing since then."""
    engine = Engine(["VN"])
    assert bars(decoded(ROWS, engine=engine))
    lost: dict[str, Any] = {"type": "lost", "venue": "VN", "channel": "*", "cause": "restart"}
    lost |= {"from_ts_ms": AT // 1000, "to_ts_ms": AT // 1000 + 500}
    raw = Raw("VN", AT + 500_000, "ingest", "lost", "VN", json.dumps(lost).encode())
    gap = engine.decode(raw).messages[-1]
    assert msgspec.to_builtins(gap)["from_ts_ms"] == AT // 1000


def test_official_figures_are_kept_for_reports_and_make_no_message() -> None:
    """One that is none is dead-lettered."""
    for body, dropped, dead in (('{"data":[{}]}', ["for_reports"], 0), ("[1]", [], 1)):
        reply = RestReply(venue="VN", channel="vn.DailyStockPrice", body=body)
        done = Engine(["VN"]).decode(
            Raw("VN", AT, "ssi", "rest_reply", "VN", msgspec.json.encode(reply))
        )
        assert not [m for m in done.messages if not isinstance(m, Clock | Status)]
        assert (done.dropped, len(done.dead)) == (dropped, dead)

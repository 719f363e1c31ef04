"""What is told where, in which words, and when it is tried again."""

import hashlib
import hmac
import json
from typing import Any

import msgspec
import pytest

from schemas.alerts import Alert
from services.delivery.core import wording
from services.delivery.core.intake import Policy, rows
from services.delivery.core.retry import Backoff, Rate
from services.delivery.core.routes import Route

SEQ = 1_784_512_800_000_217
"""09:00 at UTC+7 on 20 July 2026."""


def alert(**more: Any) -> Alert:
    about: dict[str, Any] = {
        "symbol": "41I1G8000",
        "feed": "ssi",
        "seq": SEQ,
        "ts_ms": SEQ // 1000,
        "venue": "VN",
        "day": "2026-07-20",
        "rule": "vn30f1m-1300",
        "kind": "level",
        "severity": "warning",
        "topic": "market",
        "side": "up",
        "text_vi": "Giá 1.301,5, vượt lên mốc 1.300",
        "text_en": "Price 1,301.5, above 1,300",
        "numbers": {"price": 1301.5},
        "dedupe_key": "k",
    }
    return Alert(**{**about, **more})


def taken(route: Route, **more: Any) -> bool:
    value = msgspec.json.encode(alert(**more))
    return bool(list(rows(value, [route], Policy("live", None, 0))))


def test_a_channel_takes_its_severity_and_above_of_its_rules_and_symbols() -> None:
    assert taken(Route("c", "warning"))
    assert taken(Route("c", "warning"), severity="critical")
    assert not taken(Route("c", "critical"))
    assert not taken(Route("c", rules=frozenset({"another"})))
    assert not taken(Route("c", without=frozenset({"vn30f1m-1300"})))
    assert taken(Route("c", symbols=frozenset({"41I1G8000"})))
    assert not taken(Route("c", symbols=frozenset({"HPG"})))


def test_an_alert_enters_the_log_once_a_channel_as_it_stands_in_the_topic() -> None:
    value = b" " + msgspec.json.encode(alert()) + b"\n"
    found = list(rows(value, [Route("a"), Route("b")], Policy("live", None, 0)))
    name = f"live/vn30f1m-1300/41I1G8000/{SEQ}/0"
    assert [(r.channel, r.id, r.status, r.alert) for r in found] == [
        ("a", name, "waiting", value),
        ("b", name, "waiting", value),
    ]


def test_of_a_replay_nothing_waits_and_the_log_says_why() -> None:
    (row,) = rows(msgspec.json.encode(alert()), [Route("a")], Policy("demo", "a replay", 0))
    assert (row.status, row.reason) == ("withheld", "a replay")


def test_what_fired_too_long_ago_is_no_news() -> None:
    value = msgspec.json.encode(alert())
    for oldest_ms, status in ((SEQ // 1000, "waiting"), (SEQ // 1000 + 1, "expired")):
        (row,) = rows(value, [Route("a")], Policy("live", None, oldest_ms))
        assert row.status == status


def test_what_is_no_alert_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        list(rows(b'{"type":"alert"}', [Route("a")], Policy("live", None, 0)))


def test_the_signature_is_hmac_sha256_of_time_and_body() -> None:
    body = wording.body("id", "live", msgspec.json.encode(alert()))
    stamp, _, digest = wording.signature(b"secret", body, 1234).partition(",v1=")
    assert stamp == "t=1234"
    assert digest == hmac.new(b"secret", b"1234." + body, hashlib.sha256).hexdigest()
    assert json.loads(body)["alert"]["numbers"] == {"price": 1301.5}


def test_telegram_speaks_vietnamese_with_local_time_aliases_and_a_link() -> None:
    link = "http://127.0.0.1/?symbol={symbol}"
    text = wording.telegram(alert(), ("VN30F2608", "VN30F1M"), link)
    assert text == (
        "🟠 41I1G8000 (VN30F2608, VN30F1M)\n"
        "Giá 1.301,5, vượt lên mốc 1.300\n"
        "🕘 09:00:00 20/07/2026 · vn30f1m-1300\n"
        "http://127.0.0.1/?symbol=41I1G8000"
    )


def test_telegram_names_a_venue_and_keeps_the_link_of_a_long_text() -> None:
    text = wording.telegram(alert(symbol="*", text_vi="x" * 5000), (), "http://h/{symbol}{rule}")
    assert text.startswith("🟠 Toàn sàn VN\n")
    assert len(text) == wording.LONGEST
    assert text.endswith("x\nhttp://h/vn30f1m-1300")


def test_the_console_has_a_line() -> None:
    assert wording.console(alert(), ()) == (
        "2026-07-20 09:00:00 warning  41I1G8000  Giá 1.301,5, vượt lên mốc 1.300  [vn30f1m-1300]"
    )


@pytest.mark.parametrize("answer", [b"", b"x", b"{}", b'{"parameters":{}}', b"\xff", b"[1]"])
def test_an_answer_that_asks_for_no_rest_asks_for_none(answer: bytes) -> None:
    assert wording.telegram_wait(answer) is None


def test_the_wait_doubles_up_to_its_bound_and_is_never_less_than_half() -> None:
    backoff = Backoff(1, 60, 10)
    assert [backoff.wait_s(n, 1.0) for n in (1, 2, 3, 6, 7, 8, 1000)] == [1, 2, 4, 32, 60, 60, 60]
    assert backoff.wait_s(3, 0.0) == 2


def test_a_rate_lets_a_burst_through_and_then_so_many_a_minute() -> None:
    rate, now, sent = Rate(per_minute=60, burst=5, now=0.0), 0.0, []
    while now < 20:
        wait_s = rate.wait_s(now)
        if not wait_s:
            sent.append(now)
        now += wait_s
    assert sent == pytest.approx([0.0] * 5 + [n * 1.0 for n in range(1, 20)])


def test_a_rest_fills_the_bucket_no_further_than_the_burst() -> None:
    rate = Rate(per_minute=60, burst=2, now=0.0)
    assert [rate.wait_s(1000.0) == 0 for _ in range(3)] == [True, True, False]

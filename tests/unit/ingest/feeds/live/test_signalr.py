"""SignalR frames of SSI's hub, its token and the subscriptions, without a socket."""

import base64
import json

import pytest

from services.ingest.feeds.base import FeedError
from services.ingest.feeds.live import iboard, signalr, ssi_v2, web
from services.ingest.feeds.live.line import Broken, Busy, Refused
from services.ingest.feeds.live.ssi_token import MARGIN_S, UNKNOWN_LIFE_S, renew_at
from services.ingest.feeds.live.ssi_v2 import Wanted

INNER = '{"DataType":"X","Content":"{\\"Symbol\\":\\"VCB\\"}"}'


def frame(*calls: dict[str, object], **more: object) -> bytes:
    return json.dumps({"C": "d-1", "M": list(calls), **more}).encode()


def call(argument: object, method: str = "Broadcast") -> dict[str, object]:
    return {"H": "FcMarketDataV2Hub", "M": method, "A": [argument]}


def test_messages_are_the_vendors_bytes_in_their_order() -> None:
    told = signalr.read(frame(call(INNER), call("second")))
    assert told.messages == [INNER.encode(), b"second"]


def test_a_message_that_is_an_object_is_taken_as_it_stands() -> None:
    assert signalr.read(frame(call({"DataType": "X"}))).messages == [b'{"DataType": "X"}']


@pytest.mark.parametrize("bad", [b"", b"{", b"[1]", b'{"M":[{"A":3}]}', b"\xff\xfe", b'{"M":7}'])
def test_what_is_no_frame_is_given_on_for_the_dead_letters(bad: bytes) -> None:
    assert signalr.read(bad).messages == [bad]


def test_words_of_the_hub_are_no_messages() -> None:
    assert signalr.read(b"{}") == signalr.Told([])
    assert signalr.read(b'{"C":"d-0","S":1,"M":[]}').begins
    assert signalr.read(b'{"C":"d-0","D":1}').ends
    assert signalr.read(b'{"I":"0","E":"no such channel"}').refused == "no such channel"
    assert signalr.read(b'{"I":"0"}') == signalr.Told([])
    assert signalr.read(frame(call("odd", "Error"))) == signalr.Told([], said="odd")


def test_addresses_and_calls_are_those_of_ssis_own_client() -> None:
    told = signalr.Negotiated("to/ken+", "1.5", 20.0)
    url = signalr.connect_url("https://hub.example/", told)
    assert url.startswith("wss://hub.example/v2.0/signalr/connect?transport=webSockets&")
    assert "connectionToken=to%2Fken%2B" in url
    assert json.loads(signalr.subscribe("X:ALL")) == {
        "H": "FcMarketDataV2Hub",
        "M": "SwitchChannels",
        "A": ["X:ALL"],
        "I": 0,
    }


@pytest.mark.parametrize(("timeout", "dead_s"), [(20.0, 20.0), (None, 30.0), (0.0, 30.0)])
def test_a_hub_without_keep_alive_has_a_bound_all_the_same(
    timeout: float | None, dead_s: float
) -> None:
    assert signalr.Negotiated("t", "1.5", timeout).dead_s == dead_s


def token(**claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.x"


def test_a_token_is_renewed_before_it_ends() -> None:
    assert renew_at(token(exp=10_000.0), 0.0) == 10_000 - MARGIN_S
    assert renew_at(token(exp=30.0), 0.0) == 20.0


def test_a_token_in_the_url_safe_alphabet_is_understood() -> None:
    # SSI's own client decodes with the other alphabet and fails on - and _.
    written = token(exp=10_000.0, name="ÿ~ÿ?ÿ~>>")
    assert set("-_") & set(written)
    assert renew_at(written, 0.0) == 10_000 - MARGIN_S


@pytest.mark.parametrize("odd", ["", "a.b", "a.!!!.c", token(sub=1)])
def test_a_token_that_does_not_say_when_it_ends_lives_for_a_while(odd: str) -> None:
    assert 0 < renew_at(odd, 0.0) < UNKNOWN_LIFE_S


def test_each_type_of_channel_is_subscribed_once_with_its_symbols() -> None:
    found = ssi_v2.wanted("X-TRADE, r:VCB-SSI,MI", "HPG")
    assert found == [Wanted("X-TRADE", "HPG"), Wanted("R", "VCB-SSI"), Wanted("MI", "ALL")]
    assert str(found[1]) == "R:VCB-SSI"


@pytest.mark.parametrize(
    ("channels", "symbols", "variable"),
    [
        ("", "ALL", "VNTAPE_SSI_CHANNELS"),
        ("X-TRADE,Q", "ALL", "VNTAPE_SSI_CHANNELS"),
        ("X,X", "ALL", "VNTAPE_SSI_CHANNELS"),
        ("X:VCB;SSI", "ALL", "VNTAPE_SSI_CHANNELS"),
        ("X", "VCB,SSI", "VNTAPE_SSI_SYMBOLS"),
    ],
)
def test_a_subscription_that_ssi_would_not_understand_names_its_variable(
    channels: str, symbols: str, variable: str
) -> None:
    with pytest.raises(FeedError, match=variable):
        ssi_v2.wanted(channels, symbols)


def test_iboard_needs_symbols() -> None:
    assert iboard.symbols_of("vcb, SSI,VCB") == ["VCB", "SSI"]
    with pytest.raises(FeedError, match="VNTAPE_IBOARD_SYMBOLS"):
        iboard.symbols_of(" ")


def test_exchange_times_are_read_from_messages() -> None:
    content = b'{"TradingDate":"20/07/2026","Time":"09:15:00","Symbol":"HPG"}'
    assert ssi_v2.stamp(content) == 1_784_513_700_000
    assert ssi_v2.stamp(b'{"Symbol":"HPG"}') is None
    assert ssi_v2.stamp(b'{"TradingDate":"99/99/2026","Time":"09:15:00"}') is None
    trade = b"MAIN|L#HPG|30550|19400|668900|09:15:00|30350|bu|200|0.66|U|MAIN|1757988900021"
    assert iboard.stamp(trade) == 1_757_988_900_021
    assert iboard.stamp(b"nothing") is None


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (401, {}, Refused),
        (404, {}, Refused),
        (429, {"Retry-After": "7"}, Busy),
        (503, {"Retry-After": "7"}, Busy),
        (500, {}, Broken),
        (302, {}, Broken),
    ],
)
def test_statuses_tell_what_helps(
    status: int, headers: dict[str, str], outcome: type[Exception]
) -> None:
    with pytest.raises(outcome) as raised:
        web.judge(status, headers, "it")
    assert getattr(raised.value, "wait_s", 7.0) == 7.0
    assert type(raised.value) is outcome


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://fc-data.ssi.com.vn/", True),
        ("http://127.0.0.1:8000", True),
        ("http://fc-data.ssi.com.vn/", False),
        ("https://a:b@fc-data.ssi.com.vn/", False),
        ("fc-data.ssi.com.vn", False),
        ("https://x:y/", False),
    ],
)
def test_without_tls_only_this_machine_is_an_address(url: str, good: bool) -> None:
    assert (web.address_fault(url, "https") is None) is good

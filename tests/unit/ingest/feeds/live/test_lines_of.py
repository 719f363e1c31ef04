"""Which connections the settings ask for, and the refusals that name what is missing."""

from pathlib import Path

import pytest

from services.ingest.feeds.base import FeedError
from services.ingest.feeds.live.check import never
from services.ingest.feeds.live.lines_of import lines_of
from services.ingest.feeds.live.ssi_token import Tokens
from services.runtime.settings_load import load

SECRET = "s3cr3t-of-mine"
KNOWN = {"VNTAPE_SSI_CONSUMER_ID": "me-and-nobody", "VNTAPE_SSI_CONSUMER_SECRET": SECRET}


def test_each_channel_of_ssi_is_a_connection_of_its_own() -> None:
    lines = lines_of(load({**KNOWN, "VNTAPE_SSI_CHANNELS": "X-TRADE,R:VCB,MI"}), ["ssi_v2"])
    assert [line.channel for line in lines] == ["vn.X-TRADE", "vn.R", "vn.MI"]
    assert {line.name for line in lines} == {"ssi"}


def test_a_feed_that_is_named_twice_is_connected_once() -> None:
    settings = load({"VNTAPE_IBOARD_SYMBOLS": "VCB"})
    assert len(lines_of(settings, ["iboard", "iboard"])) == 1


@pytest.mark.parametrize(
    ("feed", "environment", "named"),
    [
        ("ssi_v2", {}, "VNTAPE_SSI_CONSUMER_ID and VNTAPE_SSI_CONSUMER_SECRET are needed"),
        ("ssi_v2", {**KNOWN, "VNTAPE_SSI_V2_REST_URL": "http://a.vn/"}, "VNTAPE_SSI_V2_REST_URL"),
        ("ssi_v2", {**KNOWN, "VNTAPE_SSI_CHANNELS": "Y"}, "VNTAPE_SSI_CHANNELS"),
        ("iboard", {}, "VNTAPE_IBOARD_SYMBOLS"),
        ("iboard", {"VNTAPE_IBOARD_URL": "ws://a.vn/"}, "VNTAPE_IBOARD_URL must be wss://"),
        ("reuters", {}, "no live feed reuters; there are ssi_v2"),
    ],
)
def test_a_refusal_names_the_variable(feed: str, environment: dict[str, str], named: str) -> None:
    with pytest.raises(FeedError, match=named):
        lines_of(load(environment), [feed])


def test_an_address_with_a_password_is_refused_without_showing_it() -> None:
    url = "https://user:hunter2@fc-data.ssi.com.vn/"
    with pytest.raises(FeedError) as raised:
        lines_of(load({**KNOWN, "VNTAPE_SSI_V2_REST_URL": url}), ["ssi_v2"])
    assert "hunter2" not in str(raised.value)


def test_credentials_may_stand_in_files_and_are_shown_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    settings = load({"VNTAPE_SSI_CONSUMER_ID": "me", "VNTAPE_SSI_CONSUMER_SECRET_FILE": str(file)})
    assert settings.ssi_consumer_secret is not None
    assert settings.ssi_consumer_id is not None
    tokens = Tokens("https://h/", settings.ssi_consumer_id, settings.ssi_consumer_secret)
    assert settings.ssi_consumer_secret.get_secret_value() == SECRET
    assert SECRET not in f"{settings!r} {settings} {tokens!r} {tokens}"


def test_what_a_feed_can_never_give_is_said_in_plain_words() -> None:
    (ssi,) = never(["ssi"])
    assert ssi.startswith("ssi never gives: ")
    assert "open interest" in ssi
    (iboard,) = never(["iboard"])
    assert "index" in iboard
    assert "symbols that were not named" in iboard

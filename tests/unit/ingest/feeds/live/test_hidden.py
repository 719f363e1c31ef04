"""Vendors' words without the secrets that they were told."""

from urllib.parse import quote

import pytest
from pydantic import SecretStr

from services.ingest.feeds.live import hidden
from services.ingest.feeds.live.line import Broken, Busy, Refused

SECRET = "a/secret+of no-body=="


@pytest.mark.parametrize("form", [SECRET, quote(SECRET, safe=""), SECRET.replace(" ", "%20")])
def test_a_secret_is_stars_also_as_it_stands_in_an_address(form: str) -> None:
    hidden.hide(SecretStr(SECRET))
    hidden.hide(SECRET.replace(" ", "%20"))
    assert hidden.said(f"no key {form} here") == f"no key {hidden.STARS} here"


@pytest.mark.parametrize("words", ["token eyJhbGciOiJIUz", "Authorization: Bearer abc.def"])
def test_what_has_the_shape_of_a_token_is_stars_though_nobody_knows_it(words: str) -> None:
    assert hidden.said(words) == f"{words.rpartition(' ')[0]} {hidden.STARS}"


def test_words_are_cut_behind_the_stars_so_that_no_half_of_a_secret_stays() -> None:
    hidden.hide(SECRET)
    said = hidden.said("x" * (hidden.MOST - 4) + SECRET)
    assert said == "x" * (hidden.MOST - 4) + "****"


def test_a_setting_that_is_too_short_for_a_secret_takes_no_words_apart() -> None:
    hidden.hide("e", "", None)
    assert hidden.said(b"refused \xff") == "refused \ufffd"


def test_of_tokens_that_are_renewed_for_ever_the_newest_are_kept_and_settings_always() -> None:
    hidden.hide(SecretStr("a-setting-of-mine"))
    tokens = [f"opaque-token-{n:04}" for n in range(hidden.KEPT + 1)]
    for token in tokens:
        hidden.hide(token)
    assert hidden.without(tokens[0]) == tokens[0]
    for secret in ("a-setting-of-mine", *tokens[1:]):
        assert hidden.without(secret) == hidden.STARS


def test_no_failure_of_a_connection_tells_one() -> None:
    hidden.hide(SECRET)
    text = f"of {SECRET}"
    told = {str(failed) for failed in (Broken(text), Busy(text, 1.0), Refused(text))}
    assert told == {f"of {hidden.STARS}"}

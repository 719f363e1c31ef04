"""The words of the setting."""

import pytest

from services.orderflow.app import planned
from services.orderflow.core.intervals import plan
from services.runtime.settings import Settings, SettingsError


def test_times_trades_volumes_and_ranges_have_their_words() -> None:
    found = plan("1s, 12h,1d,100t,0.5v,0.25%")
    assert [(i.word, i.ms) for i in found.times] == [
        ("1s", 1000),
        ("12h", 43_200_000),
        ("1d", 86_400_000),
    ]
    assert [(i.kind, i.size) for i in found.counts] == [
        ("tick", 100),
        ("volume", 0.5),
        ("range", 0.25),
    ]


@pytest.mark.parametrize(
    "word", ["", "5", "m5", "7h", "8h", "2d", "0s", "1.5m", "0t", "1.5t", "0%", "1m,1m"]
)
def test_a_word_that_is_no_bar_is_named_in_the_refusal(word: str) -> None:
    with pytest.raises(SettingsError, match=f"VNTAPE_BARS: '{word.split(',')[0]}'"):
        planned(Settings(bars=word))

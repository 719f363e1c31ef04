"""The clock that stamps what comes in, of a simulated exchange too."""

import time
from datetime import datetime

import pytest

from services.runtime.receive_clock import receive_clock
from services.runtime.settings import SettingsError
from services.runtime.settings_load import load

TEN = datetime.fromisoformat("2026-11-20T10:00:00+07:00").timestamp()


def test_it_runs_from_the_given_time_at_the_given_speed() -> None:
    clock = receive_clock(f"2026-11-20T10:00:00+07:00@{time.time() - 2:.3f}x60")
    assert clock() / 1e6 == pytest.approx(TEN + 120, abs=6)


@pytest.mark.parametrize("written", ["wall", "recorded"])
def test_without_one_it_is_this_machines(written: str) -> None:
    assert receive_clock(written)() / 1e6 == pytest.approx(time.time(), abs=1)


@pytest.mark.parametrize("written", ["walls", "10:00@1", "2026-11-20T10:00:00@1", ""])
def test_another_is_refused_by_name(written: str) -> None:
    with pytest.raises(SettingsError, match="VNTAPE_RECEIVE_CLOCK"):
        load({"VNTAPE_RECEIVE_CLOCK": written})


def test_a_time_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="is no time"):
        receive_clock("2026-02-30T10:00:00+07:00@1")

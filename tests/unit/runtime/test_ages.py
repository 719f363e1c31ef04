"""The age of a message at a stage, in the buckets of its histogram."""

import time
from pathlib import Path

import pytest

from schemas.market import Clock, Trade
from services.runtime.ages import Ages, first_seq
from services.runtime.metrics import Metrics
from services.runtime.receive_clock import receive_clock
from services.runtime.settings import Settings, SettingsError


def counted(metrics: Metrics, stage: str, le: str) -> float | None:
    labels = {"service": "any", "stage": stage, "le": le}
    return metrics.registry.get_sample_value("vntape_event_age_seconds_bucket", labels)


def ages(clock: str = "wall") -> tuple[Ages, Metrics]:
    metrics = Metrics("any")
    return Ages(Settings(receive_clock=clock), metrics), metrics


def test_an_age_is_from_the_receipt_to_now_or_to_some_seconds_ago() -> None:
    found, metrics = ages()
    seq = time.time_ns() // 1000 - 3_000_000
    found.at("step")(seq, 0.0)
    found.at("market")(seq, 2.9)
    assert (counted(metrics, "step", "2.5"), counted(metrics, "step", "5.0")) == (0, 1)
    assert (counted(metrics, "market", "0.05"), counted(metrics, "market", "0.25")) == (0, 1)


def test_by_the_clock_of_a_simulated_exchange_seconds_are_ours() -> None:
    """At 60 times the speed, two of its minutes are two of our seconds."""
    now = time.time()
    found, metrics = ages(f"2024-08-08T10:00:00+07:00@{now:.3f}x60")
    seq = 1_723_086_000_000_000 - 120_000_000
    found.at("step")(seq, 0.0)
    assert (counted(metrics, "step", "1.0"), counted(metrics, "step", "2.5")) == (0, 1)


def test_a_clock_that_is_told_in_a_file_counts_once_it_is_there(tmp_path: Path) -> None:
    """Services of a demo start before its exchange opens."""
    file = tmp_path / "clock"
    found, metrics = ages(f"@{file}")
    seq = 1_723_086_000_000_000 - 120_000_000
    was = found.at("step")
    was(seq, 0.0)
    assert counted(metrics, "step", "+Inf") == 0
    file.write_text(f"2024-08-08T10:00:00+07:00@{time.time():.3f}x60\n")
    was(seq, 0.0)
    assert (counted(metrics, "step", "1.0"), counted(metrics, "step", "2.5")) == (0, 1)


@pytest.mark.parametrize("stands", ["", "ten o'clock", "@another"])
def test_a_file_that_tells_no_clock_is_refused(tmp_path: Path, stands: str) -> None:
    file = tmp_path / "clock"
    file.write_text(stands)
    with pytest.raises(SettingsError, match="names no clock"):
        receive_clock(f"@{file}")
    with pytest.raises(SettingsError, match="names no clock"):
        receive_clock(f"@{tmp_path / 'nowhere'}")


@pytest.mark.parametrize("clock", ["wall", "recorded"])
def test_a_replay_has_no_age(clock: str) -> None:
    found, metrics = ages(clock)
    found.at("step")(1_723_086_000_000_001, 0.0)
    assert counted(metrics, "step", "+Inf") == 0


def test_clocks_were_not_received() -> None:
    clock = Clock(symbol="*", feed="f", seq=5_000_000, ts_ms=5, venue="BN")
    trade = Trade(symbol="A.BN", feed="f", seq=5_000_001, ts_ms=5, price=1, volume=1)
    assert first_seq([clock, trade, clock]) == 5_000_001
    assert first_seq([clock]) is None
    assert first_seq([]) is None

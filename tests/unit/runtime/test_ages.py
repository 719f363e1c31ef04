"""The age of a message at a stage, in the buckets of its histogram."""

import time

import pytest

from schemas.market import Clock, Trade
from services.runtime.ages import Ages, first_seq
from services.runtime.metrics import Metrics
from services.runtime.settings import Settings


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

"""What ingest tells operators."""

from services.ingest.tally import BROKER_S, FLOWING_S, Tally
from services.runtime.health import Health
from services.runtime.metrics import Metrics


def made() -> tuple[Tally, Health, Metrics, list[float]]:
    """A tally on a clock that the test moves."""
    clock = [100.0]
    health, metrics = Health(lambda: clock[0]), Metrics("ingest")
    health._last = 100.0
    health.ready = True
    return Tally(metrics, health, lambda: clock[0]), health, metrics, clock


def test_degraded_while_dead_letters_flow_and_ok_when_they_stop() -> None:
    """The problem names how many and the last reason."""
    tally, health, _, clock = made()
    tally.dead("malformed: no JSON")
    tally.dead("price: -1")
    tally.refresh()
    assert health.state() == "degraded"
    assert health.problems["dead_letters"] == "2 vendor messages refused, the last: price: -1"
    clock[0] += FLOWING_S
    tally.refresh()
    assert health.state() == "ok"
    tally.dead("malformed: again")
    tally.refresh()
    assert health.problems["dead_letters"].startswith("1 vendor message")


def test_a_silent_broker_is_named_and_is_no_stall() -> None:
    """Restarting ingest would not bring Kafka back."""
    tally, health, _, clock = made()
    tally.sent(1)
    clock[0] += 60
    assert health.state() == "stalled"
    tally.refresh()
    assert health.state() == "degraded"
    assert "60 s" in health.problems["kafka"]
    tally.done(1)
    tally.refresh()
    assert health.state() == "ok"
    assert BROKER_S < 15


def test_counts_reach_the_metrics_with_the_batch() -> None:
    """Labels come from closed sets: of a reason only its code."""
    tally, _, metrics, _ = made()
    tally.sent(1)
    tally.received("binance", "spot.trade")
    tally.received("binance", "spot.trade")
    tally.dead("price: -1 is no price")
    tally.dropped("binance", "duplicate")
    tally.gap("trade_id")
    tally.messages("market", 5)
    tally.done(1)

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, {"service": "ingest", **labels})

    assert value("vntape_received_total", feed="binance", channel="spot.trade") == 2
    assert value("vntape_dead_letters_total", reason="price") == 1
    assert value("vntape_dropped_total", feed="binance", reason="duplicate") == 1
    assert value("vntape_gaps_total", cause="trade_id") == 1
    assert value("vntape_outputs_total", topic="market") == 5

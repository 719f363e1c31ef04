"""A stalled worker is told from an idle one."""

from services.runtime.health import STALLED_AFTER_S, Health


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def health() -> tuple[Health, Time]:
    time = Time()
    made = Health(now=time)
    made.progress()
    made.ready = True
    return made, time


def test_no_input_for_long_is_idle() -> None:
    it, time = health()
    time.now = STALLED_AFTER_S + 1
    assert it.state() == "idle"


def test_waiting_input_without_progress_is_stalled() -> None:
    it, time = health()
    it.waiting = 1
    time.now = STALLED_AFTER_S - 1
    assert it.state() == "ok"
    time.now = STALLED_AFTER_S + 1
    assert it.state() == "stalled"
    it.progress()
    assert it.state() == "ok"


def test_input_that_arrives_after_an_idle_hour_is_no_stall_yet() -> None:
    """The clock of a stall starts when there is something to do, not at the last message."""
    it, time = health()
    time.now = 3600.0
    it.waiting = 5
    assert it.state() == "ok"
    time.now += STALLED_AFTER_S + 1
    assert it.state() == "stalled"


def test_a_worker_without_partitions_is_starting_until_it_is_ready() -> None:
    it, _ = health()
    it.ready = False
    assert it.state() == "starting"


def test_a_problem_is_degraded_and_told() -> None:
    it, _ = health()
    it.problems["database"] = "it does not answer"
    assert it.state() == "degraded"
    assert it.report()["problems"] == {"database": "it does not answer"}

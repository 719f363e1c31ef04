"""The pure parts of a live client: its states, waits, watchdog and the bounds of a loss."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.vn.schedule import midnight_ms
from services.ingest.feeds.live.outage import SETTLE_S, Loss, Outage
from services.ingest.feeds.live.states import Backoff, Machine
from services.ingest.feeds.live.watch import Patience, hour_at, is_silent, limit_s, opened_ms

MONDAY = date(2026, 7, 20)
PATIENCE = Patience(15.0, 60.0)


def at(clock: str) -> int:
    """A local time of the Monday, ms since the epoch."""
    hour, minute, second = map(int, f"{clock}:0".split(":")[:3])
    return midnight_ms(MONDAY) + ((hour * 60 + minute) * 60 + second) * 1000


def silent(clock: str, age_s: float, silences: int = 0, trading: bool = True) -> bool:
    hour = hour_at(at(clock), lambda _day: trading)
    return is_silent(PATIENCE, hour, at(clock), age_s, silences)


def test_every_entry_into_a_state_is_counted_with_its_reason() -> None:
    machine = Machine(0.0)
    machine.to("live", 1.0)
    machine.to("backing_off", 2.0, "the connection ended")
    machine.to("connecting", 3.0)
    assert machine.entered == {"connecting": 2, "live": 1, "backing_off": 1}
    assert (machine.state, machine.since_s, machine.why) == ("connecting", 3.0, "")


def test_a_connection_cannot_be_live_without_connecting() -> None:
    machine = Machine(0.0)
    machine.to("backing_off", 1.0)
    with pytest.raises(ValueError, match="from backing_off to live"):
        machine.to("live", 2.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_waits_double_up_to_a_bound_and_are_never_short(draws: list[float]) -> None:
    left = list(draws)
    backoff = Backoff(0.5, 30.0, lambda: left.pop())
    for tries in range(len(draws)):
        whole_s = min(30.0, 0.5 * 2.0**tries)
        assert whole_s / 2 <= backoff.next_s() <= whole_s


def test_after_a_success_the_first_wait_comes_again() -> None:
    backoff = Backoff(1.0, 60.0, lambda: 1.0)
    assert [backoff.next_s() for _ in range(3)] == [1.0, 2.0, 4.0]
    backoff.reset()
    assert backoff.next_s() == 1.0


@pytest.mark.parametrize(
    ("clock", "age_s", "alarm"),
    [
        ("08:30", 9999, False),
        ("09:05", 59, False),
        ("09:05", 61, True),
        ("10:00", 14, False),
        ("10:00", 16, True),
        ("11:31", 9999, False),
        ("12:59:59", 9999, False),
        ("13:00:10", 9999, False),
        ("13:00:16", 9999, True),
        ("14:40", 61, True),
        ("14:50", 9999, False),
        ("20:00", 9999, False),
    ],
)
def test_silence_alarms_by_the_phase_of_the_session(clock: str, age_s: float, alarm: bool) -> None:
    assert silent(clock, age_s) is alarm


def test_a_holiday_is_silent_without_an_alarm() -> None:
    assert not silent("10:00", 9999, trading=False)


def test_a_silence_that_a_new_connection_does_not_end_is_asked_about_ever_less_often() -> None:
    limits = [limit_s(PATIENCE, "continuous", n) for n in (0, 1, 2, 5, 50)]
    assert limits == [15.0, 30.0, 60.0, 480.0, 480.0]


def test_a_channel_that_may_always_be_silent_never_alarms() -> None:
    hour = hour_at(at("10:00"), lambda _day: True)
    assert not is_silent(Patience(None), hour, at("10:00"), 9999, 0)


def test_a_loss_ends_with_the_newest_of_the_snapshot() -> None:
    outage = Outage(0)
    outage.heard(at("10:00"), 0.0)
    outage.lost("disconnect")
    # The snapshot: a symbol that did not trade meanwhile, and two that did.
    for clock, now_s in (("09:58", 5.0), ("10:02", 5.1), ("10:01", 5.2)):
        outage.heard(at(clock), now_s)
        assert outage.ended(now_s) is None
    assert outage.ended(5.0 + SETTLE_S) == Loss("disconnect", at("10:00"), at("10:02"))
    assert outage.ended(99.0) is None


def test_a_connection_that_breaks_again_before_its_data_are_whole_is_one_loss() -> None:
    outage = Outage(0)
    outage.heard(at("10:00"), 0.0)
    outage.lost("disconnect")
    outage.heard(at("10:01"), 5.0)
    outage.lost("disconnect")
    assert outage.ended(5.0 + SETTLE_S) is None
    outage.heard(at("10:03"), 9.0)
    assert outage.ended(9.0 + SETTLE_S) == Loss("disconnect", at("10:00"), at("10:03"))


def test_a_silence_goes_on_until_something_newer_comes() -> None:
    outage = Outage(0)
    outage.heard(at("10:00"), 0.0)
    outage.lost("silence")
    outage.heard(at("10:00"), 20.0)
    assert outage.ended(30.0) is None
    outage.heard(at("10:05"), 60.0)
    assert outage.ended(60.0) == Loss("silence", at("10:00"), at("10:05"))


def test_a_loss_whose_end_nobody_will_see_is_cut() -> None:
    outage = Outage(at("09:00"))
    outage.lost("disconnect")
    assert outage.cut(at("09:10")) == Loss("disconnect", at("09:00"), at("09:10"))
    assert outage.cut(at("09:20")) is None


@pytest.mark.parametrize(
    ("clock", "opened"),
    [
        ("08:30", None),
        ("08:50", "08:45"),
        ("09:05", "08:45"),
        ("10:30", "08:45"),
        ("11:31", "08:45"),
        ("13:00:05", "08:45"),
        ("14:46", "08:45"),
        ("15:30", None),
    ],
)
def test_who_starts_in_the_session_missed_it_since_the_first_exchange_opened(
    clock: str, opened: str | None
) -> None:
    expected = None if opened is None else at(opened)
    assert opened_ms(at(clock), lambda _day: True) == expected


def test_on_a_holiday_nothing_was_missed() -> None:
    assert opened_ms(at("10:30"), lambda _day: False) is None

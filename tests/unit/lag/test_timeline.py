"""The age of a record, from how the end of its partition moved."""

import random

from services.lag.core.timeline import POINTS, Timeline


def test_a_record_between_two_looks_is_placed_between_them() -> None:
    line = Timeline()
    line.seen(100, 10.0)
    line.seen(100, 15.0)
    line.seen(200, 20.0)
    assert line.appended_s(100) == 15.0  # it was not there at the last look before
    assert line.appended_s(150) == 17.5
    assert line.appended_s(199) == 15.0 + 99 / 100 * 5
    assert line.appended_s(200) is None  # not there yet
    assert line.appended_s(99) is None  # before the first look


def test_the_error_is_never_more_than_the_time_between_two_looks() -> None:
    rnd = random.Random(1)
    line, appended, now = Timeline(), dict[int, float](), 0.0
    end = 0
    line.seen(end, now)
    for _ in range(200):
        until = now + 5
        for _ in range(rnd.randrange(4)):
            appended[end] = rnd.uniform(now, until)
            end += 1
        now = until
        line.seen(end, now)
    for offset, at in appended.items():
        told = line.appended_s(offset)
        assert told is not None
        assert abs(told - at) <= 5


def test_what_a_record_says_itself_is_believed_until_it_is_done() -> None:
    line = Timeline()
    line.seen(500, 100.0)
    line.fact(7, 3.5)
    line.fact(9, 4.5)
    assert line.appended_s(7) == 3.5
    line.forget(before=8)
    assert line.appended_s(7) is None
    assert line.appended_s(9) == 4.5


def test_an_end_that_went_back_is_of_another_log() -> None:
    line = Timeline()
    line.seen(100, 1.0)
    line.seen(200, 6.0)
    line.fact(50, 0.5)
    line.seen(3, 11.0)
    assert line.appended_s(150) is None
    assert line.appended_s(50) is None
    line.seen(5, 16.0)
    assert line.appended_s(4) == 13.5


def test_memory_is_bounded() -> None:
    line = Timeline()
    for n in range(3 * POINTS):
        line.seen(n, float(n))
    assert line.appended_s(3) is None
    assert line.appended_s(3 * POINTS - 2) is not None

"""When a worker stops rather than dead-letter everything."""

import hashlib

import pytest

from services.runtime.dead_letters import DeadLetterLimit, TooManyDeadLettersError, source_key


def test_more_than_the_limit_in_a_row_stops() -> None:
    limit = DeadLetterLimit(in_a_row=3, ratio=1.0)
    for _ in range(3):
        limit.bad(0.0)
    with pytest.raises(TooManyDeadLettersError, match="4 bad messages in a row"):
        limit.bad(0.0)


def test_one_good_message_breaks_the_row() -> None:
    limit = DeadLetterLimit(in_a_row=3, ratio=1.0)
    for _ in range(50):
        limit.bad(0.0)
        limit.bad(0.0)
        limit.good(1, 0.0)


def test_past_one_percent_of_an_hour_stops_and_says_so() -> None:
    limit = DeadLetterLimit(in_a_row=100, ratio=0.01)
    limit.good(1990, 0.0)
    for _ in range(20):
        limit.bad(1800.0)
        limit.good(1, 1800.0)
    limit.good(90, 1900.0)
    limit.bad(3000.0)
    with pytest.raises(TooManyDeadLettersError, match="22 of the last hour's 2122 messages are"):
        limit.bad(3000.0)


def test_messages_before_the_last_hour_do_not_count() -> None:
    limit = DeadLetterLimit(in_a_row=100, ratio=0.01)
    limit.good(1_000_000, 0.0)
    for second in range(4000, 4019):
        limit.good(50, second)
        limit.bad(second)
    limit.good(50, 4019)
    with pytest.raises(TooManyDeadLettersError, match="20 of the last hour's 1020"):
        limit.bad(4019)


def test_good_messages_of_the_hour_before_the_first_bad_one_count() -> None:
    limit = DeadLetterLimit(in_a_row=100, ratio=0.01)
    limit.good(100_000, 0.0)
    for _ in range(50):
        limit.bad(60.0)


def test_few_messages_say_nothing_about_a_ratio() -> None:
    limit = DeadLetterLimit(in_a_row=100, ratio=0.01)
    for _ in range(90):
        limit.bad(0.0)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (b'{"type":"trade","seq":1700000000000097,"x":', b"1700000000000097"),
        (b'{"seq" : 12}', b"12"),
        (b"\xff\xfe", hashlib.sha1(b"\xff\xfe", usedforsecurity=False).hexdigest().encode()),
    ],
)
def test_a_dead_letter_is_keyed_by_its_seq_or_by_its_digest(line: bytes, key: bytes) -> None:
    assert source_key(line) == key

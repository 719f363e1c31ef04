"""When a recorder is so far behind that records may be lost."""

import re

from services.ingest.archive.lag import age_s, alarm
from services.ingest.archive.merge import Held, Merge

WEEK_S = 7 * 24 * 3600


def test_the_lag_is_the_age_of_the_oldest_record_that_waits() -> None:
    merge: Merge[str] = Merge({"a": 0, "b": 0})
    assert merge.oldest() is None
    merge.add("a", 2, [Held(7_000_000, 0, "t", b""), Held(8_000_000, 1, "t", b"")])
    merge.add("b", 1, [Held(5_000_000, 0, "t", b"")])
    assert merge.oldest() == 5_000_000
    assert age_s(merge.oldest(), 9_500_000) == 4.5
    assert [held.seq for held in merge.ready(7_000_000, {"a": 2, "b": 1})] == [5_000_000, 7_000_000]
    assert merge.oldest() == 8_000_000
    assert list(merge.ready(8_000_000, {"a": 2, "b": 1}))
    assert age_s(merge.oldest(), 9_500_000) == 0.0


def test_half_of_the_retention_is_the_alarm_and_says_what_is_left_and_what_to_do() -> None:
    assert alarm(WEEK_S / 2 - 1, WEEK_S) is None
    said = alarm(WEEK_S * 0.75, WEEK_S) or ""
    assert re.match(r"126 h behind, and Kafka deletes raw records after 168 h: 42 h are left", said)
    assert "disk" in said
    assert "retention.ms" in said
    assert ": 0 h are left" in (alarm(WEEK_S * 2, WEEK_S) or "")

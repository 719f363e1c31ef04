"""A position against the log."""

from services.lag import survey
from services.lag.core.groups import Reader
from services.lag.core.lags import Place, Span, lag, sums

CLASSIFIER = Reader("live", "classifier")


def place(partition: int, topic: str = "market") -> Place:
    return Place(CLASSIFIER, topic, partition)


def test_what_waits_and_what_left_the_log_unread_are_two_things() -> None:
    assert lag(place(0), 10, Span(0, 14), 2.0)[2:] == (4, 0, 2.0)
    assert lag(place(0), 14, Span(0, 14), None)[2:] == (0, 0, 0.0)  # nothing waits: no age
    assert lag(place(0), 3, Span(10, 14), 9.0)[2:] == (4, 7, 9.0)
    assert lag(place(0), 3, Span(14, 14), None)[2:] == (0, 11, 0.0)  # all of it expired
    assert lag(place(0), 20, Span(0, 14), None)[2:] == (0, 0, 0.0)  # a log made anew


def test_a_sum_names_the_partition_whose_oldest_record_is_oldest() -> None:
    lags = [
        lag(place(0), 0, Span(0, 100), 1.0),
        lag(place(1), 0, Span(0, 2), 30.0),
        lag(place(2), 5, Span(0, 5), None),
        lag(place(0, "bars"), 0, Span(0, 3), None),
    ]
    bars, market = sums(lags)
    assert (market.partitions, market.records, market.age_s, market.worst) == (3, 102, 30.0, 1)
    assert (bars.topic, bars.records, bars.age_s) == ("bars", 3, None)


def test_a_partition_without_a_snapshot_is_one_of_which_nothing_is_done() -> None:
    """Of the pump's; the writer has a row for each partition that it has seen."""
    writer = Reader("live", "writer")
    positions = {place(0): 7, Place(writer, "market", 0): 3}
    spans = {("live", "market", n): Span(0, 9) for n in range(3)} | {("x", "market", 0): Span(0, 1)}
    found = survey._never_saved(positions, {CLASSIFIER: 1}, spans)
    assert found == {place(1): 0, place(2): 0}

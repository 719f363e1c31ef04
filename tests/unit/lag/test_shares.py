"""Which worker has which partitions, and how far behind it is with them."""

from services.lag.core.groups import Reader
from services.lag.core.lags import Place, Span, lag
from services.lag.core.shares import Worker, shares

CLASSIFIER = Reader("live", "classifier")
LAGS = [
    lag(Place(CLASSIFIER, "market", number), 10, Span(0, end), age_s)
    for number, (end, age_s) in enumerate(((10, None), (14, 2.0), (11, 7.5), (13, None)))
]


def test_a_worker_has_what_waits_in_its_partitions_and_the_age_of_the_oldest() -> None:
    one = Worker("1", "10.0.0.1", frozenset({3, 1, 2}))
    two = Worker("2", "10.0.0.2", frozenset({0}))
    first, second = shares({CLASSIFIER: [one, two]}, LAGS)
    assert first[1:] == ("1", "10.0.0.1", [1, 2, 3], 8, 7.5)
    assert second[1:] == ("2", "10.0.0.2", [0], 0, 0.0)


def test_partitions_of_no_worker_are_nobodys() -> None:
    one = Worker("1", "10.0.0.1", frozenset({0, 1}))
    assert [each[1:] for each in shares({CLASSIFIER: [one]}, LAGS)][1] == (None, "", [2, 3], 4, 7.5)
    (nobody,) = shares({CLASSIFIER: []}, LAGS)
    assert (nobody.worker, nobody.partitions) == (None, [0, 1, 2, 3])


def test_without_a_position_what_waits_is_unknown_and_idle_workers_are_told() -> None:
    one, idle = Worker("1", "h", frozenset({0})), Worker("2", "h", frozenset())
    found = shares({CLASSIFIER: [one, idle]}, [])
    assert [(s.worker, s.partitions, s.records, s.age_s) for s in found] == [
        ("1", [0], None, None),
        ("2", [], None, None),
    ]

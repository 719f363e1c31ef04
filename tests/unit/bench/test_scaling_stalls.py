"""How a stall is told from append times."""

from tests.bench.scaling_stalls import Event, longest, table

TIMES = [0, 50, 100, 1100, 1150, 1200]


def test_a_stall_counts_when_some_of_it_lies_in_the_span() -> None:
    assert longest(TIMES, 40, 90) == 50
    assert longest(TIMES, 40, 120) == 1000  # it begins in it
    assert longest(TIMES, 1000, 1160) == 1000  # it ends in it
    assert longest(TIMES, 300, 400) == 1000  # it is longer than it
    assert longest(TIMES, 1110, 1190) == 50


def test_the_table_names_the_worst_partition_and_counts_those_that_stood() -> None:
    text = table([Event("it happens", 40, 120)], {0: TIMES, 1: list(range(0, 1300, 50)), 2: TIMES})
    assert text.splitlines()[1].split() == ["it", "happens", "1.00", "1.00", "2", "of", "3"]

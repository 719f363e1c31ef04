"""Jobs in processes of their own."""

import os
import signal

import pytest

from services.simulator import processes
from services.simulator.processes import Report


def square(number: int, report: Report) -> int:
    report(0.5)
    return number * number


def without_space(_number: int, _report: Report) -> int:
    raise OSError(28, "No space left on device", "file")


def killed(_number: int, _report: Report) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_results_stand_in_the_order_of_the_jobs_and_reports_with_theirs() -> None:
    heard: list[tuple[int, float]] = []
    reports = [lambda share, n=n: heard.append((n, share)) for n in range(3)]
    assert processes.run(square, [(2,), (3,), (4,)], reports, 2) == [4, 9, 16]
    assert sorted(heard) == [(0, 0.5), (1, 0.5), (2, 0.5)]


def test_a_full_disk_is_said_as_such() -> None:
    with pytest.raises(OSError, match="No space left on device: 'file'"):
        processes.run(without_space, [(1,), (2,)], [print, print], 2)


def test_a_process_that_was_killed_is_an_error_and_no_result() -> None:
    with pytest.raises(RuntimeError, match="a process ended with -9"):
        processes.run(killed, [(1,)], [print], 2)

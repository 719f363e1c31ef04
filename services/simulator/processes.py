"""
Jobs in processes of their own, a few at a time.

A process ends with its job, and soon after the one that started it: nothing waits for ever.
"""

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, TypeVar

Result = TypeVar("Result")
Report = Callable[[float], None]


def run(
    job: Callable[..., Result], arguments: Sequence[tuple[Any, ...]], reports: Sequence[Report],
    at_once: int,
) -> list[Result]:  # fmt: skip
    """
    The results of `job(*arguments, report)`, in the order of `arguments`.

    What a job reports is given to its place in `reports`, in this process.

    Raises:
        OSError: as the first job that raised one.
        RuntimeError: a process ended without a result.
    """
    context = multiprocessing.get_context("spawn")
    running: dict[Connection, tuple[SpawnProcess, int]] = {}
    results: dict[int, Result] = {}
    waiting = list(enumerate(arguments))
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                number, given = waiting.pop(0)
                ours, theirs = context.Pipe()
                process = context.Process(target=_child, args=(theirs, job, given), daemon=True)
                process.start()
                theirs.close()
                running[ours] = process, number
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)
                process, number = running[ready]
                said = _heard(ready, process)
                if isinstance(said, float):
                    reports[number](said)
                else:
                    results[number] = said
                    del running[ready]
                    process.join()
    finally:
        for process, _ in running.values():
            process.kill()
            process.join()
    return [results[number] for number in range(len(arguments))]


def _heard(connection: Connection, process: SpawnProcess) -> Any:
    try:
        said = connection.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"a process ended with {process.exitcode}; it said why above") from None
    if isinstance(said, OSError):
        raise said
    return said


def _child(connection: Connection, job: Callable[..., Any], given: tuple[Any, ...]) -> None:
    # Ctrl-C reaches every process of the terminal: this one ends without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        connection.send(job(*given, connection.send))
    except BrokenPipeError:
        return
    except OSError as e:
        connection.send(e)

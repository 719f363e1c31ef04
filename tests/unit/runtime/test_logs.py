"""Repeats of one event are limited, and counted."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from services.runtime import logs

Lines = tuple[list[float], Callable[[], list[dict[str, object]]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """A clock to be moved, and what was said since the last look."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    clock, out = [1000.0], io.StringIO()
    monkeypatch.setattr("services.runtime.logs.time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr("sys.stderr", out)
    logs.configure("test")

    def read() -> list[dict[str, object]]:
        said = out.getvalue().splitlines()
        out.seek(0)
        out.truncate()
        return [json.loads(line) for line in said]

    yield clock, read
    root.handlers[:], root.level = handlers, level


def test_an_event_said_a_thousand_times_is_one_line_a_second_and_the_count(lines: Lines) -> None:
    clock, read = lines
    for _ in range(1000):
        logs.get("x").warning("broker_away", error="refused")
    assert [line["event"] for line in read()] == ["broker_away"]
    clock[0] += logs.REPEAT_S + 0.1
    logs.get("x").warning("broker_away", error="refused")
    (second,) = read()
    assert second["repeated"] == 999


def test_different_events_do_not_silence_each_other(lines: Lines) -> None:
    _, read = lines
    logs.get("x").info("one")
    logs.get("x").info("two", partition=3)
    logs.get("y").info("one")
    said = read()
    assert [(line["event"], line["logger"]) for line in said] == [
        ("one", "x"), ("two", "x"), ("one", "y"),
    ]  # fmt: skip
    assert said[1]["partition"] == 3
    assert said[0]["service"] == "test"


def test_lines_of_libraries_are_limited_too(lines: Lines) -> None:
    _, read = lines
    for number in range(50):
        logging.getLogger("aiokafka.conn").error("Unable to connect to %s", "node")
        del number
    assert len(read()) == 1

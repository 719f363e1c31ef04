"""How long a demo waits for its services: as long as they get on."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from schemas.topics import Topic
from services.demo import session as demo
from services.demo.children import ChildError
from services.demo.session import Outcome, Session
from services.runtime.settings_load import load


@dataclass
class Working:
    """A service that has so much input waiting, one number each time it is asked."""

    waiting: Iterator[int | None]
    name: str = "writer"

    def check(self) -> None:
        """It runs."""

    def health(self) -> dict[str, Any] | None:
        waiting = next(self.waiting)
        return None if waiting is None else {"waiting_records": waiting}


class Waiting(Session):
    """A session of a writer alone, of which only the waiting is of interest."""

    title, is_vietnamese = "", False

    def __init__(self, *waiting: int | None) -> None:
        super().__init__(load({}), Console())
        self.children.by_name["writer"] = Working(iter(waiting))  # type: ignore[assignment]

    def topics(self) -> list[Topic]:
        return []

    def play(self, gateway_url: str) -> None:
        raise AssertionError("only the waiting is of interest here")

    def finish(self) -> Outcome:
        raise AssertionError("only the waiting is of interest here")


@pytest.fixture(autouse=True)
def half_a_minute_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(range(0, 10_000, 30))
    clock = SimpleNamespace(monotonic=lambda: next(times), sleep=lambda _: None)
    monkeypatch.setattr(demo, "time", clock)


def test_it_waits_for_minutes_while_less_and_less_waits() -> None:
    Waiting(500, 400, 300, 200, 100, 50, 20, 0, 0).wait_done()


@pytest.mark.parametrize("waiting", [(500, 500, 500, 500), (500, 600, 550, 700), (None,) * 4])
def test_it_gives_up_when_nothing_became_less_in_a_minute(waiting: tuple[int | None, ...]) -> None:
    with pytest.raises(ChildError, match="input waits, no less than 60 s ago"):
        Waiting(*waiting).wait_done()

"""`eventually` waits for a fact, and says what it saw when there is none."""

import pytest

from tests.support import eventually as module
from tests.support.eventually import eventually, eventually_sync


async def test_it_returns_the_first_true_result_of_a_plain_or_an_async_function() -> None:
    results = iter([0, None, "third"])

    async def later() -> object:
        return next(results)

    assert await eventually(later, every=0) == "third"
    assert await eventually(lambda: 5) == 5
    assert eventually_sync(lambda: 5) == 5


async def test_an_assertion_means_not_yet_and_other_errors_are_errors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = [1, 2]

    def empties() -> bool:
        left.pop()
        assert not left
        return True

    assert await eventually(empties, every=0)
    with pytest.raises(IndexError):
        await eventually(empties, every=0)


async def test_past_the_deadline_it_says_what_it_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIME_FACTOR", 0.5)
    with pytest.raises(AssertionError, match=r"within 0\.05 s; last result 0"):
        await eventually(lambda: 0, seconds=0.1)
    with pytest.raises(AssertionError, match=r"within 0\.05 s; last result \[\]"):
        eventually_sync(list, seconds=0.1)

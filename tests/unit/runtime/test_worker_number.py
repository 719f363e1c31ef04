"""Two workers of one number would fence each other for ever."""

from pathlib import Path

from services.runtime.faust_worker import claim
from services.runtime.settings_load import load
from tests.support.counting import service


def test_a_workers_number_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    """The second gets nothing; another number, or the same after the first ended, is free."""
    settings = load({}, tape="t1", local_dir=tmp_path)
    first = claim(service(), settings, 1)
    assert first is not None
    assert claim(service(), settings, 1) is None
    assert claim(service(), settings, 2) is not None
    first.close()
    assert claim(service(), settings, 1) is not None

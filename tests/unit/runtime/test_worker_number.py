"""Two workers of one number would fence each other for ever."""

import socket
from pathlib import Path

import pytest

from services.commands.run import _number
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


@pytest.mark.parametrize(
    ("host", "name"),
    [("classifier-3", "3"), ("3a1c0ad483ed", "3a1c0ad483ed"), ("pod-7.vntape.svc", "pod-7")],
)
def test_where_each_worker_has_a_machine_its_name_stands_for_the_number(
    monkeypatch: pytest.MonkeyPatch, host: str, name: str
) -> None:
    """Of a stateful set what is its own; of a container its id; without the domain."""
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    assert _number("classifier", "host") == name
    assert _number("classifier", "2") == "2"

"""Processes are recognised by program and working folder, never by a remembered pid."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.stack import StackError, ensure, processes
from services.stack.processes import Process
from tests.support.eventually import eventually_sync

# A copy under a name of its own, so that no other program of the machine is meant.
NAME = "vntape-probe"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return Path(shutil.copy(shutil.which("sleep") or "", tmp_path / NAME))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    home.mkdir()
    yield home
    for process in processes.inside(home, NAME):
        os.kill(process.pid, signal.SIGKILL)


def test_a_detached_process_is_found_by_program_and_folder(program: Path, folder: Path) -> None:
    processes.start_detached([str(program), "60"], cwd=folder, log=folder.parent / "log" / "x.log")
    found = eventually_sync(lambda: processes.inside(folder, NAME))
    assert [p.words[1:] for p in found] == [("60",)]
    assert os.getsid(found[0].pid) != os.getsid(0), "Ctrl-C of our terminal must not reach it"
    assert processes.inside(folder.parent, NAME) == []
    assert processes.inside(folder, "sleep") == []


def test_a_pid_that_is_another_process_by_now_gets_no_signal(program: Path, folder: Path) -> None:
    stranger = subprocess.Popen([program, "60"], cwd=folder.parent)
    try:
        processes.send(Process(stranger.pid, ()), folder, NAME, signal.SIGKILL)
        with pytest.raises(subprocess.TimeoutExpired):
            stranger.wait(0.2)
        processes.send(Process(stranger.pid, ()), folder.parent, NAME, signal.SIGKILL)
        assert stranger.wait(5) == -signal.SIGKILL
    finally:
        stranger.kill()


def test_a_process_whose_folder_was_removed_is_still_found(program: Path, folder: Path) -> None:
    processes.start_detached([str(program), "60"], cwd=folder, log=folder.parent / "x.log")
    eventually_sync(lambda: processes.inside(folder, NAME))
    folder.rmdir()
    assert len(processes.inside(folder, NAME)) == 1


def test_a_log_past_its_limit_begins_anew_and_the_old_one_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(b"x" * 10_000_001)
    processes.start_detached(["true"], cwd=tmp_path, log=log)
    assert log.stat().st_size == 0
    assert (tmp_path / "x.log.1").stat().st_size == 10_000_001


def test_binaries_are_not_replaced_under_a_running_instance(tmp_path: Path) -> None:
    (tmp_path / "deploy/local").mkdir(parents=True)
    (tmp_path / "deploy/local/pom.xml").touch()
    home = tmp_path / ".local/other/kafka"
    home.mkdir(parents=True)
    (home.parent / "stack.json").touch()
    java = shutil.copy(shutil.which("sleep") or "", tmp_path / "java")
    process = subprocess.Popen([java, "60"], cwd=home)
    try:
        with pytest.raises(StackError, match="`VNTAPE_STACK=other vntape down` first"):
            ensure(tmp_path, "main", install=False)
    finally:
        process.kill()
        process.wait()
    assert not (tmp_path / ".local/kafka").exists()

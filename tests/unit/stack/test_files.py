"""What the stack keeps on disk: the record, the locks, the folder PostgreSQL runs in."""

import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from services import stack
from services.stack import StackError, debian_root, record
from services.stack.locks import locked
from services.stack.places import Places, silent
from tests.support.eventually import eventually_sync


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "deploy/local").mkdir(parents=True)
    (tmp_path / "deploy/local/pom.xml").touch()
    return Places(tmp_path, "main")


def test_ports_and_password_are_chosen_once_and_remembered(places: Places) -> None:
    first = record.load_or_make(places, None, None)
    assert record.load_or_make(places, 0, None) == first == record.load(places)
    assert stack.addresses(places.root, "main") == first.addresses()


def test_a_fixed_port_replaces_the_remembered_one_and_stays(places: Places) -> None:
    first = record.load_or_make(places, None, None)
    second = record.load_or_make(places, 21212, None)
    assert (second.kafka_port, second.database_port) == (21212, first.database_port)
    assert record.load_or_make(places, None, None) == second


def test_both_on_one_port_is_refused(places: Places) -> None:
    with pytest.raises(StackError, match="cannot share port 21212"):
        record.load_or_make(places, 21212, 21212)


def test_instances_of_a_clone_differ_in_ports_and_passwords(places: Places) -> None:
    one = record.load_or_make(places, None, None)
    other = record.load_or_make(Places(places.root, "other"), None, None)
    numbers = {one.kafka_port, one.database_port, other.kafka_port, other.database_port}
    assert len(numbers) == 4
    assert one.database_password != other.database_password
    assert stack.instances(places.root) == ["main", "other"]


def test_only_the_owner_reads_the_record_and_repr_hides_the_password(places: Places) -> None:
    made = record.load_or_make(places, None, None)
    assert stat.S_IMODE(places.record.stat().st_mode) == 0o600
    assert made.database_password in made.addresses().database
    assert made.database_password not in f"{made!r} {made.addresses()!r}"


@pytest.mark.parametrize("text", ["", "[]", '{"kafka_port": 1}', "{"])
def test_a_damaged_record_says_which_file_and_what_to_do(places: Places, text: str) -> None:
    places.folder.mkdir(parents=True)
    places.record.write_text(text)
    with pytest.raises(StackError, match=r"stack\.json is damaged .* down --wipe"):
        record.load(places)


@pytest.mark.parametrize("name", ["", "Main", "../x", "a/b", "kafka", "postgres", "1a", "a" * 42])
def test_a_name_that_would_leave_or_share_the_folder_is_refused(places: Places, name: str) -> None:
    with pytest.raises(StackError, match="cannot be named"):
        Places(places.root, name)


def test_a_folder_that_is_no_clone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="runs from a clone"):
        stack.addresses(tmp_path, "main")


def test_the_second_waits_for_the_lock_and_says_so(tmp_path: Path) -> None:
    order: list[str] = []
    told = threading.Event()

    def second() -> None:
        with locked(tmp_path / "x.lock", "x", lambda _: told.set()):
            order.append("second")

    with locked(tmp_path / "x.lock", "x", silent):
        thread = threading.Thread(target=second)
        thread.start()
        assert told.wait(5)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_a_lock_on_a_removed_file_locks_nobody_out_and_nobody_in(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    told = threading.Event()
    entered = threading.Event()

    def waiter() -> None:
        with locked(path, "x", lambda _: told.set()):
            assert path.exists()
            entered.set()

    with locked(path, "x", silent):
        thread = threading.Thread(target=waiter)
        thread.start()
        assert told.wait(5)
        path.unlink()
    assert entered.wait(5)
    thread.join(5)


def _tree(root: Path, mark: str, instances: list[str]) -> None:
    (root / "var/lib/pg").mkdir(parents=True)
    (root / "etc").mkdir()
    (root / "etc/vntape-recipe").write_text(mark)
    for name in instances:
        (root / "var/lib/pg" / name).mkdir()


@pytest.mark.parametrize(
    ("root", "old"),
    [
        pytest.param(["main"], None, id="no exchange"),
        pytest.param(None, ["main"], id="killed between the two renames"),
        pytest.param([], ["main"], id="killed before the data moved"),
        pytest.param(["main"], [], id="killed before the old folder was removed"),
    ],
)
def test_an_interrupted_exchange_of_folders_keeps_the_data(
    places: Places, root: list[str] | None, old: list[str] | None
) -> None:
    for name, instances in (("root", root), ("root.old", old)):
        if instances is not None:
            _tree(places.postgres_binaries / name, debian_root._RECIPE, instances)
    debian_root.build(places, silent)
    assert places.postgres_data.is_dir()
    assert [p.name for p in places.postgres_binaries.iterdir()] == ["root"]


def test_the_helper_of_a_killed_process_keeps_its_lock_until_it_ends(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from services.stack import tools; from services.stack.locks import locked\n"
        "here = Path(sys.argv[1])\n"
        "write = ['sh', '-c', 'touch begun; sleep 0.7; touch ended']\n"
        "with locked(here / 'x.lock', 'x', print): tools.run_short(write, cwd=here, what='x')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    assert eventually_sync((tmp_path / "begun").exists)
    process.kill()
    process.wait()
    with locked(tmp_path / "x.lock", "x", silent):
        assert (tmp_path / "ended").exists()

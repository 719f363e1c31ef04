"""The same plan is the same day, however it is run; another seed is another one."""

import hashlib
import json
from collections import defaultdict
from pathlib import Path

import pytest

from services.simulator import recording
from services.simulator.core.exchange import Exchange, LastMessages
from services.simulator.core.message import Message
from services.simulator.core.plan import Plan
from tests.unit.simulator.exchange_day import lines, plan, recorded, truth_trades

EVERY = frozenset({"F", "X-TRADE", "X-QUOTE", "X", "R", "MI", "B", "OL", "L", "S", "S-ALL"})


def small(**over: object) -> Plan:
    return plan(scale=0.003, which="46", **over)  # type: ignore[arg-type]


def content(folder: Path) -> dict[str, str]:
    """File -> digest of its bytes."""
    files = sorted(folder.iterdir())
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def messages(plan: Plan) -> list[Message]:
    return [message for slot in Exchange(plan).slots() for message in slot]


def test_a_day_made_by_processes_is_the_same_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(small(), tmp_path / "one")
    monkeypatch.setattr(recording, "LARGE", 0)
    recorded(small(), tmp_path / "processes")
    assert content(tmp_path / "one") == content(tmp_path / "processes")


def test_the_content_of_a_seed_is_pinned(tmp_path: Path) -> None:
    """It changes only when the market itself is changed, and then this digest with it."""
    recorded(small(), tmp_path)
    digest = hashlib.sha256()
    for ns, feed, message in lines(tmp_path):
        digest.update(b"%d %s %s\n" % (ns, feed.encode(), message))
    assert digest.hexdigest()[:16] == "c82578c26b0c9fff"


def test_another_seed_is_another_day(tmp_path: Path) -> None:
    recorded(small(seed=7), tmp_path / "7")
    recorded(small(seed=8), tmp_path / "8")
    assert lines(tmp_path / "7") != lines(tmp_path / "8")


def test_a_new_recording_replaces_the_old_one_whole(tmp_path: Path) -> None:
    recorded(small(channels=EVERY), tmp_path / "again")
    recorded(small(), tmp_path / "again")
    recorded(small(), tmp_path / "fresh")
    assert content(tmp_path / "again") == content(tmp_path / "fresh")


def test_the_exchange_in_one_process_sends_what_a_recording_holds(tmp_path: Path) -> None:
    wanted = small(overtaking=0.05, channels=EVERY)
    recorded(wanted, tmp_path)
    sent = messages(wanted)
    midnight = wanted.day.midnight_ns
    assert [(m.arrival + midnight, m.text.encode()) for m in sent] == [
        (ns, message) for ns, _, message in lines(tmp_path)
    ]
    assert {m.channel for m in sent} == EVERY - {"S-ALL"}


def test_which_channels_are_written_changes_nothing_in_the_others() -> None:
    everything = messages(small(overtaking=0.05, channels=EVERY))
    few = frozenset({"X-TRADE", "R"})
    assert [m for m in everything if m.channel in few] == messages(
        small(overtaking=0.05, channels=few)
    )


@pytest.mark.parametrize("overtaking", [0.0, 0.2])
def test_quotes_come_after_their_prints_unless_they_overtake(
    tmp_path: Path, overtaking: float
) -> None:
    """The truth says how many quotes stood before a print; on the wire more may have come."""
    recorded(small(overtaking=overtaking, channels=frozenset({"X-TRADE", "X-QUOTE"})), tmp_path)
    true = defaultdict(list)
    for row in truth_trades(tmp_path):
        if row["total_volume"] is not None:
            true[row["symbol"]].append(row)
    quotes: dict[str, int] = defaultdict(int)
    prints: dict[str, int] = defaultdict(int)
    told = overtaken = 0
    for _, _, message in lines(tmp_path):
        found = json.loads(json.loads(message)["Content"])
        symbol = found["Symbol"]
        if found["RType"] == "X-QUOTE":
            quotes[symbol] += 1
        elif found["TradingDate"] == "20/11/2026" and not found["EstMatchedPrice"]:
            row = true[symbol][prints[symbol]]
            prints[symbol] += 1
            told += 1
            overtaken += quotes[symbol] > row["quotes_before"]
    assert told == sum(map(len, true.values())) > 500
    if overtaking:
        assert overtaking / 2 < overtaken / told < overtaking * 2
    else:
        assert overtaken == 0


def test_the_last_message_of_each_channel_and_symbol_is_kept() -> None:
    last = LastMessages()
    for text in ("old", "new"):
        last.note(Message(1, "R", "HPG", text))
        last.note(Message(1, "R", "VCB", f"{text} of VCB"))
    last.note(Message(1, "X-TRADE", "HPG", "a trade"))
    assert last.of("R", "HPG") == ["new"]
    assert last.of("R") == ["new", "new of VCB"]
    assert last.of("R", "SSI") == last.of("MI") == []

"""The files beside the truth."""

from pathlib import Path

from services.simulator.core.message import Message
from services.simulator.serve.distortion import Effect
from services.simulator.serve.sent_log import SentLog
from tests.support.exchange import events, sent


def test_what_was_sent_and_touched_is_on_disk_and_an_earlier_day_is_not(tmp_path: Path) -> None:
    for name in ("truth-day.json", "truth-trades.parquet", "sent-009-ssi_v2.zst", "mine.txt"):
        (tmp_path / name).write_text("of an earlier run")
    log = SentLog(tmp_path)
    file = log.sent(1, "ssi_v2")
    assert file is not None
    file.write(["first", "second"])
    file.write(["third"])
    file.close()
    log.connection(1, "ssi_v2", "begun")
    log.effect(4, Effect("dropped", Message(0, "R", "VCB", "a message")))
    log.close()
    assert sent(tmp_path, 1, "ssi_v2") == ["first", "second", "third"]
    assert events(tmp_path, "connections")[0]["what"] == "begun"
    told = events(tmp_path, "faults")[0]
    assert (told["fault"], told["what"], told["text"]) == (4, "dropped", "a message")
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "connections.jsonl", "faults.jsonl", "mine.txt", "sent-001-ssi_v2.zst"
    ]  # fmt: skip
    assert SentLog(None).sent(1, "ssi_v2") is None

"""The file of channels, and the secrets that it needs."""

from pathlib import Path

import pytest

from services.delivery import channels_file
from services.delivery.app import withheld
from services.delivery.senders import sender
from services.runtime import yaml_file
from services.runtime.settings import SettingsError
from services.runtime.settings_load import load
from tests.support.stack import ROOT

HOOK = "channels: [{name: desk, kind: webhook, url: 'http://127.0.0.1:1/'}]"
ROOM = "channels: [{name: room, kind: telegram, chat_id: '1'}]"


def read(text: str) -> channels_file.ChannelsFile:
    return yaml_file.parse(text, channels_file.ChannelsFile, "delivery.yaml")


def test_the_file_that_comes_with_the_project_tells_the_console() -> None:
    (channel,) = channels_file.read(ROOT / "deploy" / "delivery.yaml").channels
    assert channel.kind == "console"


FAULTS = {
    "channels: [{name: a, kind: sms}]": "does not match any of the expected tags",
    "channels: [{name: a, kind: webhook}]": "delivery.yaml:1: channels[0].url: Field required",
    "channels: [{name: a, kind: console}, {name: a, kind: console}]": "two channels have the name",
    "{max_age_s: 90000, keep_days: 1, channels: []}": "max_age_s must not be beyond keep_days",
    "channels:\n  - name: a\n    kind: console\n    per_minute: 0": "delivery.yaml:4: channels[0]",
}


@pytest.mark.parametrize(("text", "said"), FAULTS.items(), ids=range(len(FAULTS)))
def test_a_fault_is_named_by_line_and_field(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as e:
        read(text)
    assert said in str(e.value)


@pytest.mark.parametrize(
    ("text", "name"), [(HOOK, "VNTAPE_WEBHOOK_SECRET"), (ROOM, "VNTAPE_TELEGRAM_TOKEN")]
)
def test_a_channel_without_its_secret_is_a_sentence(text: str, name: str) -> None:
    with pytest.raises(SettingsError, match=f"has no secret: set {name}"):
        sender(read(text).channels[0], load({}))


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    text = HOOK.replace("}]", f", secret_file: {tmp_path / 'key'}}}]")
    sender(read(text).channels[0], load({}))
    (tmp_path / "key").unlink()
    with pytest.raises(SettingsError, match="channel desk: cannot read its secret"):
        sender(read(text).channels[0], load({}))


def test_only_the_tape_that_is_delivered_is_and_no_dry_run() -> None:
    live, demo = load({}), load({"VNTAPE_TAPE": "demo"})
    assert withheld(live, dry_run=False) is None
    assert withheld(live, dry_run=True) == "dry run"
    assert withheld(demo, dry_run=False) == "tape demo is not VNTAPE_DELIVERY_TAPE (live)"
    asked = load({"VNTAPE_TAPE": "demo", "VNTAPE_DELIVERY_TAPE": "demo"})
    assert withheld(asked, dry_run=False) is None

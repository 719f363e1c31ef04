"""The example messages of `schemas/examples`, one a file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

import schemas
from schemas.topic import Topic
from schemas.topics import BY_NAME, TOPICS

FOLDER = Path(schemas.__file__).parent / "examples"


@dataclass(frozen=True)
class Example:
    """One file; `text` is its content without the last newline."""

    topic: Topic
    folder: str
    name: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.folder}/{self.name}"

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def line(self) -> bytes:
        """As a record or a line of a frame has it: without line breaks."""
        return json.dumps(self.json, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def message(self) -> Any:
        """Decoded with the topic's type."""
        return msgspec.json.decode(self.text, type=self.topic.value)


def folders() -> list[str]:
    """Names of all folders there are."""
    return sorted(p.name for p in FOLDER.iterdir() if p.is_dir())


def expected_folders() -> set[str]:
    """Which there must be: one a topic, or one a type where a topic has many of its own."""
    wanted = set()
    for topic in TOPICS:
        if topic.name in ("market", "control"):
            wanted |= {f"{topic.name}.{tag}" for tag in tags(topic)}
        elif topic.codec != "snapshot":
            wanted.add(topic.name)
    return wanted


def types(topic: Topic) -> tuple[type[msgspec.Struct], ...]:
    """The message types of a topic; none where the value is opaque."""
    if topic.value is None:
        return ()
    return getattr(topic.value, "__args__", (topic.value,))


def tags(topic: Topic) -> dict[str, type[msgspec.Struct]]:
    """What the `type` field says -> the type."""
    return {str(t.__struct_config__.tag): t for t in types(topic)}


def examples(*topics: str) -> list[Example]:
    """All examples, or those of some topics, in the order of their names."""
    return [e for e in _all() if not topics or e.topic.name in topics]


def _all() -> Iterator[Example]:
    for folder in folders():
        topic = BY_NAME[folder.partition(".")[0]]
        # A frame that is no JSON is a .txt.
        for path in sorted([*(FOLDER / folder).glob("*.json"), *(FOLDER / folder).glob("*.txt")]):
            yield Example(topic, folder, path.stem, path.read_text().removesuffix("\n"))

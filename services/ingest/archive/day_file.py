"""
One venue's day as a file that only grows: Zstandard frames of lines, and a manifest beside it.

Safe under kill -9: a frame counts when the state file says so, and the state file is replaced
whole. What stands behind it is cut at the next start.
"""

import hashlib
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from services.ingest.archive.line import BadArchive

LEVEL = 9
_UTC_PLUS_7 = timedelta(hours=7)


class Manifest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """
    What a file holds.

    Attributes:
        day: the venue's local date (VN: UTC+7; others UTC) of `seq`.
        bytes, sha256: of the compressed file.
        topics: raw topic -> its records.
        complete: the day is over; else a later run may add to it.
        holes: records that Kafka had deleted before they were recorded: a sentence each.
    """

    kind: str = "vntape archive 1"
    tape: str
    venue: str
    day: str
    file: str
    records: int = 0
    first_seq: int | None = None
    last_seq: int | None = None
    bytes: int = 0
    sha256: str = ""
    topics: dict[str, int] = {}
    complete: bool = False
    holes: list[str] = []


class State(msgspec.Struct, kw_only=True):
    """Where a recorder stands: the open day, and topic -> partition -> next offset."""

    manifest: Manifest
    offsets: dict[str, dict[int, int]] = {}


def day_of(venue: str, seq: int) -> date:
    """The local date of a receive time."""
    moment = datetime.fromtimestamp(seq / 1e6, UTC)
    return (moment + _UTC_PLUS_7 if venue == "VN" else moment).date()


class DayFiles:
    """
    The files of one venue in a folder.

    Raises:
        BadArchive: the folder's state is of another tape, or is damaged.
    """

    def __init__(self, folder: Path, tape: str, venue: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._tape, self._venue = folder, tape, venue
        self._state_path = folder / f".{venue}.state.json"
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self.state: State | None = None
        if self._state_path.exists():
            self.state = self._recovered()

    def _recovered(self) -> State:
        try:
            state = msgspec.json.decode(self._state_path.read_bytes(), type=State)
        except msgspec.DecodeError as e:
            raise BadArchive(
                f"{self._state_path} is damaged ({e}): record into a new folder"
            ) from e
        if state.manifest.tape != self._tape:
            raise BadArchive(
                f"{self._folder} holds tape {state.manifest.tape}: record {self._tape} elsewhere"
            )
        path = self._folder / state.manifest.file
        size = path.stat().st_size if path.exists() else -1
        if size < state.manifest.bytes:
            raise BadArchive(
                f"{path} has {max(size, 0)} bytes, {state.manifest.bytes} were recorded: "
                "it was cut or removed; record into a new folder"
            )
        os.truncate(path, state.manifest.bytes)
        return state

    def append(
        self, day: date, lines: list[tuple[int, str, bytes]], offsets: dict[str, dict[int, int]]
    ) -> None:
        """
        Add (seq, topic, line)s of one day, and stand at `offsets` afterwards: all or nothing.

        A later day than the open one closes that first.
        """
        if self.state is not None and self.state.manifest.day != day.isoformat():
            self.close(complete=True)
            self.state = None
        if self.state is None:
            name = f"{self._venue}-{day}.jsonl.zst"
            manifest = Manifest(tape=self._tape, venue=self._venue, day=day.isoformat(), file=name)
            (self._folder / name).write_bytes(b"")
            self.state = State(manifest=manifest)
        manifest = self.state.manifest
        frame = self._compressor.compress(b"".join(line for _, _, line in lines))
        with (self._folder / manifest.file).open("ab") as file:
            file.write(frame)
            file.flush()
            os.fsync(file.fileno())
        manifest.bytes += len(frame)
        manifest.records += len(lines)
        for _, topic, _ in lines:
            manifest.topics[topic] = manifest.topics.get(topic, 0) + 1
        if lines:
            if manifest.first_seq is None:
                manifest.first_seq = lines[0][0]
            manifest.last_seq = lines[-1][0]
        self.state.offsets = offsets
        _replace(self._state_path, self.state)

    def hole(self, sentence: str) -> None:
        """Say in the manifest of the open day that records are missing."""
        if self.state is not None:
            self.state.manifest.holes.append(sentence)

    def close(self, *, complete: bool) -> None:
        """Write the manifest of the open day."""
        if self.state is None:
            return
        manifest = self.state.manifest
        with (self._folder / manifest.file).open("rb") as file:
            manifest.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        manifest.complete = complete
        _replace(self._folder / f"{self._venue}-{manifest.day}.json", manifest)


def read_manifest(path: Path) -> Manifest:
    """
    The manifest of a recorded day, its file proven to be the one that was recorded.

    Raises:
        BadArchive: it is none, or the file is missing or another one.
    """
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (msgspec.DecodeError, OSError) as e:
        raise BadArchive(f"{path} is no manifest of an archive: {e}") from e
    file = path.parent / manifest.file
    try:
        with file.open("rb") as data:
            found = hashlib.file_digest(data, "sha256").hexdigest()
    except OSError as e:
        raise BadArchive(f"{file} cannot be read: {e.strerror}") from e
    if found != manifest.sha256:
        raise BadArchive(
            f"{file} is not what {path.name} describes (sha256 {found[:12]}…, recorded was "
            f"{manifest.sha256[:12]}…): a recorder may still be writing it, or it is damaged"
        )
    return manifest


def _replace(path: Path, content: Any) -> None:
    draft = path.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

"""A recording that a demo plays: what its manifest says, and what runs for it."""

import json
import re
from pathlib import Path
from typing import Any

from schemas.topic import Topic
from services.ingest.core.manifest import BadManifest, Manifest
from services.ingest.core.registry import FEEDS
from services.report.independent.counting import FEEDS as COUNTED
from services.runtime import topics_admin

COMPUTING = ("classifier", "board")
"""Services on the pump of every demo, one worker each."""
AROUND = ("writer", "gateway")


class Played:
    """A manifest, read for what a demo needs of it."""

    def __init__(self, manifest: Path) -> None:
        """
        Raises:
            RuntimeError: it is no manifest, or one of a feed whose files the independent count
                cannot read.
        """
        self.manifest = manifest
        try:
            text = manifest.read_bytes()
            Manifest.parse(text)
        except (BadManifest, OSError) as e:
            raise RuntimeError(f"{manifest}: {e}") from e
        self._said: dict[str, Any] = json.loads(text)
        self.feeds = sorted({entry["feed"] for entry in self._said["files"]})
        if unread := [feed for feed in self.feeds if feed not in COUNTED]:
            raise RuntimeError(
                f"{manifest.name} is of {', '.join(unread)}: the demo reconciles recordings of "
                f"{', '.join(sorted(COUNTED))}; `vntape run ingest --recording` plays any"
            )

    @property
    def title(self) -> str:
        """What it is, for people."""
        return str(self._said["title"])

    @property
    def slug(self) -> str:
        """Its name as a part of a tape's."""
        return re.sub(r"[^a-z0-9]", "", self._said["name"].lower())

    @property
    def is_vietnamese(self) -> bool:
        """Whether a price board can be made of it."""
        return any(entry["venue"] == "VN" for entry in self._said["files"])

    @property
    def symbols(self) -> list[str]:
        """The instruments that the manifest describes."""
        return [instrument["symbol"] for instrument in self._said["reference"]["instruments"]]

    def topics(self) -> list[Topic]:
        """What its tape needs for the services of a demo and the feeds of its files."""
        raw = {name for feed in self.feeds for name in FEEDS[feed].topics}
        return topics_admin.needed(("ingest", *COMPUTING, *AROUND), raw)

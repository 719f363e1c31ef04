"""What can be wrong with the processes of a tape."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.commands._doctor_machine import Finding
from services.runtime.settings import Settings

HEALTH_S = 2.0


def services(settings: Settings) -> Iterator[Finding]:
    """Processes of the tape that announced themselves on this machine."""
    folder = settings.local_dir / settings.stack / "sd"
    for path in sorted(folder.glob(f"{settings.tape}-*.json")):
        yield _process(path, settings)


def _process(path: Path, settings: Settings) -> Finding:
    name = path.stem.removeprefix(f"{settings.tape}-")
    try:
        (target,) = json.loads(path.read_text())[0]["targets"]
        said = _health(f"http://{target}/health")
    except (OSError, ValueError, KeyError, IndexError):
        todo = "docs/runbooks/service-gone.md"
        return Finding("warn", name, "does not answer; it did not end well", todo)
    state = str(said["state"])
    problems = "; ".join(map(str, said.get("problems", {}).values()))
    if state == "stalled":
        return Finding("fail", name, f"stalled: {problems}", "docs/runbooks/worker-stalled.md")
    if state in ("degraded", "starting"):
        return Finding("warn", name, f"{state}: {problems}", "its log says more (`vntape logs`)")
    return Finding("ok", name, state)


def _health(url: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(url, timeout=HEALTH_S) as reply:  # noqa: S310
            found: dict[str, Any] = json.load(reply)
    except urllib.error.HTTPError as e:
        found = json.load(e)
    return found

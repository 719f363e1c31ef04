"""The services of a demo, each a process of its own, as an operator would start them."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.runtime.exits import EXIT_REFUSE
from services.runtime.orphans import with_parent
from services.runtime.process import address_file
from services.runtime.settings import Settings

STOP_S = 15.0


class ChildError(RuntimeError):
    """A service of the demo ended or never became ready; the text shows the end of its log."""


@dataclass(slots=True)
class Child:
    """One process; `again` starts it once more as it was."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    address: Path
    again: Callable[[], "Child"]

    def health(self) -> dict[str, Any] | None:
        """What its `/health` says; None while it does not answer."""
        try:
            said = json.loads(self.address.read_text())
            with urllib.request.urlopen(f"{said['http']}/health", timeout=2) as reply:  # noqa: S310
                found: dict[str, Any] = json.load(reply)
                return found
        except urllib.error.HTTPError as e:
            with contextlib.suppress(ValueError):
                degraded: dict[str, Any] = json.load(e)
                return degraded
            return None
        except (OSError, ValueError):
            return None

    def tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])

    def check(self) -> None:
        """
        Raises:
            ChildError: when it has ended, other than with 0.
        """
        if self.process.poll():
            raise ChildError(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")


class Children:
    """Starts them, waits for them, and never leaves one behind."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.by_name: dict[str, Child] = {}

    def start(self, name: str, *arguments: str, **environment: str) -> Child:
        """Start `vntape run NAME` on the settings' tape; its output goes to a log file."""
        return self._start(name, ("run", name, *arguments), environment)

    def start_other(self, name: str, *words: str) -> Child:
        """Start `vntape WORDS`; its log is a new one."""
        return self._start(name, words, {}, mode="wb")

    def mend(self, *but: str) -> list[str]:
        """
        Start again who was killed, as a supervisor does; what happened, a sentence each.

        Who ended well or refuses stays as he is, and who is named in `but`.
        """
        dead = [
            child
            for name, child in self.by_name.items()
            if name not in but and child.process.poll() not in (None, 0, EXIT_REFUSE)
        ]
        for child in dead:
            child.again()
        return [
            f"{child.name} ended with {child.process.returncode}; started again" for child in dead
        ]

    def _start(
        self, name: str, words: Sequence[str], more: Mapping[str, str], mode: str = "ab"
    ) -> Child:
        settings = self._settings
        log = settings.local_dir / settings.stack / "logs" / f"{settings.tape}-{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        address = address_file(settings, f"{name}-1")
        address.unlink(missing_ok=True)
        environment = os.environ | {
            "VNTAPE_KAFKA": settings.kafka or "",
            "VNTAPE_LOCAL_DIR": str(settings.local_dir),
            "VNTAPE_STACK": settings.stack,
            "VNTAPE_TAPE": settings.tape,
        }
        if settings.database_url is not None:
            environment["VNTAPE_DATABASE_URL"] = settings.database_url.get_secret_value()
        with log.open(mode) as output:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "services.cli", *words],
                env=environment | dict(more),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is the demo's to handle, in its own order
                preexec_fn=with_parent(),
            )

        def again() -> Child:
            return self._start(name, words, more)

        child = self.by_name[name] = Child(name, process, log, address, again)
        return child

    def wait_ready(self, deadline_s: float = 60.0) -> None:
        """
        Until every one answers that it is ready.

        Raises:
            ChildError: one ended, or is not ready in time.
        """
        deadline = time.monotonic() + deadline_s
        waiting = dict(self.by_name)
        while waiting:
            for name, child in list(waiting.items()):
                child.check()
                health = child.health()
                if health is not None and health["state"] not in ("starting", "stalled"):
                    del waiting[name]
            if waiting and time.monotonic() > deadline:
                child = next(iter(waiting.values()))
                raise ChildError(f"{child.name} is not ready:\n{child.tail()}")
            time.sleep(0.1)

    def stop(self) -> dict[str, int]:
        """End all with SIGTERM, the last started first; name -> exit status."""
        for child in reversed(self.by_name.values()):
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + STOP_S
        for child in self.by_name.values():
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        return {name: child.process.returncode for name, child in self.by_name.items()}

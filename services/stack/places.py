"""Where the local stack keeps things, and how commands fail."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Report = Callable[[str], None]
Component = Literal["kafka", "postgres"]
COMPONENTS: tuple[Component, ...] = ("kafka", "postgres")

# Names of shared folders under .local, which an instance may not take.
_RESERVED = {"kafka", "postgres"}
_INSTANCE = re.compile(r"[a-z][a-z0-9_-]{0,40}")


def silent(_line: str) -> None:
    """A report that nobody reads."""


class StackError(Exception):
    """The local stack cannot do what was asked; the text says why and what to do."""


@dataclass(frozen=True)
class Places:
    """
    Every path of one instance.

    Binaries are shared by the instances of a clone; data, ports and logs are not.

    Raises:
        StackError: `instance` is not a usable name, or `root` is not a clone of vntape.
    """

    root: Path
    instance: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", self.root.resolve())
        if not _INSTANCE.fullmatch(self.instance) or self.instance in _RESERVED:
            raise StackError(
                f"a stack cannot be named {self.instance!r}: use a lower-case letter, then "
                f"letters, digits, - or _; not {' or '.join(sorted(_RESERVED))}"
            )
        if not (self.templates / "pom.xml").is_file():
            raise StackError(
                f"{self.root} has no deploy/local/pom.xml: the local stack runs from a clone"
            )

    @property
    def templates(self) -> Path:
        return self.root / "deploy" / "local"

    @property
    def local(self) -> Path:
        return self.root / ".local"

    @property
    def kafka_binaries(self) -> Path:
        return self.local / "kafka"

    @property
    def postgres_binaries(self) -> Path:
        return self.local / "postgres"

    @property
    def postgres_root(self) -> Path:
        """The folder that becomes / for PostgreSQL."""
        return self.postgres_binaries / "root"

    @property
    def folder(self) -> Path:
        return self.local / self.instance

    @property
    def record(self) -> Path:
        return self.folder / "stack.json"

    @property
    def kafka_home(self) -> Path:
        """Kafka's working folder; its process is recognised by it."""
        return self.folder / "kafka"

    @property
    def postgres_data(self) -> Path:
        """PostgreSQL's data and working folder; its processes are recognised by it."""
        return self.postgres_root / self.postgres_data_inside.lstrip("/")

    @property
    def postgres_data_inside(self) -> str:
        """The same folder, as PostgreSQL sees it."""
        return f"/var/lib/pg/{self.instance}"

    def home(self, component: Component) -> Path:
        return self.kafka_home if component == "kafka" else self.postgres_data

    def log(self, component: Component) -> Path:
        return self.folder / "logs" / f"{component}.log"

    def others(self) -> list[str]:
        """Names of the other instances of this clone."""
        made = self.local.glob("*/stack.json")
        return sorted(p.parent.name for p in made if p.parent.name != self.instance)

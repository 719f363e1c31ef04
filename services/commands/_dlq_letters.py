"""Dead letters as they stand in their topic."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.topic import Topic
from schemas.topics import BY_NAME, DEAD_LETTERS
from services.runtime import kafka
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Letter:
    """
    One message that a service refused.

    Attributes:
        number: its offset in the topic, by which people call it.
        origin: where it stood, as the service says: topic, partition, offset, index, venue.
    """

    number: int
    at: datetime
    service: str
    reason: str
    key: str
    origin: Mapping[str, str]
    value: bytes

    @property
    def code(self) -> str:
        """The kind of reason, before its colon."""
        return self.reason.partition(":")[0]

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """A service that crashed may have said it twice: the same letter."""
        return self.service, self.origin.get("venue", ""), self.key, self.reason

    def topic_on(self, tape: str) -> Topic | None:
        """The topic that it stood in; None where it says none of ours."""
        name = self.origin.get("topic", "")
        return BY_NAME.get(name.removeprefix(f"{tape}."))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters; None: whatever it is."""

    service: str | None = None
    reason: str | None = None
    numbers: frozenset[int] = frozenset()

    def has(self, letter: Letter) -> bool:
        """Whether it is one of them; a reason is meant by how it begins."""
        return (
            self.service in (None, letter.service)
            and letter.reason.startswith(self.reason or "")
            and (not self.numbers or letter.number in self.numbers)
        )


async def read(settings: Settings, wanted: Wanted, done: Iterable[int]) -> list[Letter]:
    """Those wanted that nobody has dealt with (`done`), each once, oldest first."""
    dealt_with, seen = set(done), set[tuple[str, str, str, str]]()
    letters = []
    async for record in kafka.read_all(str(settings.kafka), DEAD_LETTERS.on(settings.tape)):
        letter = _letter(record)
        if letter.number in dealt_with or letter.identity in seen or not wanted.has(letter):
            continue
        seen.add(letter.identity)
        letters.append(letter)
    return letters


def _letter(record: kafka.Record) -> Letter:
    said = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    return Letter(
        record.offset,
        datetime.fromtimestamp(record.timestamp / 1000, UTC).astimezone(),
        said.pop("service", "?"),
        said.pop("reason", "?"),
        (record.key or b"").decode(errors="replace"),
        said,
        record.value or b"",
    )

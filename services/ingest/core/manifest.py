"""
What a recording consists of: its files, their licence, and the reference data of its day.

People write manifests, so pydantic checks them; every refusal names the field.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from schemas.base import BROADCAST, Phase, Venue
from schemas.control import Reference
from schemas.keys import venue_of
from schemas.market import Instrument, InstrumentKind, Status

_NS_LINE = re.compile(rb"(\d{18,19}) (.+)", re.DOTALL)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_SPACING_US = 31 * 86_400 * 10**6
"""As far apart as receive times of a file that has its own may be."""
_NOWHERE = 0
"""seq and ts_ms of reference data: ingest gives them when it enters the tape."""


class BadLine(ValueError):
    """A recorded line that cannot be taken apart; the text says why."""


class BadManifest(ValueError):
    """A manifest that is not one; the text names each wrong field."""


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Spaced(NamedTuple):
    """Receive times of a capture without any: of the first line, and between lines, in ns."""

    start_ns: int
    spacing_ns: int

    def ns_of(self, number: int) -> int:
        """Of line `number`, from 1."""
        return self.start_ns + (number - 1) * self.spacing_ns


class RecordedFile(_Written):
    """
    One file, gzip or plain; `path` is relative to the manifest.

    `ns_line`: lines `<receive time, ns since the epoch> <the vendor's message>`.
    `bare_line`: the vendor's messages alone; `start` (ISO, with its offset from UTC) is when
    the first line was received, and each line came `spacing_us` after the one before it.
    """

    path: str = Field(min_length=1)
    feed: str = Field(min_length=1)
    venue: Venue
    format: Literal["ns_line", "bare_line"]
    start: AwareDatetime | None = None
    spacing_us: int | None = Field(default=None, ge=0, le=MAX_SPACING_US)

    @field_validator("start")
    @classmethod
    def _is_after_1970(cls, start: datetime | None) -> datetime | None:
        # A seq is µs since the epoch, and below 0 nothing counts as new.
        if start is not None and start <= _EPOCH:
            raise ValueError("must be after 1970-01-01T00:00:00Z")
        return start

    @model_validator(mode="after")
    def _has_times(self) -> "RecordedFile":
        given = (self.start is not None, self.spacing_us is not None)
        if self.format == "bare_line" and not all(given):
            raise ValueError("a bare_line file needs start and spacing_us")
        if self.format == "ns_line" and any(given):
            raise ValueError("an ns_line file has its own times: no start, no spacing_us")
        return self

    def spaced(self) -> Spaced | None:
        """The times of a file that has none; None for one that has."""
        if self.start is None or self.spacing_us is None:
            return None
        since = self.start - _EPOCH
        return Spaced(since // timedelta(microseconds=1) * 1000, self.spacing_us * 1000)


class InstrumentEntry(_Written):
    """
    `Instrument` as written by hand; `unverified` names fields that no source confirms.

    `reference`, `ceiling` and `floor` are of the recording's first day, in the quote unit.
    """

    symbol: str = Field(min_length=1)
    exchange: str
    kind: InstrumentKind
    name_en: str | None = None
    underlying: str | None = None
    multiplier: float = Field(default=1.0, gt=0)
    inverse: bool = False
    lot: float = Field(gt=0)
    price_steps: list[tuple[float, float]] = []
    reference: float | None = Field(default=None, gt=0)
    ceiling: float | None = Field(default=None, gt=0)
    floor: float | None = Field(default=None, gt=0)
    source: str
    unverified: list[str] = []

    def message(self) -> Instrument:
        """As it enters the tape."""
        fields = self.model_dump(exclude={"source", "unverified", "lot"})
        lot = int(self.lot) if self.lot.is_integer() else self.lot
        return Instrument(
            **fields, lot=lot, venue=venue_of(self.symbol), feed="", seq=_NOWHERE, ts_ms=_NOWHERE
        )


class StatusEntry(_Written):
    """The phase that a venue is in when the recording begins; `symbol` "*" is all of it."""

    symbol: str = BROADCAST
    venue: Venue
    exchange: str
    phase: Phase

    def message(self) -> Status:
        """As it enters the tape."""
        return Status(**self.model_dump(), feed="", seq=_NOWHERE, ts_ms=_NOWHERE)


class ReferenceData(_Written):
    """The image of instruments and phases with which each venue's tape begins."""

    source: str
    instruments: list[InstrumentEntry]
    statuses: list[StatusEntry]


class Manifest(_Written):
    """A recording: files to be merged by receive time, and their reference data."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    licence: str = Field(min_length=1)
    source: str = Field(min_length=1)
    files: list[RecordedFile] = Field(min_length=1)
    reference: ReferenceData

    @model_validator(mode="after")
    def _is_of_its_venues(self) -> "Manifest":
        venues = {file.venue for file in self.files}
        for entry in self.reference.instruments:
            if venue_of(entry.symbol) not in venues:
                raise ValueError(f"instrument {entry.symbol} is of a venue without a file")
        for status in self.reference.statuses:
            if status.venue not in venues:
                raise ValueError(f"a status is of venue {status.venue}, which has no file")
        paths = [file.path for file in self.files]
        if len(set(paths)) != len(paths):
            raise ValueError("a file stands twice in the manifest")
        return self

    @classmethod
    def parse(cls, text: bytes | str) -> "Manifest":
        """
        The manifest in `text` (JSON).

        Raises:
            BadManifest: naming each wrong field.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as e:
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc'])) or 'manifest'}: {fault['msg']}"
                for fault in e.errors()
            )
            raise BadManifest(f"not a manifest of a recording: {faults}") from e

    def venues(self) -> list[Venue]:
        """The venues of the files, each once, in their order."""
        return list(dict.fromkeys(file.venue for file in self.files))

    def references(self) -> dict[str, bytes]:
        """Venue -> JSON of the `reference` control record that begins its tape."""
        return {venue: msgspec.json.encode(self._reference(venue)) for venue in self.venues()}

    def _reference(self, venue: Venue) -> Reference:
        entries = [e for e in self.reference.instruments if venue_of(e.symbol) == venue]
        statuses = [s for s in self.reference.statuses if s.venue == venue]
        return Reference(
            venue=venue,
            source=self.reference.source,
            instruments=[entry.message() for entry in entries],
            statuses=[status.message() for status in statuses],
        )


def line(format_: Literal["ns_line"], recorded: bytes) -> tuple[int, bytes]:
    """
    Receive time (µs since the epoch) and the vendor's message, exactly, of one recorded line.

    The end of the line is no part of the message. 18 and 19 digits of ns are 1973 to 2286.

    Raises:
        BadLine: when the line is damaged.
    """
    if format_ != "ns_line":
        raise BadLine(f"unknown format {format_!r}; known: ns_line")
    found = _NS_LINE.fullmatch(recorded.rstrip(b"\r\n"))
    if found is None:
        raise BadLine("must be '<receive time, 18 or 19 digits of ns> <message>'")
    return int(found[1]) // 1000, found[2]

"""The feed that `vntape run ingest` was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from services.ingest import reference
from services.ingest.core.manifest import BadManifest, Manifest
from services.ingest.core.registry import FEEDS
from services.ingest.core.vn import sources
from services.ingest.core.vn.holidays import Calendar
from services.ingest.core.vn.image import VENUE
from services.ingest.core.vn.reference_data import ReferenceData
from services.ingest.core.vn.reference_files import BadReferenceData
from services.ingest.core.vn.schedule import local
from services.ingest.feeds import chosen
from services.ingest.feeds.archive import Archive
from services.ingest.feeds.base import Feed, FeedError
from services.ingest.feeds.chosen import Chosen
from services.ingest.feeds.daily import Daily
from services.ingest.feeds.lines_socket import LinesSocket, Listen
from services.ingest.feeds.live.line import Errand
from services.ingest.feeds.live.lines_of import errands_of, lines_of
from services.ingest.feeds.live.source import LiveSource
from services.ingest.feeds.recording import RecordedFile, Recording
from services.ingest.spool import Spool
from services.ingest.spool_feed import Source, SpooledFeed, image_of
from services.ingest.spool_folders import folder_of
from services.runtime.receive_clock import receive_clock
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    What `vntape run ingest` was asked to do.

    Attributes:
        recording: manifest of the recording to play, or
        archive: recorded days of a tape, or
        listens: where the lines of which feeds come in, live, or
        feeds: names of live feeds to connect to.
        speed: recorded seconds in a second; 0: as fast as Kafka takes them.
        paced_last_s: so many last seconds of the recording play at 1x.
        stay: go on answering `/health` after the end, until SIGTERM.
    """

    recording: Path | None = None
    archive: Archive | None = None
    listens: Sequence[Listen] = ()
    feeds: Sequence[str] = ()
    speed: float = 0.0
    paced_last_s: float = 0.0
    stay: bool = False


def feed_of(options: Options, settings: Settings) -> Feed:
    """
    The feed of these options.

    Raises:
        FeedError: it cannot run; the text says why and what to do.
    """
    if options.listens:
        return live(settings, LinesSocket(options.listens))
    if options.feeds:
        return live(settings, connected(settings, options.feeds))
    if options.archive is not None:
        # Its control records are in it: nothing is to be added.
        return options.archive
    assert options.recording is not None
    feed = with_reference(recording_of(options.recording, options), settings.reference_data)
    return Chosen(feed, choice_of(settings)) if VENUE in feed.venues else feed


def choice_of(settings: Settings) -> dict[str, str]:
    """
    Which sources somebody chose.

    Raises:
        FeedError: there are no such; naming those that there are.
    """
    try:
        return sources.named(settings.sources)
    except sources.BadChoice as e:
        raise FeedError(f"VNTAPE_SOURCES: {e}") from e


def recording_of(path: Path, options: Options) -> Recording:
    """
    The feed that plays a manifest's files.

    Raises:
        FeedError: the manifest, or one of its files, cannot be used.
    """
    try:
        manifest = Manifest.parse(path.read_bytes())
    except (BadManifest, OSError) as e:
        raise FeedError(f"{path}: {e}") from e
    if unknown := {f.feed for f in manifest.files} - set(FEEDS):
        raise FeedError(f"{path}: unknown feed {', '.join(sorted(unknown))}")
    folder = path.parent
    return Recording(
        manifest.name,
        [
            RecordedFile(
                path=folder / f.path,
                venue=f.venue,
                feed=f.feed,
                topics=FEEDS[f.feed].topics,
                route=FEEDS[f.feed].route,
                spaced=f.spaced(),
            )
            for f in manifest.files
        ],
        manifest.references(),
        speed=options.speed or None,
        paced_last_s=options.paced_last_s,
    )


def with_reference(feed: Feed, folder: Path | None) -> Feed:
    """
    The feed, with reference data at the beginning of each day where its venue has such.

    Raises:
        FeedError: the reference data cannot be used; naming each wrong line.
    """
    data = _reference_of(feed.venues, folder)
    return feed if data is None else Daily(feed, data)


def connected(settings: Settings, names: Sequence[str]) -> LiveSource:
    """
    The source that connects to live feeds of these names.

    Raises:
        FeedError: a setting of one, or the reference data, cannot be used.
    """
    lines = lines_of(settings, names)
    data = _reference_of([line.venue for line in lines], settings.reference_data)
    calendar = Calendar([]) if data is None else data.calendar
    errands: list[Errand] = []
    if data is not None:
        errands = errands_of(
            settings, names, lambda now_us: data.record(*local(now_us // 1000)),
            calendar.is_trading_day,
        )  # fmt: skip
    return LiveSource(lines, calendar.is_trading_day, errands)


def live(settings: Settings, source: Source) -> SpooledFeed:
    """
    A live source behind its spool, which this process alone uses.

    Raises:
        FeedError: the spool or the reference data cannot be used.
    """
    data = _reference_of(source.venues, settings.reference_data)
    image = None if data is None else partial(image_of, data)
    first = None if data is None else partial(chosen.record, choice_of(settings))
    spool = Spool(folder_of(settings, source.venues), settings.spool_bytes)
    return SpooledFeed(source, spool, receive_clock(settings.receive_clock), image, first)


def _reference_of(venues: Sequence[str], folder: Path | None) -> ReferenceData | None:
    if VENUE not in venues:
        return None
    if folder is None:
        raise FeedError(f"VNTAPE_REFERENCE_DATA is not set, and venue {VENUE} needs the folder")
    try:
        return reference.load(folder)
    except BadReferenceData as e:
        faults = "\n  ".join(e.faults)
        raise FeedError(f"reference data in {folder} refused:\n  {faults}") from e

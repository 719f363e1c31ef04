"""Sources beside those that `market` is made from, each decoded by itself."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from services.ingest.core.feed import FeedDecoder, Output
from services.ingest.core.iboard import IboardDecoder
from services.ingest.core.records import Raw
from services.ingest.core.sequence import Sequencer
from services.ingest.core.ssi_v2 import SsiDecoder
from services.ingest.core.vn.sources import PRIMARY, Kind, Sources
from services.report.agreement import Said


class Source(NamedTuple):
    """A channel of a feed, and the kinds of messages that it could write."""

    name: str
    feed: str
    channel: str
    kinds: tuple[Kind, ...]

    def sources(self) -> Sources:
        """A choice in which this channel alone writes."""
        return dict.fromkeys(self.kinds, (self.feed, self.channel))


SOURCES = (
    Source("X-TRADE", "ssi", "X-TRADE", ("trade",)),
    Source("X", "ssi", "X", ("trade", "quote")),
    Source("B", "ssi", "B", ("trade",)),
    Source("L#", "iboard", "L", ("trade",)),
    Source("S#", "iboard", "S", ("quote", "foreign")),
)
"""Of OL nothing is compared: the odd-lot board is in no total. Its volume stands beside R's."""


def others(choice: Mapping[str, str]) -> list[Source]:
    """
    The sources with the kinds of messages that they do not write to `market`.

    `choice`: kind -> `feed:channel` as the tape's control records say; else it is the usual one.
    """
    usual = {kind: ":".join(source) for kind, source in PRIMARY.items()}
    chosen = usual | dict(choice)
    left = [
        source._replace(
            kinds=tuple(k for k in source.kinds if chosen[k] != f"{source.feed}:{source.channel}")
        )
        for source in SOURCES
    ]
    return [source for source in left if source.kinds]


class Reading:
    """Decodes the raw records of one source alone; each partition's in their order."""

    def __init__(self, source: Source, venue: str = "VN") -> None:
        self.source, self.said = source, Said()
        self.refused: Counter[str] = Counter()
        self._venue = venue
        self._decoders: dict[int, tuple[FeedDecoder, Sequencer]] = {}

    def add(self, partition: int, raw: Raw) -> None:
        """A record; those of other channels are passed over."""
        mine = raw.channel.rpartition(".")[2] == self.source.channel
        if not mine or raw.feed != self.source.feed:
            return
        if partition not in self._decoders:
            self._decoders[partition] = self._decoder(), Sequencer(raw.venue)
        decoder, sequencer = self._decoders[partition]
        out = Output(sequencer)
        sequencer.begin(raw.seq, [])
        decoder.decode(raw, out)
        for message in out.messages:
            self.said.add(message)
        self.refused.update(reason.partition(":")[0] for reason in out.dead)

    def _decoder(self) -> FeedDecoder:
        kind = SsiDecoder if self.source.feed == "ssi" else IboardDecoder
        return kind(self._venue, self.source.sources())

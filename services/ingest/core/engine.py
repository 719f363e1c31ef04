"""Raw records in, messages of `market` out: all of ingest's decoding behind one door."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from schemas import frames
from schemas.control import Reference, Sources
from schemas.market import Candle, MarketMessage
from services.ingest.core.control import CHANNELS, decode_control
from services.ingest.core.feed import Feed, FeedDecoder, Output
from services.ingest.core.losses import Losses, LossesState
from services.ingest.core.records import Decoded, Raw
from services.ingest.core.registry import FEEDS
from services.ingest.core.sequence import Sequencer, SequencerState
from services.ingest.core.ssi_v2.rest import SOURCE
from services.ingest.core.vn.desk import Desk, DeskState
from services.ingest.core.vn.known import Known, KnownState
from services.ingest.core.vn.sessions import Sessions, SessionsState

SCHEDULED = frozenset({"VN"})
"""Venues whose exchanges have hours."""

REFERENCE = "reference"
"""Channel of the control records that say what day it is."""
MAX_LINE_BYTES = 8 * 1024 * 1024
"""A longer line of `market` is not written: a record of a topic has at most 10 MiB."""
SURELY_SHORT_BYTES = 1024 * 1024
"""The messages of a raw record up to here fit their lines: nothing that a vendor writes grows
eightfold (`9e14` becomes 17 digits), so their length need not be looked at."""


class _State(msgspec.Struct):
    """`decoders`: venue -> feed -> chain state of that decoder; the last four: by venue."""

    sequencers: dict[str, SequencerState]
    decoders: dict[str, dict[str, Any]]
    sessions: dict[str, SessionsState] = {}
    known: dict[str, KnownState] = {}
    desks: dict[str, DeskState] = {}
    losses: dict[str, LossesState] = {}


class Engine:
    """
    Decodes the raw records of some venues; give each venue's in the order of their `seq`.

    What it gives is a function of the raw records alone. Venues do not influence each other.

    Args:
        venues: those this process owns.
        feeds: name of a feed -> how it is decoded.
    """

    def __init__(self, venues: Sequence[str], feeds: Mapping[str, Feed] = FEEDS) -> None:
        self._feeds = feeds
        self._sequencers = {venue: Sequencer(venue) for venue in venues}
        self._known = {venue: Known() for venue in venues if venue in SCHEDULED}
        self._sessions = {venue: Sessions(venue, known) for venue, known in self._known.items()}
        self._desks = {venue: Desk() for venue in self._known}
        self._losses = {venue: Losses() for venue in venues}
        self._decoders: dict[tuple[str, str], FeedDecoder] = {}

    def decode(self, raw: Raw) -> Decoded:
        """
        What one raw record becomes; never raises.

        Every record gives a message, a drop or a dead letter, but for the control records
        that only move the clock. Reasons of dead letters are `<code>: <sentence>`.
        """
        sequencer = self._sequencers.get(raw.venue)
        if sequencer is None:
            owned = ", ".join(self._sequencers)
            return Decoded([], [f"wrong_venue: {raw.venue!r} is none of {owned}"], [])
        out = Output(sequencer)
        sequencer.begin(raw.seq, out.messages)
        sessions = self._sessions.get(raw.venue)
        if sessions is not None and raw.channel != REFERENCE:
            sessions.advance(raw.seq, out)
        clocks, numbered = len(out.messages), sequencer.state()
        try:
            if len(raw.value) > SURELY_SHORT_BYTES:
                self._decode_long(raw, out)
            else:
                self._decode_any(raw, out)
        except Exception as e:  # noqa: BLE001  # ingest never dies of data
            del out.messages[clocks:]
            sequencer.restore(numbered)
            out.dead.clear()
            out.dropped.clear()
            out.reject("unforeseen", f"{raw.feed} {raw.channel}: {type(e).__name__}: {e}")
        return out.decoded()

    def _decode_any(self, raw: Raw, out: Output) -> None:
        if raw.channel not in CHANNELS:
            self._decode_feed(raw, out)
            return
        before = len(out.messages)
        told = decode_control(raw, out, self._losses[raw.venue], self._decode_feed)
        if isinstance(told, Sources):
            self._choose(raw, out, told)
        if raw.venue not in self._sessions or raw.channel != REFERENCE:
            return
        known, sessions = self._known[raw.venue], self._sessions[raw.venue]
        if isinstance(told, Reference):
            known.learn(raw.seq, told, out.messages[before:])
            sessions.learn(raw.seq, out.messages[before:])
        # Not before: it may say that the day that has begun is none of trading.
        sessions.advance(raw.seq, out)

    def _choose(self, raw: Raw, out: Output, sources: Sources) -> None:
        desk = self._desks.get(raw.venue)
        if desk is None:
            out.reject("malformed", f"{raw.venue} has one source for everything: no choice")
        else:
            desk.choose(raw, out, sources.choice)

    def _decode_long(self, raw: Raw, out: Output) -> None:
        """Refuse the record, as if it had never come, when a message of it is too long."""
        before, state = len(out.messages), self.state()
        self._decode_any(raw, out)
        longest = max((len(frames.encode(m)) for m in out.messages[before:]), default=0)
        if longest <= MAX_LINE_BYTES:
            return
        # No chain may have moved, or the loss of these messages would show nowhere as a gap.
        self.restore(state)
        del out.messages[before:]
        out.dead.clear()
        out.dropped.clear()
        out.reject(
            "too_long_decoded",
            f"{raw.channel}: a message of {longest} bytes, {MAX_LINE_BYTES} can stand in market",
        )

    def _decode_feed(self, raw: Raw, out: Output) -> None:
        decoder = self._decoders.get((raw.venue, raw.feed))
        if decoder is None:
            feed = self._feeds.get(raw.feed)
            if feed is None:
                known = ", ".join(self._feeds)
                out.reject("unknown_feed", f"no decoder for feed {raw.feed!r}; known: {known}")
                return
            decoder = self._decoders[raw.venue, raw.feed] = self._made(raw.venue, feed)
        if (desk := self._desks.get(raw.venue)) is not None:
            desk.hear(raw)
        before = len(out.messages)
        decoder.decode(raw, out)
        if len(out.messages) > before and not _is_late(out.messages[-1]):
            self._losses[raw.venue].heard(raw, out.messages[-1].ts_ms)

    def state(self) -> Any:
        """Everything `restore` needs, as builtins that JSON carries: for a `position`."""
        decoders: dict[str, dict[str, Any]] = {}
        for (venue, feed), decoder in self._decoders.items():
            decoders.setdefault(venue, {})[feed] = decoder.state()
        sequencers = {venue: s.state() for venue, s in self._sequencers.items()}
        sessions = {venue: each.state() for venue, each in self._sessions.items()}
        known = {venue: each.state() for venue, each in self._known.items()}
        desks = {venue: each.state() for venue, each in self._desks.items()}
        losses = {venue: each.state() for venue, each in self._losses.items()}
        return msgspec.to_builtins(_State(sequencers, decoders, sessions, known, desks, losses))

    def restore(self, state: Any) -> None:
        """
        Go on after the records that `state` had seen.

        Raises:
            ValueError: when `state` is none that this engine, or one of other venues or
                feeds, could have given.
        """
        try:
            found = msgspec.convert(state, _State)
            decoders = {
                (venue, name): self._restored(venue, name, chains)
                for venue, feeds in found.decoders.items()
                for name, chains in feeds.items()
            }
            for venue, desk in found.desks.items():
                if venue in self._desks:
                    self._desks[venue].restore(desk)
        except msgspec.ValidationError as e:
            raise ValueError(f"the decoders' state in the position is damaged: {e}") from e
        if unknown := (set(found.sequencers) | set(found.decoders)) - set(self._sequencers):
            raise ValueError(f"the position is of venues {unknown}, which this ingest lacks")
        self._decoders = decoders
        for venue, sequencer in found.sequencers.items():
            self._sequencers[venue].restore(sequencer)
        for venue, sessions in found.sessions.items():
            if venue in self._sessions:
                self._sessions[venue].restore(sessions)
        for venue, known in found.known.items():
            if venue in self._known:
                self._known[venue].restore(known)
        for venue, losses in found.losses.items():
            self._losses[venue].restore(losses)

    def _made(self, venue: str, feed: Feed) -> FeedDecoder:
        decoder = feed.decoder(venue)
        if venue in self._desks:
            decoder.share(self._desks[venue])
            decoder.learn(self._known[venue])
        return decoder

    def _restored(self, venue: str, name: str, chains: Any) -> FeedDecoder:
        if name not in self._feeds:
            raise ValueError(f"the position is of feed {name!r}, which is unknown here")
        decoder = self._made(venue, self._feeds[name])
        decoder.restore(chains)
        return decoder


def _is_late(message: MarketMessage) -> bool:
    """It tells of a time that is over: no loss begins there."""
    return isinstance(message, Candle) and message.source == SOURCE

"""Every stream of the tape: takes messages in, gives them to clients; one thread, no await."""

from services.gateway.core import wire
from services.gateway.core.aliases import Aliases, is_alias
from services.gateway.core.channels import BY_TOPIC_AND_TYPE, CHANNELS, Channel
from services.gateway.core.outbound import Outbound
from services.gateway.core.streams import Stream, SyncWhy
from services.gateway.core.wire import NOTHING, Head, Position

RING_CHARS = 536_870_912
"""Of all rings together."""

BROADCAST_PREFIX = "*"
"""A message of symbol `*` belongs to the stream `*` + venue, as in `*BN`."""


class Hub:
    """
    All streams of one tape, named `epoch` to clients.

    Events that are not newer than the last of their stream are dropped, states not newer than
    that of their key: repeats after a crash, and the copies of a broadcast in the other
    partitions (each partition holds every broadcast in order, so the first copy to come is
    never early).
    """

    def __init__(self, epoch: str, ring_chars: int = RING_CHARS) -> None:
        self.epoch = epoch
        self.streams: dict[tuple[str, str], Stream] = {}
        self.complete: set[tuple[str, int]] = set()
        """(topic, partition) that is read from offset 0: nothing stood before what we saw."""
        self.all_complete = False
        self.aliases = Aliases()
        self._wild: dict[Channel, dict[Outbound, None]] = {}
        self._chars = 0
        self._ring_chars = ring_chars

    def take(self, topic: str, partition: int, head: Head, payload: bytes) -> bool | None:
        """
        One message of Kafka: remember it and queue it for its listeners.

        Returns:
            Whether it was new; None when its type is no channel's.
        """
        channel = BY_TOPIC_AND_TYPE.get((topic, head.type))
        if channel is None:
            return None
        broadcast = BROADCAST_PREFIX + head.venue if head.symbol == "*" else ""
        stream = self.streams.get((channel.name, broadcast or head.symbol))
        if stream is None:
            stream = self._open(channel, broadcast or head.symbol, (topic, partition))
        if head.aliases or head.type == "instrument":
            self.aliases.learn(head.symbol, head.seq, head.aliases)
        at, last = (head.seq, head.part), stream.last
        if last is None and (topic, partition) in self.complete:
            stream.last = stream.floor = last = NOTHING
        if channel.kind == "event":
            if last is not None and at <= last:
                return False
            self._event(stream, at, wire.event(channel.name, broadcast, last, payload))
        else:
            key = ":".join([str(getattr(head, field)) for field in channel.key])
            day = head.day if channel.daily else ""
            if stream.is_old(at, key, day):
                return False
            self._state(stream, at, key, wire.state(channel.name, broadcast, payload), day)
        if self._chars > self._ring_chars:
            self._shrink()
        return True

    def _open(self, channel: Channel, symbol: str, source: tuple[str, int]) -> Stream:
        stream = Stream(channel, symbol, NOTHING if source in self.complete else None)
        self.streams[channel.name, symbol] = stream
        for client in self._wild.get(channel, ()):
            self.join(stream, client, 0, "new")
        return stream

    def _event(self, stream: Stream, at: Position, text: str) -> None:
        self._chars += stream.remember_event(at, text)
        for client in stream.listeners:
            client.event(text)

    def _state(self, stream: Stream, at: Position, key: str, text: str, day: str) -> None:
        self._chars += stream.remember_state(at, key, text, day)
        if stream.listeners:
            slot = (stream.channel.name, stream.symbol, key)
            for client in stream.listeners:
                client.state(slot, text)

    def _shrink(self) -> None:
        # Halving all at once is rare, and keeps every ring's share of the memory.
        for stream in self.streams.values():
            self._chars -= stream.trim(len(stream.ring) // 2)

    def resolve(self, name: str) -> str | None:
        """
        The symbol that `name` is, or is an alias of; None: an alias that nothing has.

        A name with messages of its own is a symbol; so is one that nobody knows.
        """
        if any((s := self.streams.get((c.name, name))) and s.chars for c in CHANNELS):
            return name
        return self.aliases.get(name) or (None if is_alias(name) else name)

    def stream(self, channel: Channel, symbol: str) -> Stream:
        """
        The stream a client asks for, which may have no message yet.

        Do not keep it over an await: an empty one may be gone and come again meanwhile.
        """
        stream = self.streams.get((channel.name, symbol))
        if stream is None:
            stream = Stream(channel, symbol, NOTHING if self.all_complete else None)
            self.streams[channel.name, symbol] = stream
        return stream

    def join(self, stream: Stream, client: Outbound, count: int, why: SyncWhy) -> None:
        """Queue a snapshot and register for what follows: no gap and no repeat at the seam."""
        client.forget(stream.channel.name, stream.symbol)
        text = wire.sync(
            stream.channel.name,
            stream.symbol,
            "snapshot",
            why,
            self.epoch,
            stream.last,
            True,
            stream.snapshot(count),
        )
        client.put(text)
        stream.listeners[client] = None

    def join_all(self, channel: Channel, client: Outbound) -> None:
        """Register for streams of a channel that do not exist yet."""
        self._wild.setdefault(channel, {})[client] = None

    def follow(self, stream: Stream, client: Outbound, after: Position, limit: int) -> Position:
        """
        Queue what the ring has after `after`, at most `limit` messages; register when that is all.

        The caller made sure that `stream.covers(after)` in the same event-loop step.

        Returns:
            The position reached; the client is registered if it listens now.
        """
        items = stream.newer(after)
        for at, text in items[:limit]:
            client.put(text)
            after = at
        if len(items) <= limit:
            stream.listeners[client] = None
        return after

    def leave(self, channel: Channel, symbol: str, client: Outbound) -> None:
        """Stop listening to a stream; one that never had a message goes with its last client."""
        client.forget(channel.name, symbol)
        stream = self.streams.get((channel.name, symbol))
        if stream is None:
            return
        stream.listeners.pop(client, None)
        if not stream.listeners and not stream.chars and stream.last in (None, NOTHING):
            del self.streams[channel.name, symbol]

    def leave_all(self, channel: Channel, client: Outbound) -> None:
        """Stop listening to streams of a channel that come into being."""
        self._wild.get(channel, {}).pop(client, None)

    def of(self, channel: Channel) -> list[Stream]:
        """Streams of a channel that exist now."""
        return [s for s in self.streams.values() if s.channel is channel]

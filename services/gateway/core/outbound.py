"""What waits for one client: bounded, events in order, states conflated."""

from collections import deque
from collections.abc import Callable

FRAME_CHARS = 65_536
ROOM_CHARS = 262_144
"""A snapshot or a piece of a catch-up is queued only when less than this waits."""
MAX_EVENTS = 5_000
MAX_CHARS = 1_048_576
"""Past either a client is slow. A snapshot (up to ROOM_CHARS over a room of the same) fits."""
DEFAULT_RATE = 10.0
MAX_RATE = 20.0

StateKey = tuple[str, str, str]
"""Channel, stream, key within the stream."""


class Outbound:
    """
    The queue of one client. Knows no socket: `wake` is called when there is something to take.

    Events and control messages leave in their order as soon as they are asked for; states
    leave at most `rate` times a second, and only the newest of each key.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._events: deque[str] = deque()
        self._event_chars = 0
        self._states: dict[StateKey, str] = {}
        self._state_chars = 0
        self.rate = DEFAULT_RATE
        self._flush_at = 0.0
        self.slow = False
        """An event came to a full queue: all that waited was given up; close the client."""

    @property
    def chars(self) -> int:
        """Characters that wait, about as many bytes."""
        return self._event_chars + self._state_chars

    @property
    def room(self) -> bool:
        """Whether a snapshot may be queued."""
        return self._event_chars < ROOM_CHARS

    def event(self, text: str) -> None:
        """Queue a live event, or set `slow` when too many wait."""
        if self.slow:
            return
        events = self._events
        if len(events) >= MAX_EVENTS or self._event_chars + len(text) > MAX_CHARS:
            self.slow = True
            self.clear()
        else:
            events.append(text)
            self._event_chars += len(text)
        self._wake()

    def put(self, text: str) -> None:
        """Queue a control message or a piece of a catch-up; the caller waits for `room`."""
        self._events.append(text)
        self._event_chars += len(text)
        self._wake()

    def state(self, key: StateKey, text: str) -> None:
        """Queue a state in place of an unsent one of the same key."""
        old = self._states.pop(key, "")
        self._states[key] = text
        self._state_chars += len(text) - len(old)
        self._wake()

    def forget(self, channel: str, symbol: str) -> None:
        """Give up unsent states of one stream: it is left, or about to be sent anew."""
        for key in [k for k in self._states if k[0] == channel and k[1] == symbol]:
            self._state_chars -= len(self._states.pop(key))

    def clear(self) -> None:
        """Give up everything."""
        self._events.clear()
        self._states.clear()
        self._event_chars = self._state_chars = 0

    def take(self, now_s: float) -> str | None:
        """The next WebSocket frame, a JSON array of about FRAME_CHARS; None: nothing is due."""
        texts: list[str] = []
        left = FRAME_CHARS
        events = self._events
        while events and (left > len(events[0]) or not texts):
            text = events.popleft()
            texts.append(text)
            left -= len(text) + 1
            self._event_chars -= len(text)
        if self._states and not events and now_s >= self._flush_at:
            self._take_states(texts, left)
            if not self._states:
                self._flush_at = now_s + 1.0 / self.rate
        return f"[{','.join(texts)}]" if texts else None

    def _take_states(self, texts: list[str], left: int) -> None:
        taken = []
        for key, text in self._states.items():
            if texts and len(text) > left:
                break
            taken.append(key)
            texts.append(text)
            left -= len(text) + 1
        for key in taken:
            self._state_chars -= len(self._states.pop(key))

    def due_at(self) -> float | None:
        """When `take` will have something though nothing more comes; None: it will not."""
        if self._events:
            return 0.0
        return self._flush_at if self._states else None

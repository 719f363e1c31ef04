"""What a restart says of connections that were lost when the process was killed."""

import msgspec
import pytest

from schemas.control import Changed, Lost
from schemas.market import Gap
from services.ingest.core.engine import Engine
from services.ingest.core.records import Raw

NOON_MS = 1_784_520_000_000
TRADE = b'{"e":"trade","E":%d,"s":"BTCUSDT","t":%d,"p":"1.5","q":"1","T":%d,"m":true,"M":true}'


class Tape:
    """One venue's raw records, decoded as they come."""

    def __init__(self) -> None:
        self.engine = Engine(["BN"])
        self.gaps: list[tuple[str, str, int, int]] = []

    def put(self, at_ms: int, channel: str, value: bytes, feed: str = "binance") -> None:
        raw = Raw("BN", at_ms * 1000, feed, channel, "BN", value)
        done = self.engine.decode(raw)
        assert not done.dead
        self.gaps += [
            (m.channel, m.cause, m.from_ts_ms - NOON_MS, m.to_ts_ms - NOON_MS)
            for m in done.messages
            if isinstance(m, Gap)
        ]

    def trade(self, at_ms: int, ts_ms: int, number: int) -> None:
        value = b'{"stream":"btcusdt@trade","data":' + TRADE % (ts_ms, number, ts_ms) + b"}"
        self.put(at_ms, "spot.trade", value)

    def changed(self, at_ms: int, newest_ms: int, state: str = "backing_off") -> None:
        message = Changed(
            venue="BN", channel="spot.*", state=state, loses=True, newest_ms=newest_ms
        )  # type: ignore[arg-type]
        self.put(at_ms, "changed", msgspec.json.encode(message))

    def lost(self, at_ms: int, cause: str, channel: str, since_ms: int) -> None:
        message = Lost(
            venue="BN", channel=channel, cause=cause, from_ts_ms=since_ms, to_ts_ms=at_ms
        )  # type: ignore[arg-type]
        feed = "ingest" if channel == "*" else "binance"
        self.put(at_ms, "lost", msgspec.json.encode(message), feed)

    def again(self) -> None:
        """Go on from what a position holds."""
        state = msgspec.json.decode(msgspec.json.encode(self.engine.state()))
        self.engine = Engine(["BN"])
        self.engine.restore(state)


@pytest.mark.parametrize("restored", [False, True])
def test_a_restart_loses_from_the_newest_exchange_time_on(restored: bool) -> None:
    """The last record came 3 s after the exchange stamped it: a lost one may be as old."""
    tape = Tape()
    tape.trade(NOON_MS, NOON_MS - 3000, 1)
    if restored:
        tape.again()
    tape.lost(NOON_MS + 9000, "restart", "*", NOON_MS + 500)
    assert tape.gaps == [("*", "restart", -3000, 9000)]


def test_a_channel_that_was_quiet_for_long_does_not_lengthen_the_gap() -> None:
    tape = Tape()
    tape.trade(NOON_MS - 60_000, NOON_MS - 60_000, 1)
    tape.lost(NOON_MS + 9000, "restart", "*", NOON_MS)
    assert tape.gaps == [("*", "restart", 0, 9000)]


@pytest.mark.parametrize("restored", [False, True])
def test_a_loss_that_was_open_when_the_process_was_killed_is_closed_by_the_restart(
    restored: bool,
) -> None:
    tape = Tape()
    tape.changed(NOON_MS, NOON_MS - 2000)
    tape.changed(NOON_MS + 100, NOON_MS - 2000, "connecting")
    if restored:
        tape.again()
    tape.lost(NOON_MS + 60_000, "restart", "*", NOON_MS + 50_000)
    restart = ("*", "restart", 50_000, 60_000)
    assert tape.gaps == [restart, ("spot.*", "disconnect", -2000, 60_000)]
    tape.lost(NOON_MS + 90_000, "restart", "*", NOON_MS + 80_000)
    assert tape.gaps[2:] == [("*", "restart", 80_000, 90_000)]


def test_a_loss_that_was_told_is_not_told_again() -> None:
    tape = Tape()
    tape.changed(NOON_MS, NOON_MS - 2000)
    tape.lost(NOON_MS + 5000, "disconnect", "spot.*", NOON_MS - 2000)
    tape.lost(NOON_MS + 90_000, "restart", "*", NOON_MS + 80_000)
    assert [gap[:2] for gap in tape.gaps] == [("spot.*", "disconnect"), ("*", "restart")]

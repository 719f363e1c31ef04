"""What a live feed gives within some seconds, and in plain words what is wrong when it does not."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from schemas.topics import CONTROL
from services.ingest.core.vn.schedule import UTC_OFFSET_MS, local
from services.ingest.core.vn.sources import ALLOWED
from services.ingest.feeds.base import Arrival
from services.ingest.feeds.live.client import Client, hour_of
from services.ingest.feeds.live.line import Line
from services.ingest.feeds.live.source import LiveSource, name_of
from services.ingest.feeds.live.watch import Hour, TradingDay
from services.ingest.spool_intake import Began, Clock

_BEHIND_MS = -2000
_LATE_MS = 60_000
_NEVER = {
    "binance": ("single orders of a book",),
    "ssi": (
        "numbers of trades, or their order within a second: times are whole seconds",
        "more than 3 levels of a book of HOSE",
        "the expected volume of an auction",
    ),
    "ssi3": ("numbers of trades", "the expected volume of an auction"),
    "iboard": ("symbols that were not named",),
}


@dataclass(slots=True)
class Tray:
    """
    A sink that only looks.

    Attributes:
        counts: raw channel -> messages.
        newest: raw channel -> newest exchange time, ms since the epoch.
        lag_ms: raw channel -> the smallest lag of our clock behind an exchange time of today.
    """

    clock: Clock
    lines: dict[str, Line]
    counts: Counter[str] = field(default_factory=Counter)
    newest: dict[str, int] = field(default_factory=dict)
    lag_ms: dict[str, int] = field(default_factory=dict)
    began: Began = "late_start"
    stood_us: int | None = None
    told_us: int | None = None

    def take(self, arrivals: Sequence[Arrival]) -> bool:
        """See `Sink`."""
        for arrival in arrivals:
            channel, now_ms = f"{arrival.feed} {arrival.channel}", arrival.received_us // 1000
            self.counts[channel] += 1
            ts_ms = self.lines[arrival.feed].stamp(arrival.value)
            if ts_ms is None:
                continue
            self.newest[channel] = max(self.newest.get(channel, 0), ts_ms)
            if local(ts_ms)[0] == local(now_ms)[0]:
                lag_ms = now_ms - ts_ms
                self.lag_ms[channel] = min(self.lag_ms.get(channel, lag_ms), lag_ms)
        return True

    async def stood(self, venue: str, feed: str) -> None:
        """See `Sink`: there is no tape."""

    def put(self, arrival: Arrival) -> None:
        """See `Sink`: nothing is kept."""
        assert arrival.topic == CONTROL.name


class Row(NamedTuple):
    """What came of one raw channel; times as people read them, empty where unknown."""

    channel: str
    messages: int
    newest: str
    lag: str


class Checked(NamedTuple):
    """`rows` by channel; `findings` are sentences, all is well when `well`."""

    rows: list[Row]
    findings: list[str]
    well: bool


async def check(
    lines: Sequence[Line], clock: Clock, is_trading_day: TradingDay, seconds: float
) -> Checked:
    """Connect, listen for so long, and say what came."""
    source = LiveSource(lines, is_trading_day)
    tray = Tray(clock, {line.name: line for line in lines})
    await source.open(tray)
    try:
        await asyncio.sleep(seconds)
        source.fail()
        return _checked(source.clients, tray, is_trading_day)
    finally:
        await source.closed()


def _checked(clients: Sequence[Client], tray: Tray, is_trading_day: TradingDay) -> Checked:
    now_ms = tray.clock() // 1000
    hours = {client: hour_of(client.line, now_ms, is_trading_day) for client in clients}
    found = [
        Row(channel, count, when(tray.newest.get(channel)), _seconds(tray.lag_ms.get(channel)))
        for channel, count in sorted(tray.counts.items())
    ]
    wrong = [(client, text) for client in clients if (text := _wrong(client, hours[client]))]
    findings = _merged(wrong) + _clocks(tray)
    is_open = any(hour.phase in ("ato", "continuous", "atc") for hour in hours.values())
    bad = any(client.machine.state != "live" for client, _ in wrong)
    return Checked(found, findings, not bad and (bool(tray.counts) or not is_open))


def _wrong(client: Client, hour: Hour) -> str:
    """What is wrong with one connection; empty: nothing."""
    machine = client.machine
    if machine.state == "refused":
        return f"refused: {machine.why}"
    if machine.state != "live":
        return f"no connection ({machine.state}): {machine.why or 'still no answer'}"
    if client.messages:
        return ""
    if hour.phase in ("ato", "continuous", "atc"):
        return (
            f"connected and subscribed, but silent in session hours ({hour.phase}): are the "
            "symbols right, and may this account see the channel?"
        )
    return (
        f"connected and subscribed, and silent: it is outside session hours ({hour.phase}), "
        "when nothing need come"
    )


def _merged(wrong: Sequence[tuple[Client, str]]) -> list[str]:
    """One sentence for all connections that say the same."""
    by_text: dict[str, list[str]] = {}
    for client, text in wrong:
        by_text.setdefault(text, []).append(name_of(client.line))
    return [f"{', '.join(names)}: {text}" for text, names in by_text.items()]


def _clocks(tray: Tray) -> list[str]:
    if tray.counts and not tray.lag_ms:
        return ["only messages of an earlier day came: vendors repeat the last of each symbol"]
    lag_ms = min(tray.lag_ms.values(), default=0)
    if lag_ms < _BEHIND_MS:
        return [f"the exchange's times are {-lag_ms / 1000:.0f} s ahead: our clock is behind"]
    if lag_ms > _LATE_MS:
        return [f"the newest data are {lag_ms / 1000:.0f} s old: nobody trades, or data are late"]
    return []


def never(names: Sequence[str]) -> list[str]:
    """What feeds of these raw names can never give, one line a feed."""
    told = []
    for name in names:
        vietnamese = any(s.startswith(f"{name}:") for of in ALLOWED.values() for s in of)
        kinds = [
            kind
            for kind, of in ALLOWED.items()
            if vietnamese and not any(s.startswith(name) for s in of)
        ]
        words = [kind.replace("_", " ") for kind in kinds] + list(_NEVER.get(name, ()))
        told.append(f"{name} never gives: {'; '.join(words)}")
    return told


def when(ts_ms: int | None) -> str:
    """A local time as people read it."""
    if ts_ms is None:
        return ""
    shown = datetime.fromtimestamp(ts_ms / 1000, UTC) + timedelta(milliseconds=UTC_OFFSET_MS)
    return shown.strftime("%d/%m %H:%M:%S")


def _seconds(lag_ms: int | None) -> str:
    return "" if lag_ms is None else f"{lag_ms / 1000:.1f} s"

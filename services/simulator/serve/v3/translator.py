"""Which frames of v3 a message of v2 becomes."""

from collections import deque
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from services.simulator.core.day import SESSIONS
from services.simulator.core.message import Message
from services.simulator.core.plan import Plan
from services.simulator.core.prices import TENTHS, limits
from services.simulator.core.universe import Instrument
from services.simulator.serve.day_so_far import DaySoFar
from services.simulator.serve.v3 import frames
from services.simulator.serve.v3.topics import BOARDS, FLAG, MINUTES, Topic

_SESSIONS = frozenset(code for sessions in SESSIONS.values() for _, code in sessions)


class Heard(NamedTuple):
    """A frame and its topic."""

    topic: str
    text: str


@dataclass(slots=True)
class _Candle:
    start: str
    open: float
    high: float
    low: float
    close: float
    volume: int

    def add(self, price: float, volume: int) -> None:
        self.high, self.low = max(self.high, price), min(self.low, price)
        self.close, self.volume = price, self.volume + volume


class Translator:
    """
    Of one day. Frames are made of messages as they are delivered, faults included; so are
    candles, from the time on when somebody asks for them.
    """

    def __init__(self, plan: Plan, so_far: DaySoFar) -> None:
        self._plan, self._so_far = plan, so_far
        self._candles: dict[tuple[str, int], _Candle] = {}
        self._flags: dict[str, str] = {}
        self._known = {each.symbol: each for each in plan.instruments}

    def heard(self, message: Message, wanted: Set[str]) -> list[Heard]:
        """The frames of a message on topics that are wanted; a damaged one's are no JSON."""
        return [found for found in self._made(message, wanted) if found.topic in wanted]

    def _made(self, message: Message, wanted: Set[str]) -> Iterable[Heard]:
        try:
            said = frames.content_of(message.text)
        except (msgspec.DecodeError, ValueError):
            return self._torn(message)
        match message.channel:
            case "X-TRADE":
                return self._trade(said, wanted)
            case "X-QUOTE":
                return self._one(f"quote.{said['Symbol']}", frames.quote(said))
            case "R":
                return self._one(f"room.{said['Symbol']}", frames.room(said))
            case "OL":
                return self._one(f"oddlot.{said['Symbol']}", frames.odd_lot(said))
            case "MI":
                return self._index(said, wanted)
            case "F":
                return self._flag(said)
            case _:
                return ()

    def first(self, topics: Iterable[Topic]) -> list[Heard]:
        """
        What is told on subscribing: sessions and master data, which else come once a day.
        Candles of these topics begin as the day has them.
        """
        found: list[Heard] = []
        for topic in topics:
            if topic.name == FLAG:
                self._flags = self._now()
                found += [Heard(FLAG, text) for text in self._flags.values()]
            elif topic.name.startswith("market."):
                master = self._master(self._known[topic.symbol])
                found.append(Heard(topic.name, frames.frame(topic.name, master)))
            elif topic.channel == "X-TRADE" and "@" in topic.name:
                self._seed(topic.symbol, MINUTES[topic.name.partition("@")[2]])
        return found

    def _one(self, topic: str, data: dict[str, Any]) -> Sequence[Heard]:
        return (Heard(topic, frames.frame(topic, data)),)

    def _torn(self, message: Message) -> Sequence[Heard]:
        kinds = {"X-TRADE": "trade", "X-QUOTE": "quote", "R": "room", "OL": "oddlot"}
        kind = kinds.get(message.channel.rpartition(":")[2])
        if kind is None:
            return ()
        topic = f"{kind}.{message.symbol}"
        return (Heard(topic, frames.frame(topic, {"s": message.symbol})[:-3]),)

    def _trade(self, said: frames.Content, wanted: Set[str]) -> list[Heard]:
        volume, symbol = int(said["LastVol"]), said["Symbol"]
        if not volume:  # an auction's estimate: v3 has no word for it
            return []
        topic = f"trade.{symbol}"
        data = frames.trade(said, self._so_far.opens.get(symbol))
        return [
            Heard(topic, frames.frame(topic, data)),
            *self._grown(wanted, topic, data, said["LastPrice"], volume),
        ]

    def _index(self, said: frames.Content, wanted: Set[str]) -> list[Heard]:
        name = said["IndexId"].upper()
        tick, summary = f"trade.index.{name}", f"indexsummary.{name}"
        data = frames.index(said)
        return [
            Heard(tick, frames.frame(tick, data)),
            Heard(summary, frames.frame(summary, frames.summary(said))),
            *self._grown(wanted, tick, data | {"s": name}, said["IndexValue"], 0),
        ]

    def _grown(
        self, wanted: Set[str], topic: str, tick: dict[str, Any], price: float, volume: int
    ) -> Iterable[Heard]:
        symbol, time = tick["s"], tick["t"]
        for interval, minutes in MINUTES.items():
            name = f"{topic}@{interval}"
            if name not in wanted:
                continue
            start = _start(time, minutes)
            candle = self._candles.get((symbol, minutes))
            if candle is None or candle.start != start:
                candle = _Candle(start, price, price, price, price, 0)
                self._candles[symbol, minutes] = candle
            candle.add(price, volume)
            data = {
                "st": start, "t": time, "s": symbol, "o": frames.number(candle.open),
                "h": frames.number(candle.high), "l": frames.number(candle.low),
                "c": frames.number(candle.close), "v": candle.volume,
            }  # fmt: skip
            yield Heard(name, frames.frame(name, data))

    def _seed(self, symbol: str, minutes: int) -> None:
        for last in deque(self._so_far.bars(symbol, minutes), maxlen=1):
            start = _start(f"{self._plan.day.date:%Y/%m/%d} {last.time}", minutes)
            self._candles[symbol, minutes] = _Candle(start, *last[1:])

    def _flag(self, said: frames.Content) -> Sequence[Heard]:
        data = frames.flag(said)
        if data["f"] not in _SESSIONS:  # one symbol's: it is halted
            return ()
        told = self._flags.get(data["b"])
        if told is not None and msgspec.json.decode(told)["data"]["f"] == data["f"]:
            return ()
        self._flags[data["b"]] = text = frames.frame(FLAG, data)
        return (Heard(FLAG, text),)

    def _now(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for text in self._so_far.last.of("F"):
            data = frames.flag(frames.content_of(text))
            if data["f"] in _SESSIONS:
                found[data["b"]] = frames.frame(FLAG, data)
        return found

    def _master(self, about: Instrument) -> dict[str, Any]:
        unit = TENTHS if about.kind == "future" else 1
        bounds = limits(about.reference, about.exchange, about.kind, about.band)
        return {
            "s": about.symbol, "b": BOARDS[about.exchange],
            "t": f"{self._plan.day.date:%Y/%m/%d} 00:00:00",
            "ce": frames.number(max(bounds) / unit), "fl": frames.number(min(bounds) / unit),
            "ref": frames.number(about.reference / unit),
        }  # fmt: skip


def _start(time: str, minutes: int) -> str:
    """When the candle of a time began."""
    date, _, clock = time.partition(" ")
    minute = int(clock[:2]) * 60 + int(clock[3:5])
    minute -= minute % minutes
    return f"{date} {minute // 60:02}:{minute % 60:02}:00"

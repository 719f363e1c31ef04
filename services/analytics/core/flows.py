"""Measures over `session-flow` and `market`: who is active, levels, and gaps of a feed."""

from dataclasses import dataclass
from typing import Any

from schemas.alerts import AlertSide
from schemas.market import Gap, Index, Trade
from schemas.session_flow import SessionFlow
from services.analytics.core import figures
from services.analytics.core.memory import Memory
from services.analytics.core.rules import Numbers, Text

_SAMPLES = 30
"""A window is known to a thirtieth of its length: so much is remembered, and no more."""
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class ActiveImbalance:
    """
    (bought - sold) / (bought + sold), of active values in the last `window_s` seconds.

    Unknown until the window is full that day, while less than `min_value` was traded in it by
    an aggressor, and where the value is unknown.
    """

    window_s: int
    min_value: float
    types: tuple[type[SessionFlow], ...] = (SessionFlow,)

    @property
    def remembers(self) -> str:
        return f"flow of {self.window_s} s"

    def value(self, message: SessionFlow, memory: Memory | None) -> float | None:
        assert memory is not None  # it remembers, so it is given one
        bought, sold = message.buy_value, message.sell_value
        if message.phase != "day" or bought is None or sold is None:
            return None
        window, now = memory.window, message.seq // _SECOND_US
        if not window or now - window[-1][0] >= max(1, self.window_s // _SAMPLES):
            # As it is after a restart, when the vendor's figure was a whole number.
            window.append((now, float(bought), float(sold)))
        begin = now - self.window_s
        while len(window) > 1 and window[1][0] <= begin:
            window.pop(0)
        if window[0][0] > begin:
            return None
        bought, sold = bought - window[0][1], sold - window[0][2]
        total = bought + sold
        return (bought - sold) / total if total > 0 and total >= self.min_value else None

    def numbers(self, message: SessionFlow, value: float, memory: Memory) -> Numbers:
        _, bought, sold = memory.window[0]
        assert message.buy_value is not None
        assert message.sell_value is not None
        return {
            "imbalance": round(value, 4),
            "buy_value": message.buy_value - bought,
            "sell_value": message.sell_value - sold,
            "window_s": self.window_s,
        }

    def text(self, message: SessionFlow, side: AlertSide, numbers: Numbers) -> Text:
        minutes = figures.price(self.window_s / 60)
        share = figures.percent((1 + abs(numbers["imbalance"])) / 2)
        worth = figures.money(numbers["buy_value"] + numbers["sell_value"], message.venue)
        vi, en = ("Mua", "buying") if side == "up" else ("Bán", "selling")
        return (
            f"{vi} chủ động chiếm {share[0]} giá trị trong {minutes[0]} phút ({worth[0]})",
            f"Active {en} is {share[1]} of the value of {minutes[1]} minutes ({worth[1]})",
        )


@dataclass(frozen=True, slots=True)
class PriceLevel:
    """The price of main-board prints, or the value of an index."""

    above: float | None
    below: float | None
    types: tuple[type[Any], ...] = (Trade, Index)
    remembers: None = None

    def value(self, message: Trade | Index, memory: Memory | None) -> float | None:
        del memory
        if isinstance(message, Index):
            return message.value
        return message.price if message.board == "main" else None

    def numbers(self, message: Trade | Index, value: float, memory: Memory) -> Numbers:
        del message, memory
        up = self.above is not None and value >= self.above
        level = self.above if up else self.below
        assert level is not None  # it fired at one of the two
        return {"price": value, "level": level}

    def text(self, message: Trade | Index, side: AlertSide, numbers: Numbers) -> Text:
        del message
        price, level = figures.price(numbers["price"]), figures.price(numbers["level"])
        vi, en = ("vượt lên", "above") if side == "up" else ("xuống dưới", "below")
        return f"Giá {price[0]}, {vi} mốc {level[0]}", f"Price {price[1]}, {en} {level[1]}"


@dataclass(frozen=True, slots=True)
class VolumeLevel:
    """The volume of the day, as the vendor has it."""

    level: float
    types: tuple[type[Any], ...] = (Trade, Index)
    remembers: None = None

    def value(self, message: Trade | Index, memory: Memory | None) -> float | None:
        del memory
        return message.total_volume

    def numbers(self, message: Trade | Index, value: float, memory: Memory) -> Numbers:
        del message, memory
        return {"total_volume": value, "level": self.level}

    def text(self, message: Trade | Index, side: AlertSide, numbers: Numbers) -> Text:
        del message, side
        volume, level = figures.price(numbers["total_volume"]), figures.price(numbers["level"])
        return (
            f"Khối lượng cả ngày {volume[0]}, vượt {level[0]}",
            f"Volume of the day {volume[1]}, above {level[1]}",
        )


@dataclass(frozen=True, slots=True)
class FeedGap:
    """The length of a gap in seconds, of these causes; of a whole venue or of one symbol."""

    causes: frozenset[str]
    types: tuple[type[Gap], ...] = (Gap,)
    remembers: None = None

    def value(self, message: Gap, memory: Memory | None) -> float | None:
        del memory
        if message.cause not in self.causes:
            return None
        return (message.to_ts_ms - message.from_ts_ms) / 1000

    def numbers(self, message: Gap, value: float, memory: Memory) -> Numbers:
        del memory
        found: dict[str, int | float] = {"seconds": value}
        if message.missing_volume is not None:
            found["missing_volume"] = message.missing_volume
        return found

    def text(self, message: Gap, side: AlertSide, numbers: Numbers) -> Text:
        del side
        vi, en = figures.price(float(numbers["seconds"]))
        what = f"{message.feed}/{message.channel}"
        return (
            f"Mất dữ liệu {what} trong {vi} giây ({message.cause})",
            f"No data of {what} for {en} seconds ({message.cause})",
        )

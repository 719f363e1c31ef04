"""Measures over `foreign-flow` and `index-estimates`: fields that are computed already."""

from dataclasses import dataclass
from typing import Literal

from schemas.alerts import AlertSide
from schemas.foreign_flow import ForeignFlow
from schemas.index_estimates import IndexEstimate
from services.analytics.core import figures
from services.analytics.core.memory import Memory
from services.analytics.core.rules import Numbers, Text

Window = Literal["1m", "5m", "15m"]
"""Of trading time; the fields of `foreign-flow` end in them."""
_MINUTES: dict[Window, int] = {"1m": 1, "5m": 5, "15m": 15}
_BPS = 100
"""Of a percent."""


@dataclass(frozen=True, slots=True)
class ForeignBurst:
    """Net foreign value over a window, VND."""

    window: Window
    types: tuple[type[ForeignFlow], ...] = (ForeignFlow,)
    remembers: None = None

    def value(self, message: ForeignFlow, memory: Memory | None) -> float | None:
        del memory
        speed: float | None = getattr(message, f"speed_value_{self.window}")
        return None if speed is None else speed * _MINUTES[self.window]

    def numbers(self, message: ForeignFlow, value: float, memory: Memory) -> Numbers:
        del memory
        found: dict[str, int | float] = {"net_value": value, "minutes": _MINUTES[self.window]}
        moved: float | None = getattr(message, f"price_change_{self.window}")
        return found if moved is None else {**found, "price_change": moved}

    def text(self, message: ForeignFlow, side: AlertSide, numbers: Numbers) -> Text:
        worth = figures.money(abs(numbers["net_value"]), message.venue)
        vi, en = ("mua", "buying") if side == "up" else ("bán", "selling")
        minutes = numbers["minutes"]
        return (
            f"Khối ngoại {vi} ròng {worth[0]} trong {minutes} phút",
            f"Net foreign {en} of {worth[1]} in {minutes} minutes",
        )


@dataclass(frozen=True, slots=True)
class ForeignAcceleration:
    """Change of the net foreign value a minute, each minute; VND."""

    window: Window
    types: tuple[type[ForeignFlow], ...] = (ForeignFlow,)
    remembers: None = None

    def value(self, message: ForeignFlow, memory: Memory | None) -> float | None:
        del memory
        found: float | None = getattr(message, f"acceleration_value_{self.window}")
        return found

    def numbers(self, message: ForeignFlow, value: float, memory: Memory) -> Numbers:
        del memory
        speed: float | None = getattr(message, f"speed_value_{self.window}")
        return {"acceleration": value, "speed": speed or 0.0}

    def text(self, message: ForeignFlow, side: AlertSide, numbers: Numbers) -> Text:
        rate = figures.money(abs(numbers["acceleration"]), message.venue)
        speed = figures.money(numbers["speed"], message.venue)
        vi, en = ("mua", "buying") if side == "up" else ("bán", "selling")
        return (
            f"Khối ngoại tăng tốc {vi}: {rate[0]}/phút mỗi phút (đang {speed[0]}/phút)",
            f"Foreign {en} accelerates: {rate[1]} a minute each minute (now {speed[1]} a minute)",
        )


@dataclass(frozen=True, slots=True)
class ForeignCorrelation:
    """Correlation of foreign net with the price, while the net is at least `min_net_value`."""

    window: Window
    min_net_value: float
    types: tuple[type[ForeignFlow], ...] = (ForeignFlow,)
    remembers: None = None

    def value(self, message: ForeignFlow, memory: Memory | None) -> float | None:
        del memory
        net = ForeignBurst(self.window).value(message, None)
        if net is None or abs(net) < self.min_net_value:
            return None
        found: float | None = getattr(message, f"correlation_{self.window}")
        return found

    def numbers(self, message: ForeignFlow, value: float, memory: Memory) -> Numbers:
        net = ForeignBurst(self.window).value(message, memory)
        return {"correlation": round(value, 4), "net_value": net or 0.0}

    def text(self, message: ForeignFlow, side: AlertSide, numbers: Numbers) -> Text:
        worth = figures.money(numbers["net_value"], message.venue)
        ratio = figures.number(numbers["correlation"], 2)
        minutes = _MINUTES[self.window]
        vi, en = ("cùng", "with") if side == "up" else ("ngược", "against")
        return (
            f"Giá đi {vi} chiều khối ngoại: tương quan {ratio[0]} trong {minutes} phút "
            f"(ròng {worth[0]})",
            f"The price moves {en} foreign flow: correlation {ratio[1]} in {minutes} minutes "
            f"(net {worth[1]})",
        )


@dataclass(frozen=True, slots=True)
class EstimateError:
    """The estimate of an index less its published value, in basis points of it."""

    types: tuple[type[IndexEstimate], ...] = (IndexEstimate,)
    remembers: None = None

    def value(self, message: IndexEstimate, memory: Memory | None) -> float | None:
        del memory
        return None if message.error_percent is None else message.error_percent * _BPS

    def numbers(self, message: IndexEstimate, value: float, memory: Memory) -> Numbers:
        del memory
        return {"error_bps": round(value, 4), "error": round(message.error or 0.0, 4)}

    def text(self, message: IndexEstimate, side: AlertSide, numbers: Numbers) -> Text:
        del message, side
        points = figures.number(numbers["error"], 2, sign=True)
        bps = figures.number(numbers["error_bps"], 1, sign=True)
        return (
            f"Chỉ số ước tính lệch công bố {points[0]} điểm ({bps[0]} điểm cơ bản)",
            f"The estimate is {points[1]} points off the published value ({bps[1]} bps)",
        )

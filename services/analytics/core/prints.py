"""Measures over `trades-classified`: large trades, prices at their limit, surges of volume."""

from dataclasses import dataclass

from schemas.alerts import AlertSide
from schemas.base import Phase
from schemas.days import day_of
from schemas.keys import venue_of
from schemas.trades_classified import TradeClassified
from services.analytics.core import figures
from services.analytics.core.memory import Memory, Surge
from services.analytics.core.rules import Numbers, Text

_SCALE = 100_000_000
_OFFSET_MS = {"VN": 7 * 3_600_000}
_DAY_MS = 86_400_000
_AUCTIONS: frozenset[Phase] = frozenset({"ato", "atc"})
_NEAR = 0.75
"""Not at the limit, and not far enough from it to be told of again."""


@dataclass(frozen=True, slots=True)
class LargeTrade:
    """
    The value of one print of continuous trading on the main board, or its volume.

    `of_volume`: in shares, contracts or coins; else price x volume, in VND or USDT. A future's
    price is in points: its prints are judged by volume.
    """

    of_volume: bool
    types: tuple[type[TradeClassified], ...] = (TradeClassified,)
    remembers: None = None

    def value(self, message: TradeClassified, memory: Memory | None) -> float | None:
        del memory
        if message.board != "main" or message.phase in _AUCTIONS:
            return None
        return message.volume if self.of_volume else message.price * message.volume

    def numbers(self, message: TradeClassified, value: float, memory: Memory) -> Numbers:
        del memory
        found: dict[str, int | float] = {"price": message.price, "volume": message.volume}
        return found if self.of_volume else {**found, "value": value}

    def text(self, message: TradeClassified, side: AlertSide, numbers: Numbers) -> Text:
        del side
        volume, price = figures.price(message.volume), figures.price(message.price)
        vi_side = {"buy": "mua chủ động", "sell": "bán chủ động"}.get(message.side, "khớp lệnh")
        en_side = {"buy": "active buy", "sell": "active sell"}.get(message.side, "trade")
        vi, en = f"{volume[0]} giá {price[0]}", f"{volume[1]} at {price[1]}"
        if "value" in numbers:
            worth = figures.money(numbers["value"], venue_of(message.symbol))
            vi, en = f"{vi} ({worth[0]})", f"{en} ({worth[1]})"
        return f"Lệnh lớn {vi_side}: {vi}", f"Large {en_side}: {en}"


@dataclass(frozen=True, slots=True)
class AtLimit:
    """
    1 at the ceiling, -1 at the floor, 0 when `rearm_percent` or more away from both.

    Of main-board prints of symbols that have limits that day.
    """

    rearm_percent: float
    types: tuple[type[TradeClassified], ...] = (TradeClassified,)
    remembers: None = None

    def value(self, message: TradeClassified, memory: Memory | None) -> float | None:
        del memory
        ceiling, floor = message.ceiling, message.floor
        if message.board != "main" or ceiling is None or floor is None or floor >= ceiling:
            return None
        price, away = message.price, 1 - self.rearm_percent / 100
        if price >= ceiling:
            return 1.0
        if price <= floor:
            return -1.0
        if price > ceiling * away:
            return _NEAR
        return -_NEAR if price * away < floor else 0.0

    def numbers(self, message: TradeClassified, value: float, memory: Memory) -> Numbers:
        del memory
        limit = message.ceiling if value > 0 else message.floor
        assert limit is not None  # a value is only of symbols that have limits
        return {"price": message.price, "ceiling" if value > 0 else "floor": limit}

    def text(self, message: TradeClassified, side: AlertSide, numbers: Numbers) -> Text:
        del numbers
        vi, en = figures.price(message.price)
        if side == "up":
            return f"Chạm giá trần {vi}", f"At the ceiling, {en}"
        return f"Chạm giá sàn {vi}", f"At the floor, {en}"


@dataclass(frozen=True, slots=True)
class VolumeSurge:
    """
    The volume of the minute so far, over the mean of the same minute on earlier days.

    Of main-board prints outside the auctions, by exchange time. Unknown before `min_days` days
    of the symbol are known; the last `days` count, a day without a print in that minute as 0.
    The mean is taken as at least `least_mean`: so a multiple m needs a volume of m x that.
    """

    days: int
    min_days: int
    least_mean: float
    types: tuple[type[TradeClassified], ...] = (TradeClassified,)

    @property
    def remembers(self) -> str:
        return f"minutes of {self.days} days"

    def value(self, message: TradeClassified, memory: Memory | None) -> float | None:
        assert memory is not None  # it remembers, so it is given one
        if message.board != "main" or message.phase in _AUCTIONS:
            return None
        surge = memory.surge
        if surge is None:
            surge = memory.surge = Surge()
        venue = venue_of(message.symbol)
        self._turn(surge, day_of(message.seq, venue))
        minute = _minute(venue, message.ts_ms)
        volume = surge.today.get(minute, 0) + round(message.volume * _SCALE)
        surge.today[minute] = volume
        if len(surge.before) < self.min_days:
            return None
        return volume / _SCALE / max(_mean(surge, minute), self.least_mean)

    def _turn(self, surge: Surge, day: int) -> None:
        if surge.day == day:
            return
        if surge.today:
            surge.before = [*surge.before, surge.today][-self.days :]
        surge.day, surge.today = day, {}

    def numbers(self, message: TradeClassified, value: float, memory: Memory) -> Numbers:
        surge = memory.surge
        assert surge is not None
        minute = _minute(venue_of(message.symbol), message.ts_ms)
        return {
            "volume": surge.today[minute] / _SCALE,
            "mean_volume": round(_mean(surge, minute), 8),
            "days": len(surge.before),
            "ratio": round(value, 4),
        }

    def text(self, message: TradeClassified, side: AlertSide, numbers: Numbers) -> Text:
        del side
        volume = figures.price(float(numbers["volume"]))
        ratio, mean = figures.number(numbers["ratio"], 1), figures.number(numbers["mean_volume"])
        days = numbers["days"]
        minute = _minute(venue_of(message.symbol), message.ts_ms)
        at = f"{minute // 60:02d}:{minute % 60:02d}"
        return (
            f"Khối lượng phút {at} đột biến: {volume[0]}, gấp {ratio[0]} lần trung bình {days} "
            f"phiên ({mean[0]})",
            f"Volume surge in the minute {at}: {volume[1]}, {ratio[1]} times the mean of {days} "
            f"days ({mean[1]})",
        )


def _minute(venue: str, ts_ms: int) -> int:
    return (ts_ms + _OFFSET_MS.get(venue, 0)) % _DAY_MS // 60_000


def _mean(surge: Surge, minute: int) -> float:
    return sum(day.get(minute, 0) for day in surge.before) / len(surge.before) / _SCALE

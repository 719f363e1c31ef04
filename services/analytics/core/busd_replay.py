"""The BUSD flow of recorded lines: what steps 1 and 2 do of a tape, in one and without a clock."""

from dataclasses import dataclass, field

from schemas.busd_forecasts import BusdForecast
from services.analytics.core.busd_flow import FlowState, Standing, second
from services.analytics.core.busd_lines import Line
from services.analytics.core.busd_message import forecast_of
from services.analytics.core.busd_patterns import Seen, occurrences
from services.analytics.core.busd_rules import Rules, day_of, time_of_day

_SECOND_MS = 1000


@dataclass(slots=True)
class Replay:
    """
    Mutable; it holds no more than the trades of the last window, however long the recording.

    Time is that of the lines: a second is over when a later one's trade comes. All lines count
    as of the HOSE, which they do not name.

    Attributes:
        trades: lines taken; counted: of those, that were the so-manyth of their volume.
    """

    rules: Rules
    trades: int = 0
    counted: int = 0
    flow: FlowState = field(default_factory=FlowState)
    stocks: dict[str, Seen] = field(default_factory=dict)
    day: int = -1
    second_ms: int = 0
    bought: int = 0
    sold: int = 0
    pending: int = 0

    def take(self, line: Line) -> list[BusdForecast]:
        """The next trade; how things stood at the seconds that are over with it, oldest first."""
        symbol, price, volume, ts_ms, buys = line
        out: list[BusdForecast] = []
        if ts_ms >= self.second_ms + _SECOND_MS:
            out = self._pass(ts_ms - ts_ms % _SECOND_MS)
        self.trades += 1
        rules = self.rules
        if volume < rules.min_volume or time_of_day(ts_ms) >= rules.cutoff_ms:
            return out
        seen = self.stocks.get(symbol)
        if seen is None:
            seen = self.stocks[symbol] = Seen()
        if occurrences(seen, volume, ts_ms, rules) >= rules.min_occurrences:
            value = round(price * volume)
            self.pending += 1
            if buys:
                self.bought += value
            else:
                self.sold += value
        return out

    def end(self) -> list[BusdForecast]:
        """No more lines: the last second is over."""
        return self._pass(self.second_ms + _SECOND_MS) if self.trades else []

    def _pass(self, to_ms: int) -> list[BusdForecast]:
        """The second under way is over, and so are those up to `to_ms`, in which nothing came."""
        out: list[BusdForecast] = []
        if self.second_ms:
            out += self._close(self.second_ms + _SECOND_MS)
        if (day := day_of(to_ms)) != self.day:
            self.day, self.stocks = day, {}
        elif to_ms > self.second_ms + _SECOND_MS:
            out += self._close(to_ms)
        self.second_ms = to_ms
        return out

    def _close(self, now_ms: int) -> list[BusdForecast]:
        counted = (self.bought, self.sold, self.pending)
        self.counted += self.pending
        self.bought = self.sold = self.pending = 0
        found: Standing | None = second(self.flow, now_ms, counted, self.rules)
        return [] if found is None else [forecast_of(found, now_ms * 1000)]

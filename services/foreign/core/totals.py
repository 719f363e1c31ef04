"""What messages change in a symbol's day: totals, prices, and the points that windows are of."""

from schemas.market import Day, Foreign, Trade
from services.foreign.core.history import LONGEST, Point
from services.foreign.core.state import PRICE_PARTS, Figures, bounded


def begin(day: Figures, opened: bool) -> None:
    """Before the first figure of a day: nothing was traded if the tape saw the opening."""
    if not day.begun:
        day.begun = True
        if opened:
            day.total, day.told = 0, (0, 0)
            day.history.begin(Point(-1, 0, 0, 0, None, 0))


def on_trade(day: Figures, second: int, trade: Trade) -> None:
    """The last price, and the volume of the main board."""
    if trade.board != "main":
        return
    day.price = bounded(trade.price * PRICE_PARTS)
    if trade.total_volume is not None:
        day.total = bounded(trade.total_volume)
    keep(day, second)


def on_day(day: Figures, second: int, message: Day) -> None:
    """The vendor's volume of the main board."""
    if message.total_volume is not None:
        day.total = bounded(message.total_volume)
        keep(day, second)


def on_foreign(day: Figures, second: int, message: Foreign) -> bool:
    """
    Take the vendor's totals of the day; whether anything changed.

    A message that is older than the newest says nothing of the room, and totals below those
    known are late then. Totals that go back in a newer message are believed (ingest asked for
    several that agree); neither that step nor the one back above is flow: windows begin anew.
    """
    late = message.ts_ms < day.ts_ms
    rooms = day.room, day.total_room
    if not late:
        day.ts_ms = message.ts_ms
        day.room = day.room if message.current_room is None else bounded(message.current_room)
        if message.total_room is not None:
            day.total_room = bounded(message.total_room)
    changed = rooms != (day.room, day.total_room)
    if message.buy_volume is None or message.sell_volume is None:
        return changed
    now = bounded(message.buy_volume), bounded(message.sell_volume)
    was = day.buy or 0, day.sell or 0
    back = now[0] < was[0] or now[1] < was[1]
    if back and late:
        return changed
    known = day.buy is not None or bool(day.history)
    if back or not known:
        day.before = was if back else None
        day.resets += back
        _start(day, message, now)
    elif day.before is not None and now[0] >= day.before[0] and now[1] >= day.before[1]:
        day.before = None
        _start(day, message, now)
    elif (day.buy, day.sell) == now and day.basis == message.value_basis and day.history:
        return changed
    else:
        _grow(day, message, now)
    day.buy, day.sell, day.basis = *now, message.value_basis
    if not day.history:
        day.history.begin(_point(day, second))
    keep(day, second)
    if now != was:
        day.flow_second = second
    return True


def lose(day: Figures) -> None:
    """Messages were lost: what comes next is not of the moment in which it comes."""
    day.history.begin()


def _start(day: Figures, message: Foreign, now: tuple[int, int]) -> None:
    day.history.begin()
    day.told = None
    known = message.buy_value is not None and message.sell_value is not None
    day.buy_value = bounded(message.buy_value) if known else None  # type: ignore[arg-type]
    day.sell_value = bounded(message.sell_value) if known else None  # type: ignore[arg-type]
    if now == (0, 0):
        day.buy_value = day.sell_value = 0


def _grow(day: Figures, message: Foreign, now: tuple[int, int]) -> None:
    """Values of a side are unknown for the day as soon as one growth of it has none."""
    first = day.buy is None
    day.buy_value = _value(
        0 if first else day.buy_value, now[0] - (day.buy or 0), now[0], message.buy_value, message
    )
    day.sell_value = _value(
        0 if first else day.sell_value,
        now[1] - (day.sell or 0),
        now[1],
        message.sell_value,
        message,
    )


def _value(
    sum_: int | None, grown: int, volume: int, value: float | None, message: Foreign
) -> int | None:
    if message.value_basis == "vendor":
        return 0 if not volume else None if value is None else bounded(value)
    if not grown:
        return sum_
    if sum_ is None or value is None:
        return None
    return bounded(sum_ + grown * (value / volume))


def keep(day: Figures, second: int) -> None:
    """Remember the figures as those of a second of trading time."""
    if day.history:
        day.history.keep(_point(day, second), LONGEST)


def _point(day: Figures, second: int) -> Point:
    value: int | None = 0
    if day.buy is not None:
        known = day.buy_value is not None and day.sell_value is not None
        value = day.buy_value - day.sell_value if known else None  # type: ignore[operator]
    return Point(second, day.buy or 0, day.sell or 0, value, day.price, day.total)

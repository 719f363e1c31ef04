"""Step 2: the partials of all partitions in; the market's flow at each second out."""

import msgspec

from schemas.busd_forecasts import BusdForecast
from schemas.busd_partials import BusdPartial
from schemas.topics import MARKET
from services.analytics.core.busd_flow import FlowState, Standing, second
from services.analytics.core.busd_message import forecast_of
from services.analytics.core.busd_rules import Rules


class MergeState(msgspec.Struct, array_like=True):
    """
    Mutable state of the merge; `merge` alone changes it.

    Attributes:
        passed: the seq up to which each partition of `market` is known; -1: nothing yet.
        waiting: seq -> sums of the partials that came of it: bought, sold, trades.
        flow: as it stood at the last second that all had passed.
    """

    passed: list[int]
    waiting: dict[int, tuple[int, int, int]] = {}
    flow: FlowState = msgspec.field(default_factory=FlowState)


def initial(_venue: str) -> MergeState:
    """The state before any partial."""
    return MergeState([-1] * MARKET.partitions)


def merge(rules: Rules, state: MergeState, message: object) -> list[BusdForecast]:
    """
    Take one partial; the seconds that all partitions have passed with it come out, in order.

    Sums do not depend on who came last. A gap (an accepted loss) changes nothing: a partition
    has passed a second when anything later of it is there.
    """
    if not isinstance(message, BusdPartial):
        return []
    seq, before = message.seq, min(state.passed)
    state.passed[message.partition] = seq
    bought, sold, trades = state.waiting.get(seq, (0, 0, 0))
    state.waiting[seq] = (bought + message.bought, sold + message.sold, trades + message.trades)
    floor = min(state.passed)
    if floor == before:  # Nothing new can go: `waiting` may hold a whole day of who is ahead.
        return []
    out: list[BusdForecast] = []
    for at in sorted(at for at in state.waiting if at <= floor):
        standing: Standing | None = second(state.flow, at // 1000, state.waiting.pop(at), rules)
        if standing is not None:
            out.append(forecast_of(standing, at))
    return out

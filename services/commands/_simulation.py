"""The options that decide a simulated day, and the plan that they make."""

from collections.abc import Callable, Set
from datetime import date, datetime, timedelta, timezone
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from services.commands._arguments import Day, Number
from services.commands._context import REFERENCE_DATA, loaded
from services.ingest import reference
from services.ingest.core.vn.reference_data import ReferenceData
from services.ingest.core.vn.reference_files import BadReferenceData

if TYPE_CHECKING:
    from services.simulator.core.plan import Plan

_VIETNAM = timezone(timedelta(hours=7))
_CHANNELS = "F,X-TRADE,X-QUOTE,R,MI,OL,S"
_YEAR = 400

_OPTIONS = (
    click.option("--seed", type=click.IntRange(0), required=True, help="Same seed, same day."),
    click.option(
        "--day", type=Day(), default=lambda: datetime.now(_VIETNAM).date(),
        help="As in 2026-11-20. [today in Vietnam]",
    ),
    click.option("--force", is_flag=True, help="Trade on a weekend or a holiday too."),
    click.option(
        "--universe", "which", default="default", show_default=True,
        help="vn30, default (70 more), or a number of symbols up to 1600.",
    ),
    click.option(
        "--scale", type=Number(0, 4, min_open=True), default=1.0, show_default=True,
        help="Of the orders: 1 is a peak day of 500 thousand trades.",
    ),
    click.option(
        "--overtaking", type=Number(0, 1), default=0.0, show_default=True,
        help="Share of orders whose quotes come before their trades.",
    ),
    click.option(
        "--channels", default=_CHANNELS, show_default=True,
        help="Of F, X-TRADE, X-QUOTE, X, R, MI, B, OL; iBoard's L, S (futures), S-ALL.",
    ),
)  # fmt: skip


def plan_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a simulated day; it gets `plan` in their place."""

    @wraps(function)
    def planned(
        *, seed: int, day: date, force: bool, which: str, scale: float,
        overtaking: float, channels: str, **others: Any,
    ) -> None:  # fmt: skip
        plan = _plan(seed, day, force, which, scale, overtaking, _channels(channels))
        function(plan=plan, **others)

    for option in reversed(_OPTIONS):
        planned = option(planned)
    return planned


def _plan(
    seed: int, day: date, force: bool, which: str, scale: float, overtaking: float,
    channels: frozenset[str],
) -> "Plan":  # fmt: skip
    from services.simulator.core.day import NoTradingDay, trading_day
    from services.simulator.core.plan import Plan
    from services.simulator.core.universe import universe

    data = _reference_data()
    holidays = _holidays(data, day)
    members = [
        member.symbol
        for basket in data.baskets(day)
        if basket.symbol == "VN30"
        for member in basket.members
    ]
    try:
        when = trading_day(day, holidays, force)
        instruments = universe(which, members, when, holidays, seed)
    except NoTradingDay as e:
        raise click.ClickException(f"{e}: name a day with --day, or --force it") from e
    except ValueError as e:
        raise click.ClickException(str(e)) from e
    return Plan(seed, when, instruments, scale, overtaking, channels)


def _channels(written: str) -> frozenset[str]:
    from services.simulator.core.plan import EVERYBODY, FUTURES_ONLY
    from services.simulator.core.wire import iboard, ssi_v2

    known = {*ssi_v2.CHANNELS, *iboard.CHANNELS, EVERYBODY}
    wanted = frozenset(name.strip().upper() for name in written.split(",") if name.strip())
    if not wanted or not wanted <= known:
        raise click.BadParameter(
            f"channels are {', '.join(sorted(known))}; was {written!r}", param_hint="--channels"
        )
    return wanted | {FUTURES_ONLY} if EVERYBODY in wanted else wanted


def _reference_data() -> ReferenceData:
    try:
        return reference.load(loaded().reference_data or REFERENCE_DATA)
    except BadReferenceData as e:
        raise click.ClickException("\n".join(["reference data refused:", *e.faults])) from e


def _holidays(data: ReferenceData, day: date) -> Set[date]:
    """Days without trading from two weeks before to a year after."""
    days = (day + timedelta(days=n) for n in range(-14, _YEAR))
    return {each for each in days if not data.calendar.is_trading_day(each)}

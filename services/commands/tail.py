"""Show a typed topic live."""

import asyncio
import sys
from contextlib import suppress
from functools import partial
from typing import get_args

import click

from schemas.topic import Topic
from schemas.topics import BY_NAME
from services.commands._context import reading

TYPED = tuple(t.name for t in BY_NAME.values() if t.codec in ("frames", "json"))


def types_of(topic: Topic) -> list[str]:
    """The message types a typed topic holds, by name."""
    return sorted(str(m.__struct_config__.tag) for m in get_args(topic.value))


TYPES = sorted({kind for name in TYPED for kind in types_of(BY_NAME[name])})

_MAINLY = {
    "trades-classified": "trade_classified",
    "session-flow": "session_flow",
    "foreign-flow": "foreign_flow",
    "basis": "basis",
    "board": "board",
    "bars": "bar",
    "busd-patterns": "busd_pattern",
    "busd-partials": "busd_partial",
    "busd-forecasts": "busd_forecast",
    "instruments": "instrument",
    "sessions": "status",
    "index-values": "index",
    "alerts": "alert",
    "index-estimates": "index_estimate",
    "market-summary": "market_summary",
}
"""Topic -> the type that gives the columns their names when none was asked for."""


@click.command()
@click.argument("topic", type=click.Choice(TYPED))
@click.option("--symbol", "-s", help="Only this symbol; aliases such as VN30F1M are understood.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(TYPES),
    metavar="TYPE",
    help="Only messages of this type, as in `quote`; clocks are shown only when asked for.",
)
@click.option("--tape", help="The tape to look at. [VNTAPE_TAPE, live]")
@click.option("-n", "count", type=click.IntRange(1), help="End after so many messages.")
@click.option("--from-start", is_flag=True, help="Begin with the oldest message of the log.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as in the topic.")
def command(
    topic: str,
    symbol: str | None,
    kind: str | None,
    tape: str | None,
    count: int | None,
    from_start: bool,
    as_json: bool,
) -> None:
    """Show messages of a topic as they come: trades, quotes, everything typed.

    Repeats, which a restarted service writes, are left out. Ctrl-C ends it.

    Vietnamese prices stand as on a price board, in thousands of VND (futures and indices in
    points), times are UTC+7; a price is purple at the ceiling (trần), cyan at the floor (sàn),
    yellow at the reference (tham chiếu), green above it, red below. B and S are active buys and
    sells, = has no aggressor (auctions, odd lots, put-through).
    """
    from services.commands._symbols import resolve
    from services.commands._tail_follow import Wanted, follow
    from services.commands._tail_output import columns, json_lines
    from services.ingest.core.vn.reference_files import BadReferenceData

    there = types_of(BY_NAME[topic])
    if kind is not None and kind not in there:
        raise click.BadParameter(
            f"{kind!r} is no type of {topic}; it has {', '.join(there)}", param_hint="'--type'"
        )
    config = reading(tape)
    quiet = partial(click.echo, err=True)
    show = json_lines if as_json else columns(sys.stdout.isatty(), kind or _MAINLY.get(topic))

    async def run() -> None:
        meant = symbol and await resolve(config, symbol)
        if symbol and meant != symbol:
            quiet(f"{symbol} is {meant}")
        wanted = Wanted(
            topic=BY_NAME[topic], symbol=meant, type=kind, count=count, from_start=from_start
        )
        await follow(str(config.kafka), config.tape, wanted, show, quiet)

    with suppress(KeyboardInterrupt):
        try:
            asyncio.run(run())
        except (LookupError, OSError, BadReferenceData) as e:
            raise click.ClickException(str(e)) from e

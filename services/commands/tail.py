"""Show a typed topic live."""

import asyncio
import sys
from contextlib import suppress

import click

from schemas.topics import BY_NAME
from services.commands._context import reading

TYPED = tuple(t.name for t in BY_NAME.values() if t.codec in ("frames", "json"))


@click.command()
@click.argument("topic", type=click.Choice(TYPED))
@click.option("--symbol", "-s", help="Only this symbol.")
@click.option(
    "--type",
    "kind",
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
    """
    from services.commands._tail_follow import Wanted, follow
    from services.commands._tail_output import columns, json_lines

    config = reading(tape)
    wanted = Wanted(
        topic=BY_NAME[topic], symbol=symbol, type=kind, count=count, from_start=from_start
    )
    show = json_lines if as_json else columns(sys.stdout.isatty())
    with suppress(KeyboardInterrupt):
        try:
            asyncio.run(follow(str(config.kafka), config.tape, wanted, show))
        except (LookupError, OSError) as e:
            raise click.ClickException(str(e)) from e

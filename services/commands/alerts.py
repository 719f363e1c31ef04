"""Alert rules and channels: check them, try them on a recorded day, send a test."""

import asyncio
import sys
from datetime import datetime, timedelta, timezone

import click

from services.commands._context import files, reading
from services.runtime.settings import SettingsError

_LOCAL = timezone(timedelta(hours=7))


@click.group()
def command() -> None:
    """Alert rules and channels: check them, try them on a recorded day, send a test."""


@command.command()
def rules() -> None:
    """Check the file of rules and list them (VNTAPE_ALERT_RULES)."""
    from services.analytics import rules_file
    from services.analytics.app import rules_path

    try:
        path = rules_path(files())
        found = rules_file.read(path)
        compiled = list(found.compiled())
    except SettingsError as e:
        raise click.ClickException(str(e)) from e
    click.echo(f"{'rule':<28}{'kind':<26}{'topic':<20}{'severity':<10}symbols")
    for rule in compiled:
        whom = ", ".join(sorted(rule.symbols)) or "/".join(sorted(rule.families))
        click.echo(f"{rule.id:<28}{rule.kind:<26}{rule.topic:<20}{rule.severity:<10}{whom}")
    off = [rule.id for rule in found.rules if not rule.enabled]
    click.echo(f"{len(compiled)} rules in {path}" + (f"; off: {', '.join(off)}" if off else ""))


def instant(text: str) -> int:
    """
    A local day or time (UTC+7) as ms since the epoch.

    >>> instant("2026-07-20"), instant("2026-07-20T09:15")
    (1784480400000, 1784513700000)
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as e:
        raise click.BadParameter(f"as 2026-07-20 or 2026-07-20T09:15; it was {text!r}") from e
    return round((found if found.tzinfo else found.replace(tzinfo=_LOCAL)).timestamp() * 1000)


@command.command()
@click.option("--from", "begin", metavar="TIME", help="2026-07-20 or 2026-07-20T09:15, UTC+7.")
@click.option("--to", "end", metavar="TIME", help="Exclusive; a day means its beginning.")
@click.option("--tape", help="The recorded tape. [VNTAPE_TAPE, live]")
@click.option("--rule", "only", help="Only this rule.")
@click.option("--json", "as_json", is_flag=True, help="One alert a line, as in the topic.")
def test(
    begin: str | None, end: str | None, tape: str | None, only: str | None, as_json: bool
) -> None:
    """Say what the rules would have told on a tape, without telling anybody.

    The same code as live reads the tape's topics from their beginning, so what rules remember of
    earlier days is there; shown is what fired from --from to --to. Rules over `board` see what
    Kafka has kept of that compacted topic: of past days only the last rows.
    """
    from services.commands._alerts_test import backtest
    from services.commands._tail_output import columns, json_lines

    span = (instant(begin) if begin else 0, instant(end) if end else 2**53)
    config = reading(tape)
    count = 0
    show = json_lines if as_json else columns(sys.stdout.isatty(), "alert")
    try:
        alerts = asyncio.run(backtest(config, span))
    except (SettingsError, LookupError) as e:
        raise click.ClickException(str(e)) from e
    for message, text in alerts:
        if only is None or message["rule"] == only:
            show(message, text)
            count += 1
    click.echo(f"{count} alerts on tape {config.tape}", err=True)


@command.command("send-test")
@click.option("--channel", "only", help="Only this channel.")
def send_test(only: str | None) -> None:
    """Send a made-up alert to every channel now; says of each what came of it."""
    from services.commands._alerts_send import send

    config = files()
    try:
        results = asyncio.run(send(config, only))
    except SettingsError as e:
        raise click.ClickException(str(e)) from e
    if not results:
        raise click.ClickException(f"there is no channel {only!r}" if only else "no channels")
    for name, problem in results.items():
        click.echo(f"{name}: {problem or 'sent'}")
    if any(results.values()):
        sys.exit(1)

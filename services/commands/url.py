"""Print an address to connect to, for psql, Grafana and programs."""

import click

from services.commands._context import settings

WHAT = ("kafka", "reader", "writer", "ingest", "delivery", "owner")


@click.command()
@click.argument("what", type=click.Choice(WHAT))
def command(what: str) -> None:
    """Print an address: of Kafka, or of the database as one of its roles or its owner.

    The database's has the password in it: `psql "$(vntape url reader)"`.
    """
    from services.runtime import roles
    from services.runtime.settings import SettingsError

    config = settings()
    if what == "kafka":
        click.echo(config.kafka)
        return
    if what == "owner":
        if config.database_url is None:
            raise click.ClickException("no database: set VNTAPE_DATABASE_URL, or `vntape up`")
        click.echo(config.database_url.get_secret_value())
        return
    try:
        click.echo(roles.url(config, f"vntape_{what}"))
    except SettingsError as e:
        raise click.ClickException(str(e)) from e

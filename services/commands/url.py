"""Print an address to connect to, for psql, Grafana and programs."""

import click

from services.commands._context import settings


@click.command()
@click.argument("what", type=click.Choice(["kafka", "reader", "writer", "owner"]))
def command(what: str) -> None:
    """Print an address: of Kafka, or of the database as reader, writer or owner.

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
        click.echo(roles.url(config, roles.READER if what == "reader" else roles.WRITER))
    except SettingsError as e:
        raise click.ClickException(str(e)) from e

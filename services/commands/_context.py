"""Settings for a command: the environment's, completed with the local stack's addresses."""

from typing import Any

import click
from pydantic import SecretStr

from services import stack
from services.runtime.settings import Settings, SettingsError, load


def settings(**overrides: Any) -> Settings:
    """
    What the environment says, `overrides` that are not None, and for what neither says the
    addresses of the local stack.

    Raises:
        click.ClickException: naming the variable that is wrong, or saying that the local
            stack was never started.
    """
    try:
        found = load(**overrides)
    except SettingsError as e:
        raise click.ClickException(str(e)) from e
    update: dict[str, Any] = {}
    if not found.local_dir.is_absolute():
        update["local_dir"] = stack.clone_root() / found.local_dir
    if found.kafka is None or found.database_url is None:
        local = stack.addresses(stack.clone_root(), found.stack)
        if local is None and found.kafka is None:
            raise click.ClickException(
                "no Kafka: set VNTAPE_KAFKA and VNTAPE_DATABASE_URL, or start the local stack "
                "with `vntape up`"
            )
        if local is not None:
            update["kafka"] = found.kafka or local.kafka
            update["database_url"] = found.database_url or SecretStr(local.database)
    return found.model_copy(update=update)

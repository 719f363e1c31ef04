"""Show every setting, its value and where that comes from."""

import os
from typing import Any

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from rich.console import Console
from rich.table import Table

from services.runtime.settings import PREFIX, Settings, SettingsError
from services.runtime.settings_load import load, unknown


@click.command()
def command() -> None:
    """Show every setting: value, where it comes from, what it is; secrets are masked."""
    odd = unknown(os.environ)
    for name in odd:
        click.echo(f"warning: {name} is no setting; other commands refuse to start", err=True)
    try:
        found = load({k: v for k, v in os.environ.items() if k not in odd})
    except SettingsError as e:
        raise click.ClickException(str(e)) from e
    given = {name.upper() for name in os.environ}
    lines = Table(box=None, pad_edge=False)
    for heading in ("setting", "value", "from", "what it is"):
        lines.add_column(heading, overflow="fold", no_wrap=heading == "setting")
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        source = "environment" if variable in given else "default"
        lines.add_row(variable, shown(getattr(found, name)), source, described(field))
    Console(highlight=False, markup=False).print(lines)


def shown(value: Any) -> str:
    """A value as a person reads it; a secret is stars, whatever it is."""
    if isinstance(value, SecretStr):
        return "********"
    return "-" if value is None else str(value)


def described(field: FieldInfo) -> str:
    """The setting's description, and what it must be where that is a closed list."""
    choices = getattr(field.annotation, "__args__", ()) if _is_choice(field) else ()
    text = field.description or ""
    return f"{text} ({', '.join(map(str, choices))})".strip() if choices else text


def _is_choice(field: FieldInfo) -> bool:
    return str(field.annotation).startswith("typing.Literal")

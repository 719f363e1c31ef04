"""How settings are read: from variables and from the files that hold secrets, or a refusal."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.runtime.settings import PREFIX, Settings, SettingsError

_TEST_PREFIX = "VNTAPE_TEST_"
_FILE = "_FILE"
_UNSET = "unset"
"""Stands in a secret's file that has to be there though nobody has the secret."""


def _secrets() -> set[str]:
    """Names of the settings that are secrets, which a file may hold."""
    fields = Settings.model_fields.items()
    return {name for name, field in fields if "SecretStr" in str(field.annotation)}


def unknown(environment: Mapping[str, str]) -> list[str]:
    """Names of the variables that have our prefix and are no setting, sorted."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {f"{PREFIX}{name.upper()}{_FILE}" for name in _secrets()}
    return sorted(
        k
        for k in environment
        if k.upper().startswith(PREFIX)
        and k.upper() not in known
        and not k.upper().startswith(_TEST_PREFIX)
    )


def load(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """
    Settings from the environment, then from `overrides` that are not None.

    A secret may stand in a file, which `VNTAPE_<NAME>_FILE` names; one of `unset` holds none.

    Raises:
        SettingsError: naming every variable that is unknown or has an unusable value.
    """
    env = os.environ if environment is None else environment
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    mine = {k: v for k, v in env.items() if k.upper().startswith(PREFIX)}
    if odd := unknown(env):
        raise SettingsError(
            f"unknown setting {', '.join(odd)}; `vntape config` lists those there are"
        )
    values = {
        k.upper().removeprefix(PREFIX).lower(): v for k, v in mine.items() if k.upper() in known
    }
    values.update(_from_files(mine, values))
    values.update({k: v for k, v in overrides.items() if v is not None})
    try:
        return Settings.model_validate(values)
    except ValueError as e:
        raise SettingsError(_explain(e)) from None


def _from_files(mine: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    named = {k.upper(): v for k, v in mine.items()}
    found: dict[str, str] = {}
    for name in sorted(_secrets()):
        variable = f"{PREFIX}{name.upper()}{_FILE}"
        if not (path := named.get(variable)):
            continue
        if name in values:
            raise SettingsError(f"{variable} and {variable.removesuffix(_FILE)}: give one of them")
        try:
            found[name] = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as e:
            why = e.strerror if isinstance(e, OSError) else "it is no text"
            raise SettingsError(f"{variable}: cannot read {path!r} ({why})") from e
        if not found[name]:
            raise SettingsError(f"{variable}: {path!r} is empty")
        if found[name] == _UNSET:
            del found[name]
    return found


def _explain(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    lines = []
    for problem in error.errors(include_url=False):
        name = PREFIX + "_".join(str(p) for p in problem["loc"]).upper()
        secret = "SecretStr" in str(Settings.model_fields[str(problem["loc"][0])].annotation)
        was = "***" if secret else repr(problem["input"])
        said = problem["msg"].removeprefix("Value error, ")
        # Some of our own checks say it themselves.
        end = "" if said.endswith(f"it was {was}") else f"; it was {was}"
        lines.append(f"{name}: {said}{end}")
    return "\n".join(lines)

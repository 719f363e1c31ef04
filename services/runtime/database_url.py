"""The URL of a database login, as a setting: checked, with the server's authority in it."""

from typing import Annotated

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, SecretStr, ValidationInfo

from services.runtime import database_tls

_NO_URL = "not a postgresql:// URL (percent-encode the password)"


def _check_url(secret: SecretStr, info: ValidationInfo) -> SecretStr:
    """Refuse here what libpq would refuse with a message that shows it; put the CA in."""
    text = secret.get_secret_value()
    try:
        parts = conninfo_to_dict(text)
    except (ProgrammingError, UnicodeError):
        raise ValueError(_NO_URL) from None
    # A password with a bare @ or / parses, and a part of it becomes the host, port or name.
    astray = any("@" in str(v) for k, v in parts.items() if k not in ("user", "password"))
    ports = str(parts.get("port") or "5432").split(",")
    usable = all(p.isascii() and p.isdecimal() and 0 < int(p) < 65536 for p in ports)
    if not text.startswith(("postgresql://", "postgres://")) or astray or not usable:
        raise ValueError(_NO_URL)
    return SecretStr(database_tls.with_ca(text, info.data.get("database_ca")))


DatabaseUrl = Annotated[SecretStr, AfterValidator(_check_url)]

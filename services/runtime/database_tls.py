"""TLS of the database: what a URL must say for it, and whose fault a refusal is."""

import re
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

_CHECKED = ("verify-ca", "verify-full")


def with_ca(url: str, ca: Path | None) -> str:
    """
    The URL, meaning TLS whose certificate and name are checked against `ca`; as it is without.

    Raises:
        ValueError: it asks for less than that itself.
    """
    if ca is None:
        return url
    parts = conninfo_to_dict(url)
    mode = parts.get("sslmode")
    if mode is not None and mode not in _CHECKED:
        raise ValueError(f"sslmode={mode} contradicts VNTAPE_DATABASE_CA: leave one of them out")
    wanted = {"sslmode": "verify-full", "sslrootcert": str(ca)}
    more = "&".join(f"{k}={quote(v)}" for k, v in wanted.items() if k not in parts)
    return f"{url}{'&' if '?' in url else '?'}{more}" if more else url


def refusal(error: Exception, variable: str) -> str | None:
    """
    A sentence for an error that says a server is there and does not let us in; else None.

    Args:
        variable: the setting that the URL came from.
    """
    said = " ".join(str(error).split())
    if "certificate verify failed" in said or "root certificate" in said:
        return f"VNTAPE_DATABASE_CA is not the authority of the database's certificate ({said})"
    if "does not match host name" in said:
        return f"{variable} names the host otherwise than the server's certificate does ({said})"
    if "does not support SSL" in said:
        return f"VNTAPE_DATABASE_CA asks for TLS, which the database does not speak ({said})"
    if "no pg_hba.conf entry" in said:
        return (
            f"the database does not take this login over such a connection: check {variable}, "
            f"and set VNTAPE_DATABASE_CA if it asks for TLS ({said})"
        )
    if found := re.search(r'password authentication failed for user "([^"]+)"', said):
        return f"{variable} has a wrong password, or no user {found[1]} is there ({said})"
    return None

"""
What vendors say, without the secrets that they were told: an error text may echo them.

Every secret of this process is known here, because what it says in logs, `/health`, control
records and `check-feed` comes from many places.
"""

import re
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

STARS = "**********"
MOST = 200
"""Letters of a vendor's words."""
LEAST = 6
"""A shorter setting is no secret: to hide it would take other words apart."""
KEPT = 256
"""Newest secrets: tokens are renewed for ever, and old ones open nothing."""

# Such as were cut short, or were somebody else's.
_SHAPE = re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*)*|(?<=\bBearer )\S+", re.IGNORECASE)
_secrets: dict[str, tuple[str, ...]] = {}


def hide(*secrets: str | SecretStr | None) -> None:
    """From now on these stand in no text."""
    for each in secrets:
        secret = each.get_secret_value() if isinstance(each, SecretStr) else each or ""
        if len(secret) >= LEAST:
            _secrets.pop(secret, None)
            _secrets[secret] = (secret, quote(secret, safe=""), quote_plus(secret))
    while len(_secrets) > KEPT:
        del _secrets[next(iter(_secrets))]


def without(text: str) -> str:
    """A text with stars where a secret stood, also one written as in an address."""
    forms = {form for of in _secrets.values() for form in of}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, STARS)
    return _SHAPE.sub(STARS, text)


def said(words: str | bytes) -> str:
    """A vendor's own words, short; they may be any bytes."""
    text = words if isinstance(words, str) else words.decode("utf-8", "replace")
    # Before they are cut, or half a secret would stay.
    return without(text)[:MOST]

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
"""Newest tokens: they are renewed for ever, and old ones open nothing."""

# Such as were cut short, or were somebody else's.
_SHAPE = re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*)*|(?<=\bBearer )\S+", re.IGNORECASE)
_settings: set[str] = set()
_tokens: dict[str, None] = {}


def hide(*secrets: str | SecretStr | None) -> None:
    """From now on these stand in no text: settings for ever, tokens while they are new."""
    for each in secrets:
        if isinstance(each, SecretStr):
            _settings.add(each.get_secret_value())
        elif each:
            _tokens.pop(each, None)
            _tokens[each] = None
    while len(_tokens) > KEPT:
        del _tokens[next(iter(_tokens))]


def without(text: str) -> str:
    """A text with stars where a secret stood, also one written as in an address."""
    secrets = [each for each in (*_settings, *_tokens) if len(each) >= LEAST]
    forms = {form for each in secrets for form in (each, quote(each, safe=""), quote_plus(each))}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, STARS)
    return _SHAPE.sub(STARS, text)


def said(words: str | bytes) -> str:
    """A vendor's own words, short; they may be any bytes."""
    text = words if isinstance(words, str) else words.decode("utf-8", "replace")
    # Before they are cut, or half a secret would stay.
    return without(text)[:MOST]

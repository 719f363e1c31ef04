"""Sentences that users write, with the figures of an alert in them."""

import re

from services.analytics.core import figures
from services.analytics.core.rules import Numbers, Text

_PLACE = re.compile(r"\{(\w+)\}")


def places(text: str) -> set[str]:
    """The names in braces."""
    return set(_PLACE.findall(text))


def fill(text: str, numbers: Numbers) -> Text:
    """
    A sentence with its figures, as Vietnamese and as English write them; unknown ones stay.

    >>> fill("last {last}, {x}", {"last": 1287.5})
    ('last 1.287,5, {x}', 'last 1,287.5, {x}')
    """

    def one(language: int) -> str:
        def figure(found: re.Match[str]) -> str:
            value = numbers.get(found[1])
            return found[0] if value is None else figures.price(value)[language]

        return _PLACE.sub(figure, text)

    return one(0), one(1)

"""Vietnamese JSON messages as typed structs, whatever way their fields are written."""

import json
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from services.ingest.core.feed import BadFrame

Data = TypeVar("Data", bound=msgspec.Struct)

_ABSENT = frozenset({"", "nan", "null", "none", "n/a", "-"})
_OUT_OF_BOUNDS = ("Expected `float` <", "Expected `float` >", "Number out of range")
"""How msgspec begins to say that a number is there and breaks its bounds."""
_CLIPPED = 200


class Reader(Generic[Data]):
    """
    Reads JSON objects into one struct.

    Give the struct its fields without defaults: an object that has them all, as the vendor
    normally writes them, is read in one go. Any other is read leniently: names in any case,
    blanks and NaN as absent, numbers as padded strings, absent fields as None (or the
    struct's default).

    Args:
        aliases: other names of fields, lower case -> the field.
    """

    def __init__(self, data: type[Data], aliases: Mapping[str, str] | None = None) -> None:
        self._data = data
        self._decoder = msgspec.json.Decoder(data, strict=False)
        fields = msgspec.structs.fields(data)
        self._names = {f.encode_name.lower(): f.encode_name for f in fields} | dict(aliases or {})
        self._required = {f.encode_name: None for f in fields if f.required}

    def read(self, value: bytes) -> Data:
        """
        The object in `value`.

        Raises:
            BadFrame: `malformed` when it is none, `bad_number` for one out of bounds.
        """
        try:
            return self._decoder.decode(value)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return self._read_leniently(value)

    def _read_leniently(self, value: bytes) -> Data:
        try:
            # Unlike msgspec, it takes a bare NaN.
            found = json.loads(value)
        except (ValueError, RecursionError) as e:
            raise BadFrame("malformed", str(e)[:_CLIPPED]) from e
        if not isinstance(found, dict):
            raise BadFrame("malformed", f"an object is expected, not a {type(found).__name__}")
        known = dict(self._required)
        for name, field in found.items():
            if (ours := self._names.get(name.lower())) is not None:
                cleaned = _clean(field)
                if cleaned is not None or ours in self._required:
                    known[ours] = cleaned
        try:
            return msgspec.convert(known, self._data, strict=False)
        except (msgspec.ValidationError, ValueError, OverflowError) as e:
            code = "bad_number" if str(e).startswith(_OUT_OF_BOUNDS) else "malformed"
            raise BadFrame(code, str(e)[:_CLIPPED]) from e


def _clean(field: Any) -> Any:
    if isinstance(field, str):
        field = field.strip()
        return None if field.lower() in _ABSENT else field
    if isinstance(field, float) and field != field:
        return None
    return field

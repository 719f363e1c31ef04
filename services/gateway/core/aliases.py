"""Other names of symbols, as the instruments on the tape say them: VN30F1M is 41I1GC000 now."""

import re
from collections.abc import Sequence

# The names of index and bond futures before KRX, and the continuous ones of every vendor.
_FUTURE = re.compile(r"(VN30|VN100|GB05|GB10)F\d{1,4}[MQ]?")


class Aliases:
    """
    Alias -> symbol, by the newest instrument that claims it.

    A contract that expires hands its continuous name to the next one: the instrument images of
    the new day say so. Instruments may come in any order, also twice.
    """

    def __init__(self) -> None:
        self._claims: dict[str, tuple[int, str]] = {}
        self._names: dict[str, tuple[int, Sequence[str]]] = {}

    def learn(self, symbol: str, seq: int, names: Sequence[str]) -> None:
        """An instrument of `symbol` said `names`; ignored when a newer one of it is known."""
        known, before = self._names.get(symbol, (-1, ()))
        if seq <= known:
            return
        self._names[symbol] = seq, names
        for name in before:
            if name not in names and self._claims[name][1] == symbol:
                del self._claims[name]
        for name in names:
            if name not in self._claims or self._claims[name][0] <= seq:
                self._claims[name] = seq, symbol

    def get(self, name: str) -> str | None:
        """The symbol that an alias means; None when nobody claims it."""
        claim = self._claims.get(name)
        return claim and claim[1]

    def all(self) -> dict[str, str]:
        """Alias -> symbol, by alias."""
        return {name: symbol for name, (_, symbol) in sorted(self._claims.items())}


def is_alias(name: str) -> bool:
    """
    Whether `name` can only be another name of a future, unless the tape has a symbol so called.

    >>> is_alias("VN30F1M"), is_alias("VN30F2612"), is_alias("VN30"), is_alias("VCB")
    (True, True, False, False)
    """
    return _FUTURE.fullmatch(name) is not None

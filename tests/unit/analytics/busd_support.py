"""Both steps of the BUSD flow, run by the pump's rules."""

import itertools
from typing import Any

import msgspec

from schemas.busd_forecasts import BusdForecast
from schemas.busd_partials import BusdPartial
from schemas.busd_patterns import BusdPattern
from schemas.market import MarketMessage
from services.analytics.busd_app import build
from services.analytics.busd_merge_app import build as build_merge
from services.runtime.partition import Partition
from services.runtime.settings import Settings
from tests.support.busd import busd_messages


class Reduced:
    """Step 1 over one partition; `patterns` and `partials` are what it wrote."""

    def __init__(self, number: int = 3, **settings: Any) -> None:
        self.number, self.settings = number, Settings(**settings)
        self.patterns: list[bytes] = []
        self.partials: list[bytes] = []
        self.state = self._new()

    def _new(self) -> Partition[Any]:
        sinks = {
            BusdPattern: lambda _, value: self.patterns.append(value),
            BusdPartial: lambda _, value: self.partials.append(value),
        }
        return Partition(build(self.settings), sinks, [], number=self.number)

    def take(self, *messages: MarketMessage) -> list[BusdPattern]:
        """Give messages as one record; the patterns that came out."""
        before = len(self.patterns)
        assert self.state.run(self.state.next_offset, messages) == []
        return [msgspec.json.decode(v, type=BusdPattern) for v in self.patterns[before:]]

    def restart(self) -> None:
        """Go on from the encoded state."""
        data, offset = self.state.encode(), self.state.next_offset
        self.state = self._new()
        self.state.restore(data, offset)


class Merged:
    """Step 2; `values` is what it wrote."""

    def __init__(self) -> None:
        self.values: list[bytes] = []
        self.state = self._new()

    def _new(self) -> Partition[Any]:
        sinks = {BusdForecast: lambda _, value: self.values.append(value)}
        return Partition(build_merge(Settings()), sinks, [])

    def take(self, *partials: bytes) -> None:
        """Give partials, each a record."""
        for value in partials:
            message = msgspec.json.decode(value, type=BusdPartial)
            assert self.state.run(self.state.next_offset, [message]) == []

    def restart(self) -> None:
        """Go on from the encoded state."""
        data, offset = self.state.encode(), self.state.next_offset
        self.state = self._new()
        self.state.restore(data, offset)

    @property
    def forecasts(self) -> list[BusdForecast]:
        return [msgspec.json.decode(value, type=BusdForecast) for value in self.values]


def market(count: int, symbols: int = 6, seed: int = 1) -> list[MarketMessage]:
    """The first messages of the repeating HOSE."""
    return list(itertools.islice(busd_messages(symbols, seed), count))

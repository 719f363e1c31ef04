"""The newest row of each symbol in the derived topics that a table is made of."""

import json
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

Row = dict[str, Any]


def newer(
    partition: int, message: Row, last: MutableMapping[tuple[int, str], tuple[int, int]]
) -> bool:
    """Whether a reader takes a message of a derived topic (design §6), which it then remembers."""
    stream = (partition, message["symbol"] + message.get("venue", ""))
    order = (message["seq"], message.get("part", 0))
    if order <= last.get(stream, (-1, 0)):
        return False
    last[stream] = order
    return True


@dataclass(slots=True)
class Derived:
    """
    Rows as they stand in JSON.

    Attributes:
        there: the topics that the tape has, of `NAMES`.
        flow: (symbol, day, phase) -> its newest row of `session-flow`.
        board, index_values: symbol -> the newest row of that topic.
        baskets: index -> its newest basket.
        basis, estimates: contract, index -> the newest row of `basis`, of `index-estimates`.
        leaders: venue -> its newest `market_leaders`.
        alerts: each once, in the order in which they are read.
    """

    NAMES: ClassVar = (
        "session-flow", "board", "instruments", "index-values", "basis", "index-estimates",
        "market-summary", "alerts",
    )  # fmt: skip
    """The topics that are read."""

    there: set[str] = field(default_factory=set)
    flow: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    board: dict[str, Row] = field(default_factory=dict)
    baskets: dict[str, Row] = field(default_factory=dict)
    index_values: dict[str, Row] = field(default_factory=dict)
    basis: dict[str, Row] = field(default_factory=dict)
    estimates: dict[str, Row] = field(default_factory=dict)
    leaders: dict[str, Row] = field(default_factory=dict)
    alerts: dict[tuple[str, ...], Row] = field(default_factory=dict)
    _last: dict[str, dict[tuple[int, str], tuple[int, int]]] = field(default_factory=dict)

    def add(self, name: str, partition: int, value: bytes | None) -> None:
        """A record of the topic `name`, in the order of its partition."""
        if value is None:
            return
        message: Row = json.loads(value)
        symbol = message["symbol"]
        if message["type"] == "alert":
            # Its stream is a rule's; one of a venue stands in every partition.
            names = ("venue", "rule", "symbol", "seq", "part")
            self.alerts.setdefault(tuple(str(message.get(n, 0)) for n in names), message)
            return
        if symbol == "*" or not newer(partition, message, self._last.setdefault(name, {})):
            return
        match message["type"]:
            case "session_flow":
                self.flow[symbol, message["day"], message["phase"]] = message
            case "board":
                self.board[symbol] = message
            case "basket":
                self.baskets[symbol] = message
            case "index":
                self.index_values[symbol] = message
            case "basis":
                self.basis[symbol] = message
            case "index_estimate":
                self.estimates[symbol] = message
            case "market_leaders":
                self.leaders[symbol] = message

    def flow_of_day(self) -> dict[tuple[str, str], Row]:
        """(symbol, day) -> the day's row of `session-flow`."""
        return {
            (symbol, day): row for (symbol, day, phase), row in self.flow.items() if phase == "day"
        }

"""What a tape holds of each symbol on each day, from its topics or from its database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from schemas import frames
from schemas.base import BROADCAST
from schemas.keys import venue_of
from schemas.market import Day, Foreign, Gap, MarketMessage, Trade
from schemas.topics import MARKET
from services.report.independent import DayKey, day_key
from services.runtime import kafka

MAIN = "main"


@dataclass(slots=True)
class Held:
    """
    One symbol on one day.

    `volume` is the sum of the main board's prints (exact for whole numbers), `total` the last
    `total_volume` that came with one; `grown` are the sums of what foreign volumes (bought,
    sold) grew by from message to message, `foreign` their last values.
    """

    prints: int = 0
    volume: float = 0
    total: float | None = None
    last_price: float | None = None
    gaps: list[Gap] = field(default_factory=list)
    foreign: tuple[int, int] | None = None
    grown: tuple[int, int] = (0, 0)
    odd_lots: float | None = None
    put_through: float | None = None

    def add(self, message: MarketMessage) -> None:
        """One message of `market`, in the order of the symbol's `seq`."""
        match message:
            case Trade(board="main"):
                self.prints += 1
                self.volume += message.volume
                self.last_price = message.price
                if message.total_volume is not None:
                    self.total = message.total_volume
            case Gap():
                self.gaps.append(message)
            case Foreign():
                self._foreign(message.buy_volume or 0, message.sell_volume or 0)
            case Day():
                self._day(message.odd_lot_volume, message.put_through_volume)
            case _:
                pass

    def _foreign(self, buy: int, sell: int) -> None:
        last, grown = self.foreign or (0, 0), self.grown
        self.grown = (grown[0] + max(0, buy - last[0]), grown[1] + max(0, sell - last[1]))
        self.foreign = (buy, sell)

    def _day(self, odd_lots: float | None, put_through: float | None) -> None:
        self.odd_lots = self.odd_lots if odd_lots is None else odd_lots
        self.put_through = self.put_through if put_through is None else put_through


class Days:
    """Symbol-days of a tape, and the gaps of whole venues, each once."""

    def __init__(self) -> None:
        self.by_key: dict[DayKey, Held] = defaultdict(Held)
        self.venue_gaps: dict[tuple[str, int], Gap] = {}

    def add(self, message: MarketMessage) -> None:
        """One message; what says nothing of a symbol's day is passed over."""
        if not isinstance(message, Trade | Gap | Foreign | Day):
            return
        if message.symbol == BROADCAST:
            assert isinstance(message, Gap)
            self.venue_gaps[message.venue, message.seq] = message
            return
        key = day_key(message.symbol, venue_of(message.symbol), message.seq)
        self.by_key[key].add(message)


async def from_topics(bootstrap: str, tape: str) -> Days:
    """
    From `market`.

    Raises:
        LookupError: the tape has no such topic.
    """
    days = Days()
    async for record in kafka.read_all(bootstrap, MARKET.on(tape)):
        for message in frames.messages(record.value):
            days.add(message)
    return days


_DAY = """
(to_timestamp(seq / 1000000) AT TIME ZONE 'UTC'
 + CASE WHEN symbol ~ '[.](BN|BNF|BNC)$' THEN interval '0' ELSE interval '7 hours' END)::date::text
"""
_PRINTS = f"""
SELECT symbol, {_DAY} AS day, count(*), sum(volume::numeric),
       (array_agg(total_volume ORDER BY seq DESC) FILTER (WHERE total_volume IS NOT NULL))[1],
       (array_agg(price ORDER BY seq DESC))[1]
FROM {{schema}}.trades_classified WHERE board = 'main' GROUP BY 1, 2
"""  # noqa: S608  # of constants
_FOREIGN = f"""
SELECT symbol, day, (array_agg(buy ORDER BY seq DESC))[1], (array_agg(sell ORDER BY seq DESC))[1],
       sum(greatest(0, buy - before_buy)), sum(greatest(0, sell - before_sell))
FROM (
    SELECT symbol, day, seq, buy, sell,
           lag(buy, 1, 0::bigint) OVER (PARTITION BY symbol, day ORDER BY seq) AS before_buy,
           lag(sell, 1, 0::bigint) OVER (PARTITION BY symbol, day ORDER BY seq) AS before_sell
    FROM (SELECT symbol, {_DAY} AS day, seq, coalesce(buy_volume, 0) AS buy,
                 coalesce(sell_volume, 0) AS sell FROM {{schema}}.market_foreign) AS stamped
) AS grown GROUP BY 1, 2
"""  # noqa: S608  # of constants
_DAYS = f"""
SELECT symbol, {_DAY} AS day,
       (array_agg(odd_lot_volume ORDER BY seq DESC) FILTER (WHERE odd_lot_volume IS NOT NULL))[1],
       (array_agg(put_through_volume ORDER BY seq DESC)
           FILTER (WHERE put_through_volume IS NOT NULL))[1]
FROM {{schema}}.market_day GROUP BY 1, 2
"""  # noqa: S608  # of constants
_GAPS = """
SELECT symbol, feed, seq, (extract(epoch FROM ts) * 1000)::bigint AS ts_ms, venue, channel, cause,
       from_ts_ms, to_ts_ms, missing_volume, missing_value, missing_count
FROM {schema}.market_gap ORDER BY seq
"""


def from_database(url: str, tape: str) -> Days:
    """
    From the tape's tables.

    Raises:
        psycopg.errors.UndefinedTable: the tape has none.
    """
    days = Days()
    with psycopg.connect(url) as connection:
        for symbol, day, prints, volume, total, price in _rows(connection, _PRINTS, tape):
            held = days.by_key[symbol, day]
            held.prints, held.volume = prints, _plain(volume)
            held.total, held.last_price = total, price
        for symbol, day, buy, sell, bought, sold in _rows(connection, _FOREIGN, tape):
            held = days.by_key[symbol, day]
            held.foreign, held.grown = (buy, sell), (int(bought), int(sold))
        for symbol, day, odd_lots, put_through in _rows(connection, _DAYS, tape):
            held = days.by_key[symbol, day]
            held.odd_lots, held.put_through = odd_lots, put_through
        for row in _rows(connection, _GAPS, tape):
            days.add(_gap(row))
    return days


def _rows(connection: psycopg.Connection[Any], query: str, tape: str) -> Iterable[Any]:
    text = sql.SQL(query).format(schema=sql.Identifier(tape))
    return connection.execute(text).fetchall()


def _plain(number: Any) -> float:
    return int(number) if number == int(number) else float(number)


_GAP_FIELDS = (
    "symbol", "feed", "seq", "ts_ms", "venue", "channel", "cause", "from_ts_ms", "to_ts_ms",
    "missing_volume", "missing_value", "missing_count",
)  # fmt: skip


def _gap(row: tuple[Any, ...]) -> Gap:
    fields: Mapping[str, Any] = dict(zip(_GAP_FIELDS, row, strict=True))
    return Gap(**fields)

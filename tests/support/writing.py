"""A tape for tests of the writer: migrated, with topics, settings, and messages to send."""

import random
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from schemas import frames
from schemas.base import BROADCAST
from schemas.keys import partition
from schemas.market import BookDelta, Clock, Gap, MarketMessage, Quote, Trade
from schemas.topics import MARKET, TRADES_CLASSIFIED
from schemas.trades_classified import TradeClassified
from services import stack
from services.runtime import kafka as clients
from services.runtime import topics_admin
from services.runtime.outbox import Outboxes
from services.runtime.settings import Settings
from services.stack import Addresses
from services.writer.schema import migrate
from tests.support.stack import ROOT

FIRST_SEQ = 1_723_075_200_000_000


def instance_of(addresses: Addresses) -> str:
    """The local instance behind these addresses, beside which its passwords are kept."""
    known = {n: stack.addresses(ROOT, n) for n in stack.instances(ROOT)}
    return next((n for n, found in known.items() if found == addresses), "given")


async def prepared(addresses: Addresses, tape: str) -> Settings:
    """The tape's topics, schema and logins made; settings for its services."""
    settings = Settings(
        tape=tape,
        stack=instance_of(addresses),
        local_dir=ROOT / ".local",
        kafka=addresses.kafka,
        database_url=addresses.database,
    )
    migrate(settings)
    await topics_admin.apply(addresses.kafka, tape)
    return settings


def market(count: int, *, symbols: int = 40, seed: int = 1) -> Iterator[MarketMessage]:
    """Trades, quotes, book changes, gaps and clocks of one venue, in the order of seq."""
    rnd = random.Random(seed)
    for n in range(count):
        seq, ts_ms = FIRST_SEQ + n * 700, FIRST_SEQ // 1000 + n
        head: dict[str, Any] = {"feed": "binance", "seq": seq, "ts_ms": ts_ms}
        symbol = f"S{rnd.randrange(symbols)}.BN"
        match rnd.randrange(100):
            case 0:
                yield Clock(**head, symbol=BROADCAST, venue="BN")
            case 1:
                yield Gap(**head, symbol=BROADCAST, venue="BN", channel="trade",
                          cause="disconnect", from_ts_ms=ts_ms - 9, to_ts_ms=ts_ms)  # fmt: skip
            case k if k < 40:
                yield Quote(**head, symbol=symbol, bids=_side(rnd, 1), asks=_side(rnd, 1))
            case k if k < 60:
                yield BookDelta(**head, symbol=symbol, bids=_side(rnd, 3), asks=_side(rnd, 0),
                                first_id=n, last_id=n + 2)  # fmt: skip
            case _:
                yield Trade(**head, symbol=symbol, price=round(rnd.uniform(1, 9), 2),
                            volume=rnd.randrange(1, 99), trade_id=str(n))  # fmt: skip


def _side(rnd: random.Random, count: int) -> list[tuple[float, float]]:
    price = rnd.uniform(1, 90_000)
    return [(round(price - i * 0.01, 2), round(rnd.uniform(0, 10), 5)) for i in range(count)]


def classified(trade: Trade) -> TradeClassified:
    """A trade as the classifier might publish it."""
    return TradeClassified(
        symbol=trade.symbol, feed=trade.feed, seq=trade.seq, ts_ms=trade.ts_ms, price=trade.price,
        volume=trade.volume, side="buy", rule="quote", vendor_side=None, inferred_side="buy",
        confidence=0.9, phase=trade.phase, board=trade.board, trade_id=trade.trade_id,
    )  # fmt: skip


class Sender:
    """Sends to a tape's topics as its producers do: by partition, broadcasts to all."""

    def __init__(self, bootstrap: str, tape: str, partitions: int = 12) -> None:
        self._producer = clients.producer(bootstrap, "test-sender")
        self._outboxes = Outboxes(self._producer)
        self._tape, self._partitions = tape, partitions

    async def __aenter__(self) -> "Sender":
        await self._producer.start()
        return self

    async def __aexit__(self, failure: object, *_: object) -> None:
        if failure is None:
            await self._outboxes.stop()
            await self._producer.stop()

    async def market(self, messages: Iterable[MarketMessage], frame: int = 50) -> None:
        """These into `market`, and its trades, classified, into `trades-classified`."""
        open_: dict[int, list[MarketMessage]] = {}
        for message in messages:
            everywhere = message.symbol == BROADCAST
            home = partition(message.symbol, self._partitions)
            for number in range(self._partitions) if everywhere else [home]:
                lines = open_.setdefault(number, [])
                lines.append(message)
                if len(lines) >= frame:
                    self.raw(MARKET.name, number, frames.encode_frame(open_.pop(number)))
            if isinstance(message, Trade):
                self.raw(TRADES_CLASSIFIED.name, home, msgspec.json.encode(classified(message)))
        for number, lines in open_.items():
            self.raw(MARKET.name, number, frames.encode_frame(lines))
        await self._outboxes.flush()

    def raw(self, topic: str, number: int, value: bytes, key: bytes | None = None) -> None:
        """One record as it is; `flush` sends it. A compacted topic takes none without a key."""
        full = topic if self._tape == "live" else f"{self._tape}.{topic}"
        self._outboxes.get(full, number).append(key, value)

    async def flush(self) -> None:
        """Wait until all is on the broker."""
        await self._outboxes.flush()

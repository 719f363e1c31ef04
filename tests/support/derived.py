"""Messages of `session-flow`, `board` and the other topics of newest messages, and their runs."""

import random
from typing import Any

import msgspec

from schemas.bars import Bar
from schemas.board import BoardRow
from schemas.keys import partition
from schemas.market import Basket, Index, Instrument, Member, Status
from schemas.session_flow import SessionFlow
from tests.support.writing import FIRST_SEQ, Sender

Place = tuple[str, int]
"""A topic, and a partition."""

EXCHANGES = ("HOSE", "HNX", "UPCOM")


def board_row(symbol: str, seq: int, day: str = "2024-08-08", **more: Any) -> BoardRow:
    """A row that differs by seq."""
    fields = {"venue": "VN", "last": seq % 1000 / 10, "bids": [(seq % 7, 100)], "asks": []} | more
    return BoardRow(symbol=symbol, feed="f", seq=seq, ts_ms=seq // 1000, day=day, **fields)


def flow(symbol: str, seq: int, part: int, phase: Any, day: str = "2024-08-08") -> SessionFlow:
    """A row of one phase, or of the day, that differs by seq."""
    zero = {f: 0 for f in SessionFlow.__struct_fields__ if f.endswith(("_volume", "_count"))}
    return SessionFlow(
        symbol=symbol, feed="f", seq=seq, ts_ms=seq // 1000, part=part, venue="VN", day=day,
        phase=phase, total_value=None, buy_value=1.5, sell_value=None, neutral_value=0, final=False,
        **zero | {"total_volume": seq % 1000, "buy_volume": seq % 1000},
    )  # fmt: skip


def bar(symbol: str, seq: int, part: int, ts_ms: int, word: str = "1m") -> Bar:
    """A bar under way that differs by seq."""
    zero = {f: 0 for f in Bar.__struct_fields__ if f.endswith(("volume", "delta"))}
    return Bar(
        symbol=symbol, feed="f", seq=seq, ts_ms=ts_ms, part=part, venue="VN", interval=word,
        kind="time", phase="continuous", number=0, end_ms=ts_ms + 60_000, open=1, high=2, low=1,
        close=seq % 7, vwap=None, trades=seq % 1000, final=False, revision=0, **zero,
    )  # fmt: skip


def derived(count: int, *, symbols: int = 20, seed: int = 1) -> list[tuple[Place, Any]]:
    """So many steps of a venue: messages with where they go, in the order of seq."""
    rnd = random.Random(seed)
    out: list[tuple[Place, Any]] = []
    for n in range(count):
        seq = FIRST_SEQ + n * 1_000_000
        symbol, day = f"S{rnd.randrange(symbols)}", ("2024-08-08", "2024-08-09")[n * 2 // count]
        home = partition(symbol, 12)
        head: dict[str, Any] = {"symbol": symbol, "feed": "f", "seq": seq, "ts_ms": seq // 1000}
        out.append((("board", home), board_row(symbol, seq, day)))
        for part, phase in enumerate(("continuous", "day")):
            out.append((("session-flow", home), flow(symbol, seq, part, phase, day)))
        match rnd.randrange(12):
            case 0:
                what = Instrument(
                    **head, venue="VN", exchange="HOSE", kind="stock", aliases=[str(n)],
                    price_steps=[(0, 10), (n, 50)],
                )  # fmt: skip
                out.append((("instruments", home), what))
            case 1:
                members = [Member("A", cap=0.1), Member("Ộ", shares=n)]
                basket = Basket(**head, members=members, effective_date=day, source=str(n))
                out.append((("instruments", home), basket))
            case 2:
                status = Status(**head, venue="VN", exchange="HOSE", phase=None)
                out.append((("sessions", home), status))
            case 3:
                head["symbol"] = "*"
                exchange = rnd.choice(EXCHANGES)
                wide = Status(**head, venue="VN", exchange=exchange, phase="atc")
                out += [(("sessions", p), wide) for p in range(12)]
            case 5 | 6:
                begins = seq // 600_000_000 * 600_000
                for part, word in enumerate(("1m", "5m")):
                    out.append((("bars", home), bar(symbol, seq, part, begins, word)))
            case 4:
                index = Index(**head, value=1000 + n, advances=n)
                out.append((("index-values", home), index))
    return out


def key_of(message: Any) -> bytes:
    """The key of its record, as the contract says (schemas/topics.py)."""
    match message:
        case Status(symbol="*"):
            return str(message.exchange).encode()
        case Basket():
            return f"basket:{message.symbol}".encode()
    return str(message.symbol).encode()


async def send(sender: Sender, messages: list[tuple[Place, Any]]) -> None:
    """These, each partition in order, acknowledged."""
    for (topic, number), message in messages:
        sender.raw(topic, number, msgspec.json.encode(message), key_of(message))
    await sender.flush()


async def send_with_repeats(
    sender: Sender, messages: list[tuple[Place, Any]], seed: int, step: int = 200
) -> None:
    """As services that crash do: now and then a run of old records comes once more, in order."""
    rnd = random.Random(seed)
    for start in range(0, len(messages), step):
        await send(sender, messages[start : start + step])
        if rnd.random() < 0.4:
            await send(sender, messages[rnd.randrange(start + 1) : start + rnd.randrange(1, step)])

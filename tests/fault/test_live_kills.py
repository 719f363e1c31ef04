"""An ingest connected to Binance that is killed, and stopped: the tape lacks no trade."""

from functools import partial
from pathlib import Path

import pytest

from schemas import frames
from schemas.market import Gap, Trade
from schemas.topics import CONTROL
from services.ingest.positions import chain_of, last_position
from services.ingest.verify import verify
from services.runtime import kafka as clients
from tests.support.binance_exchange import BinanceExchange
from tests.support.connected import connected, lives, played, topics
from tests.support.eventually import eventually
from tests.support.ingest import BINANCE_DATA, written

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

SPOT = BINANCE_DATA / "spot_btcusdt_20240809.gz"


async def knows_trades(kafka: str, tape: str) -> bool:
    """A position stands that knows how far the trades are."""
    control = CONTROL.on(tape)
    span = (await clients.spans(kafka, [control]))[control][0]
    found = await last_position(kafka, tape, ["BN"], span, lambda _engine: None)
    return found is not None and "BN" in chain_of(found).engine["decoders"]


async def test_trades_that_were_made_while_no_ingest_ran_are_fetched_at_the_next_start(
    kafka: str, tape: str, tmp_path: Path
) -> None:
    """After kill -9 and after SIGTERM; the books' time without a process is a gap."""
    await topics(kafka, tape, "binance")
    async with BinanceExchange(SPOT, 1000) as exchange:
        settings = exchange.environment("spot", "BTCUSDT")
        for end in ("kill", "terminate", "last"):
            with connected(tape, kafka, tmp_path, settings, "binance") as run:
                await lives(run, after=300)
                # A tape's first second is behind it.
                await eventually(partial(knows_trades, kafka, tape), 30)
                if end == "kill":
                    run.kill()
                else:
                    await played(run)
                    assert run.terminate() == 0, run.said()
            at = exchange.at
            await eventually(lambda at=at: exchange.at > at + 1000)  # type: ignore[misc]
        made = {each["id"] for each in exchange.trades}
    found = await written(kafka, tape)
    messages = [frames.messages(line)[0] for lines in found.market.values() for line in lines]
    ids = [int(each.trade_id or 0) for each in messages if isinstance(each, Trade)]
    assert len(ids) > 300
    assert ids == list(range(ids[0], ids[-1] + 1))
    assert set(ids) <= made
    gaps = sorted(
        {g for each in messages if isinstance(each, Gap) for g in [_bounds(each)] if g},
        key=lambda g: g[1],
    )
    whole = [g for g in gaps if g[0] == "*"]
    books = [g for g in gaps if g[0].endswith("depth")]
    assert len(whole) == len(books) == 2, gaps
    for (_, _, all_until), (_, since, until) in zip(whole, books, strict=True):
        assert since <= all_until <= until, "a start's first moments are in one of its gaps"
    causes = [each.cause for each in messages if isinstance(each, Gap) and each.symbol == "*"]
    assert causes.count("restart") >= 2
    assert "trade_id" not in {each.cause for each in messages if isinstance(each, Gap)}
    assert found.letters == set()
    verdict = await verify(kafka, tape)
    assert verdict.ok, verdict.faults


def _bounds(gap: Gap) -> tuple[str, int, int] | None:
    """Channel, from and to of a loss by a restart."""
    if gap.cause != "restart" or gap.symbol != "*":
        return None
    return gap.channel, gap.from_ts_ms, gap.to_ts_ms

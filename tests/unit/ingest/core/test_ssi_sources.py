"""Which channel of SSI writes what, when several tell it."""

import json

import pytest

from schemas.market import Day, Quote, Trade
from services.ingest.core.engine import Engine
from services.ingest.core.feed import Feed
from services.ingest.core.registry import FEEDS
from services.ingest.core.ssi_v2 import SsiDecoder
from services.ingest.core.vn.sources import PRIMARY, Kind
from tests.unit.ingest.core.support import drops, messages
from tests.unit.ingest.core.vietnam import (
    DATE,
    NOON,
    envelope,
    quote,
    raws,
    run,
    trade,
)

BAR = {"TradingDate": DATE, "Time": "09:15:00", "Symbol": "HPG", "Open": 21750.0, "High": 21750.0}
BAR |= {"Low": 21750.0, "Close": 21750.0, "Volume": 100.0, "Value": 0.0, "RType": "B"}


@pytest.mark.parametrize("kind", ["trade", "candle"])
def test_fills_become_trades_or_candles_only_where_that_is_configured(kind: str) -> None:
    fill = envelope("B", BAR)
    assert drops(run([fill])) == ["not_primary"]
    sources = {**PRIMARY, kind: ("ssi", "B")}
    feed = FEEDS["ssi"]._replace(decoder=lambda venue: SsiDecoder(venue, sources))
    engine = Engine(["VN"], {"ssi": feed})
    done = [engine.decode(raw) for raw in raws([(NOON, "ssi", fill), (NOON, "ssi", fill)])]
    found = messages(done)
    assert [m.volume for m in found] == [100, 100], "true fills repeat to the letter"
    assert {type(m).__name__.lower() for m in found} == {kind}


def test_x_can_write_trades_and_quotes_in_place_of_its_halves() -> None:
    kinds: tuple[Kind, ...] = ("trade", "quote", "day", "auction")
    sources = {**PRIMARY, **dict.fromkeys(kinds, ("ssi", "X"))}
    feed: Feed = FEEDS["ssi"]._replace(decoder=lambda venue: SsiDecoder(venue, sources))
    engine = Engine(["VN"], {"ssi": feed})
    both = json.loads(json.loads(trade(100, 100))["Content"])
    both |= json.loads(json.loads(quote((21700, 500)))["Content"])
    both |= {"RType": "X", "Open": 21700.0, "High": 21750.0, "Low": 21700.0, "Close": 21750.0}
    lines = [(NOON, "ssi", m) for m in (envelope("X", both), trade(100, 200), quote((1, 1)))]
    done = [engine.decode(raw) for raw in raws(lines)]
    assert [type(m) for m in messages(done)] == [Trade, Day, Quote]
    assert drops(done) == ["not_primary", "not_primary"]


def test_one_volume_of_one_stock_on_all_channels_at_once_counts_once() -> None:
    both = json.loads(json.loads(trade(100, 100))["Content"])
    values = [trade(100, 100), envelope("X", both), envelope("B", BAR), envelope("OL", both)]
    done = run(values)
    assert sum(m.volume for m in messages(done) if isinstance(m, Trade)) == 100
    assert drops(done) == ["not_primary", "not_primary"]

"""The state in a position: small ones readable, large ones short, damaged ones refused."""

from typing import Any

import msgspec
import pytest

from services.ingest.core.engine import Engine
from services.ingest.core.feed import MAX_SYMBOLS
from services.ingest.feeds.base import MAX_VALUE_BYTES
from services.ingest.packing import PLAIN_BYTES, pack, unpack
from services.ingest.tally import Tally
from services.runtime.health import Health
from services.runtime.metrics import Metrics
from tests.unit.ingest.core.support import NOON, codes, depth, raws, ticker, trade


def crowd(count: int) -> list[bytes]:
    """A trade, a quote and a book update of each of so many symbols, with long names and ids."""
    made = []
    for n in range(count):
        name, id_ = f"S{n * 7_919_000_017:062d}", 2**53 - n * 7_919_017
        stream = f"{name.lower()}@"
        for value in (
            trade(id_, s=name, p=f"{id_ % 10**6}.{id_ % 997}", q=f"{id_ % 9973}.{id_ % 991}"),
            ticker(id_, s=name, bid=f"{id_ % 10**5 + 1}.17", ask=f"{id_ % 10**5 + 2}.93"),
            depth(id_, id_, s=name),
        ):
            made.append(value.replace(b"btcusdt@", stream.encode()))
    return made


def test_one_symbol_more_than_a_feed_may_have_is_a_dead_letter_and_the_state_fits() -> None:
    """The known ones go on; the state of them all fits a record and comes back as it was."""
    engine = Engine(["BN"])
    values = [*crowd(MAX_SYMBOLS), trade(1), depth(1, 1), *crowd(1)[:1]]
    lines = [(NOON + n, value) for n, value in enumerate(values)]
    done = [engine.decode(raw) for raw in raws("BN", lines)]
    assert codes(done) == ["too_many_symbols"] * 2
    assert done[-1].dropped == ["duplicate"]
    state = engine.state()
    packed = pack(state)
    assert len(packed) < MAX_VALUE_BYTES - 100_000
    through_json = unpack(msgspec.json.decode(msgspec.json.encode(packed)))
    again = Engine(["BN"])
    again.restore(through_json)
    assert again.state() == state


@pytest.mark.parametrize("state", [None, {}, {"a": [1, 2.5]}, {"a": "x" * (PLAIN_BYTES - 8)}])
def test_a_small_state_stays_as_it_is_like_those_of_before(state: Any) -> None:
    assert pack(state) is state
    assert unpack(state) is state


@pytest.mark.parametrize("packed", ["", "!", "AAAA", pack(["x" * PLAIN_BYTES])[:-12], "Zm9v"])
def test_a_damaged_state_is_refused(packed: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        unpack(packed)


def test_a_position_too_large_is_not_written_and_health_says_so_until_one_fits() -> None:
    health = Health()
    tally = Tally(Metrics("ingest"), health)
    assert not tally.position(11, 10)
    assert "position too large: 11 bytes" in health.problems["position"]
    assert tally.position(10, 10)
    assert not health.problems

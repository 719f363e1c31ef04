"""Which state of a key is the newest, and which symbol an alias means."""

import json
import random

import pytest

from services.gateway.core import wire
from services.gateway.core.aliases import Aliases
from services.gateway.core.channels import BY_NAME
from services.gateway.core.hub import Hub
from services.gateway.core.outbound import Outbound


def take(hub: Hub, topic: str, **fields: object) -> bool | None:
    ((head, line),), _ = wire.heads(json.dumps(fields).encode(), frame=topic == "market")
    return hub.take(topic, 0, head, line)


def flow(seq: int, part: int, phase: str, day: str) -> dict[str, object]:
    fields = {"type": "session_flow", "symbol": "A", "seq": seq, "part": part}
    return {**fields, "phase": phase, "day": day}


def served(hub: Hub, channel: str, symbol: str) -> list[dict]:
    stream = hub.stream(BY_NAME[channel], symbol)
    assert stream.chars == sum(len(text) for text in stream.snapshot(1))
    return [json.loads(text) for text in stream.snapshot(1)]


def test_states_of_several_keys_are_the_newest_of_each_in_whatever_order_runs_come() -> None:
    rows = [flow(n // 3, n % 3, ("ato", "plo", "day")[n % 3], "2024-08-08") for n in range(3, 60)]
    for seed in range(20):
        hub, shuffled = Hub("test"), [*rows, *rows]
        random.Random(seed).shuffle(shuffled)
        for row in shuffled:
            take(hub, "session-flow", **row)
        found = {(m["phase"], m["seq"]) for m in served(hub, "session-flow", "A")}
        assert found == {("ato", 19), ("plo", 19), ("day", 19)}


def test_a_new_day_leaves_no_phase_of_the_day_before() -> None:
    hub = Hub("test")
    for phase in ("ato", "plo", "day"):
        assert take(hub, "session-flow", **flow(1, 0, phase, "2024-08-08"))
    assert take(hub, "session-flow", **flow(2, 0, "ato", "2024-08-09"))
    assert take(hub, "session-flow", **flow(3, 0, "plo", "2024-08-08")) is False
    assert [(m["phase"], m["day"]) for m in served(hub, "session-flow", "A")] == [
        ("ato", "2024-08-09")
    ]


def test_a_row_of_the_board_with_nulls_is_served() -> None:
    hub, out = Hub("test"), Outbound(lambda: None)
    hub.join_all(BY_NAME["board"], out)
    row = {"type": "board", "symbol": "A", "seq": 1, "part": 0, "phase": None, "exchange": None}
    assert take(hub, "board", **row)
    assert take(hub, "board", **row) is False
    _, data = json.loads(out.take(0.0) or "[]")
    assert data == {"ch": "board", **row}


def test_the_newest_claim_of_an_alias_counts_in_whatever_order_instruments_come() -> None:
    said = [("G8", 1, ["1M"]), ("G9", 2, ["2M"]), ("G8", 3, []), ("G9", 4, ["1M"]), ("GA", 5, [])]
    for seed in range(50):
        aliases, shuffled = Aliases(), [*said, *said]
        random.Random(seed).shuffle(shuffled)
        for symbol, seq, names in shuffled:
            aliases.learn(symbol, seq, names)
        assert aliases.all() == {"1M": "G9"}


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("VN30F1M", "41I1G8000"),
        ("41I1G8000", "41I1G8000"),
        ("VN30F2407", "VN30F2407"),
        ("VN30F2M", None),
        ("VN30F2612", None),
        ("NOBODY", "NOBODY"),
        ("*", "*"),
    ],
)
def test_a_name_is_its_own_symbol_before_it_is_an_alias(name: str, symbol: str | None) -> None:
    """A tape of 2024 has contracts whose code is what later was an alias."""
    hub = Hub("test")
    future = {"type": "instrument", "symbol": "41I1G8000", "seq": 5}
    take(hub, "instruments", **future, aliases=["VN30F1M", "VN30F2407"])
    take(hub, "market", type="trade", symbol="VN30F2407", seq=6)
    assert hub.resolve(name) == symbol

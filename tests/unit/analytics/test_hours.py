"""When rules are silent."""

from typing import Any

import pytest
import yaml

from services.analytics.core.hours import family
from tests.support.alerts import engine
from tests.unit.analytics.support import DAY, SECOND, T0, Rules, at, printed

RULE = {"id": "r", "kind": "large_trade", "min_volume": 1, "cooldown_s": 0}
FAMILIES = {"families": ["stock", "future", "crypto"]}


def told(seq: int, symbol: str = "HPG", **more: Any) -> bool:
    text = yaml.safe_dump({"rules": [{**RULE, **FAMILIES, **more}]})
    return bool(Rules("trades-classified", text).take(printed(seq, symbol=symbol)))


@pytest.mark.parametrize(
    ("hour", "minute", "second", "stock", "future"),
    [
        (8, 44, 59, False, False),
        (8, 45, 59, False, False),
        (8, 46, 0, False, True),
        (9, 0, 59, False, False),
        (9, 1, 0, True, True),
        (9, 15, 30, False, True),
        (9, 16, 0, True, True),
        (11, 29, 59, True, True),
        (11, 30, 0, False, False),
        (12, 59, 59, False, False),
        (13, 0, 59, False, False),
        (13, 1, 0, True, True),
        (14, 30, 30, False, False),
        (14, 44, 59, True, True),
        (14, 46, 0, True, False),
        (15, 0, 0, False, False),
    ],
)
def test_silent_outside_sessions_in_the_break_and_in_the_first_minute(
    hour: int, minute: int, second: int, stock: bool, future: bool
) -> None:
    seq = at(hour, minute, second)
    assert told(seq) is stock
    assert told(seq, "41I1G8000") is future
    assert told(seq, anytime=True)


def test_crypto_is_told_at_any_time() -> None:
    assert all(told(T0 + hour * 3600 * SECOND, "BTCUSDT.BN") for hour in range(0, 7 * 24, 5))


def test_silent_on_weekends_and_holidays() -> None:
    days = [told(at(10, day=n)) for n in range(7)]
    assert days == [True] * 5 + [False] * 2
    hours = engine("market", holidays=frozenset([(T0 + DAY) // DAY])).hours
    assert hours.silent("stock", at(10, day=1) // 1000)
    assert not hours.silent("stock", at(10) // 1000)
    assert not hours.silent("crypto", at(10, day=1) // 1000)


def test_what_began_in_silence_and_still_holds_is_told_when_the_silence_ends() -> None:
    text = yaml.safe_dump({"rules": [{"id": "r", "kind": "price_limit"}]})
    crew = Rules("trades-classified", text)
    limits = {"ceiling": 32.0, "floor": 28.0}
    assert crew.take(printed(at(13, 0, 10), 32.0, **limits)) == []
    assert len(crew.take(printed(at(13, 1), 32.0, **limits))) == 1
    assert crew.take(printed(at(13, 2), 32.0, **limits)) == []


def test_families_are_told_from_codes() -> None:
    names = ["HPG", "VN30", "41I1GC000", "VN30F2407", "GB05F2412", "BTCUSDT.BNF", "*"]
    kinds = ["stock", "stock", "future", "future", "future", "crypto", "stock"]
    assert [family(name) for name in names] == kinds

"""An example through the alerts, their delivery and BUSD: what they write is valid."""

import json
from typing import Any

import msgspec

from schemas.base import BROADCAST
from schemas.market import Clock
from schemas.topics import (
    ALERTS,
    BUSD_FORECASTS,
    BUSD_PARTIALS,
)
from services.analytics.busd_app import build as build_busd
from services.analytics.busd_merge_app import build as build_busd_merge
from services.delivery.core import intake
from services.delivery.core.routes import Route
from services.runtime.partition import Partition
from services.runtime.settings import Settings
from tests.support.alerts import analytics
from tests.support.cores.schema import validator
from tests.support.examples import Example

BUSD, BUSD_MERGE = build_busd(Settings()), build_busd_merge(Settings())


def through_analytics(example: Example) -> None:
    """Rules of every kind take it; what they say is an alert of its stream, and said once."""
    alerts: list[bytes] = []
    service = analytics(example.topic.name)
    kinds = {kind: lambda _, value: alerts.append(value) for kind in service.outputs}
    state: Partition[Any] = Partition(service, kinds, [])
    message = example.message
    assert state.run(0, [message]) == []
    said = list(alerts)
    for value in said:
        validator(ALERTS.name).validate(json.loads(value))
        alert = intake.decode(value)
        assert (alert.symbol, alert.seq, alert.topic) == (
            message.symbol,
            message.seq,
            example.topic.name,
        )
    assert state.run(1, [message]) == []
    assert alerts == said, "the same message again changes nothing"


def through_delivery(example: Example) -> None:
    """One row a channel that takes it."""
    policy = intake.Policy("t1", withheld=None, oldest_ms=0)
    routes = [Route("all"), Route("none", rules=frozenset({"another"}))]
    (row,) = intake.rows(example.line, routes, policy)
    assert (row.channel, row.status) == ("all", "waiting")
    assert row.id.startswith(f"t1/{example.json['rule']}/")


def through_busd(example: Example) -> None:
    """The venue's next clock gives one partial; one trade alone is no pattern."""
    message = example.message
    found: list[bytes] = []
    sinks = {kind: lambda _, value: found.append(value) for kind in BUSD.outputs}
    state: Partition[Any] = Partition(BUSD, sinks, [], number=7)
    second = message.seq // 1_000_000 * 1_000_000 + 1_000_000
    clock = Clock(symbol=BROADCAST, feed="test", seq=second, ts_ms=second // 1000, venue="VN")
    assert state.run(0, [message, message, clock]) == []
    last = [json.loads(value) for value in found][-1]
    validator(BUSD_PARTIALS.name).validate(last)
    assert (last["seq"], last["symbol"], last["partition"]) == (second, "VN.7", 7)
    assert (last["bought"], last["sold"], last["trades"]) == (0, 0, 0)


def through_busd_merge(example: Example) -> None:
    """The first minute comes out when all partitions have passed its second; it counts once."""
    message = example.message
    found: list[bytes] = []
    sinks = {kind: lambda _, value: found.append(value) for kind in BUSD_MERGE.outputs}
    state: Partition[Any] = Partition(BUSD_MERGE, sinks, [])
    others = [
        msgspec.structs.replace(
            message, symbol=f"VN.{number}", partition=number, bought=0, sold=0, trades=0
        )
        for number in range(12)
        if number != message.partition
    ]
    assert state.run(0, [message, message, *others]) == []
    assert state.repeats == 1
    (value,) = found
    validator(BUSD_FORECASTS.name).validate(json.loads(value))
    assert json.loads(value)["trades"] == message.trades

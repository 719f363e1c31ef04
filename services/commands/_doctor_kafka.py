"""What can be wrong with Kafka and with a tape's topics."""

import asyncio
import time
from collections.abc import Iterator

import click
from aiokafka.errors import KafkaError

from schemas.topics import MARKET
from services.commands._context import reachable
from services.commands._doctor_machine import CLOCKS_APART_S, Finding, sentence
from services.lag.core.lags import Sum, sums
from services.lag.log import Log
from services.lag.survey import Surveyor
from services.runtime import kafka, topics_admin, topics_state
from services.runtime.settings import Settings

BEHIND_S = 30.0


def broker(settings: Settings) -> Iterator[Finding]:
    """Kafka, and the tape's topics in it."""
    try:
        reachable(settings.tape)
        tapes = asyncio.run(topics_admin.tapes(str(settings.kafka)))
    except (click.ClickException, KafkaError, OSError) as e:
        said, _, todo = sentence(e).partition(": ")
        yield Finding("fail", "kafka", said, todo or "`vntape up`, or set VNTAPE_KAFKA")
        return
    yield Finding("ok", "kafka", f"{settings.kafka} answers; tapes: {', '.join(tapes) or 'none'}")
    if settings.tape not in tapes:
        todo = f"`vntape topics apply --tape {settings.tape}`"
        yield Finding("warn", "topics", f"there is no tape {settings.tape}", todo)
        return
    yield _topics(settings)
    yield _brokers_clock(settings)
    yield from _lags(settings)


def _topics(settings: Settings) -> Finding:
    found = asyncio.run(topics_state.describe(str(settings.kafka), settings.tape))
    lines = topics_state.differences(found, settings.tape)
    absent = [line for line in lines if line.endswith("is not there")]
    odd = [line for line in lines if line not in absent]
    if odd:
        said = odd[0] if len(odd) == 1 else f"{odd[0]}; and {len(odd) - 1} more"
        todo = f"`vntape topics apply --settings --tape {settings.tape}`; a count of partitions "
        return Finding("fail", "topics", said, f"{todo}stands for the tape's life: a new tape")
    if absent:
        which = f"`vntape topics diff --tape {settings.tape}` names them"
        todo = f"{which}; where any of them runs, `vntape topics apply --tape {settings.tape}`"
        return Finding("warn", "topics", f"{len(found)} there, {len(absent)} are not", todo)
    return Finding("ok", "topics", f"all {len(found)} are as they should be")


def _brokers_clock(settings: Settings) -> Finding:
    """The newest record of `market` has the broker's time: it cannot be after ours."""

    async def newest_ms() -> int | None:
        client = kafka.consumer(str(settings.kafka), "vntape-doctor")
        await client.start()
        try:
            spans = await kafka.bounds(client, MARKET.on(settings.tape))
            last = {tp: end - 1 for tp, (first, end) in spans.items() if end > first}
            client.assign(list(last))
            for tp, at in last.items():
                client.seek(tp, at)
            async with asyncio.timeout(10):
                return max([(await client.getone(tp)).timestamp for tp in last], default=None)
        finally:
            await client.stop()

    try:
        newest = asyncio.run(newest_ms())
    except (LookupError, TimeoutError, KafkaError) as e:
        return Finding("warn", "kafka's clock", f"unknown: {sentence(e)}", "try again")
    if newest is None:
        return Finding("ok", "kafka's clock", "no record yet to tell by")
    ahead_s = newest / 1000 - time.time()
    if ahead_s > CLOCKS_APART_S:
        todo = "synchronise both clocks (NTP): latencies and lags in seconds are wrong by that"
        return Finding("fail", "kafka's clock", f"{ahead_s:.1f} s ahead of ours", todo)
    return Finding("ok", "kafka's clock", f"not ahead; market grew {-ahead_s:.0f} s ago")


def _lags(settings: Settings) -> Iterator[Finding]:
    async def look() -> list[Sum]:
        async with Log(str(settings.kafka), settings.tape) as log:
            return sums((await Surveyor(log, None).look()).lags)

    found = asyncio.run(look())
    late = [each for each in found if each.records and (each.age_s or 0) > BEHIND_S]
    for each in late:
        said = f"{each.records:,} records of {each.topic} wait, the oldest {each.age_s:,.0f} s"
        yield Finding("warn", each.reader.service, said, "docs/runbooks/lag-growing.md")
    if found and not late:
        yield Finding("ok", "lag", f"{len(found)} readers, none {BEHIND_S:.0f} s behind")

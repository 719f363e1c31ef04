"""
An ingest connected to the simulated exchange whose lines fail, over real sockets and real Kafka.

Of each fault: what was lost lies within a gap, nothing stands twice and nothing wrong enters
`market`, and the connections are live again by themselves.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from schemas.control import Changed, Connected
from services.ingest.verify import verify
from services.simulator.core.plan import Plan
from services.simulator.serve.server import Server
from tests.support.connected import clock_of, connected, environment, lives, played, topics
from tests.support.exchange import events, made, order, serving
from tests.support.ingest import IngestProcess, written
from tests.support.taken import Taken, invented, missed, taken, told, unmarked
from tests.unit.simulator.exchange_day import plan

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

BEGIN = "09:16:00"
ALL = frozenset({"F", "X-TRADE", "X-QUOTE", "R", "MI", "OL", "L", "S"})
SECOND_NS = 1_000_000_000
FATES = {
    "drop": "dropped", "duplicate": "duplicated", "overtake": "held", "out_of_order": "held",
    "malformed": "malformed",
}  # fmt: skip
SLACK_MS = 9_000
"""A gap is at most so much longer than the fault and the time to notice it: MI comes each 5 s,
and the snapshot is waited for."""


@dataclass
class Fault:
    """
    What is done to the exchange.

    Attributes:
        orders: for its control port, at once.
        lasts_s: how long.
        loses: SSI's channels whose connections are lost and come back.
    """

    name: str
    orders: list[dict[str, Any]]
    lasts_s: float = 0.0
    loses: tuple[str, ...] = ()


@dataclass
class Day:
    """
    A piece of an exchange's day with an ingest on it.

    Attributes:
        began_us: fault -> when it began, by the exchange's clock.
    """

    server: Server
    run: IngestProcess
    began_us: dict[str, int] = field(default_factory=dict)
    ended_us: dict[str, int] = field(default_factory=dict)

    def now_us(self) -> int:
        floor = self.server.floor
        assert floor.clock is not None
        shown_ns = floor.clock.at(asyncio.get_running_loop().time())
        return (floor.plan.day.midnight_ns + shown_ns) // 1000

    async def suffer(self, fault: Fault) -> None:
        """Let a fault happen, and wait until all is well again."""
        before = await lives(self.run)
        self.began_us[fault.name] = self.now_us()
        await order(self.server, fault.orders)
        await asyncio.sleep(fault.lasts_s)
        names = [f"ssi vn.{channel}" for channel in fault.loses]

        def again(shown: dict[str, Any]) -> bool:
            return all(shown[n]["entered"]["live"] > before[n]["entered"]["live"] for n in names)

        deadline = time.monotonic() + 60
        while not again(await lives(self.run, 60)):
            assert time.monotonic() < deadline, self.run.said()
            await asyncio.sleep(0.1)
        count = sum(each["messages"] for each in (await lives(self.run)).values())
        await lives(self.run, after=count + 20)
        self.ended_us[fault.name] = self.now_us()


DISCONNECT = Fault(
    "disconnect", [{"kind": "disconnect", "feed": "ssi_v2"}],
    loses=("F", "X-TRADE", "X-QUOTE", "R", "MI"),
)  # fmt: skip
SILENCE = Fault(
    "silence", [{"kind": "silent", "channel": "X-TRADE"}, {"kind": "silent", "channel": "X-QUOTE"}],
    loses=("X-TRADE", "X-QUOTE"),
)  # fmt: skip
NOISE = Fault(
    "malformed and repeated",
    [
        {"kind": "malformed", "channel": "X-TRADE", "every": 2, "how": "content", "lasts": 3},
        {"kind": "duplicate", "every": 3, "lasts": 4},
    ],
    lasts_s=4,
)  # fmt: skip
EXPIRY = Fault(
    "token expiry",
    [{"kind": "expire_tokens"}, {"kind": "disconnect", "channel": "X-TRADE", "how": "close"}],
    loses=("X-TRADE",),
)
EVERY: tuple[str, ...] = DISCONNECT.loses
MATRIX = [
    DISCONNECT,
    Fault("disconnect, politely", [{"kind": "disconnect", "how": "close"}], loses=EVERY),
    SILENCE,
    Fault("half-open TCP", [{"kind": "half_open", "feed": "ssi_v2"}], loses=EVERY),
    Fault("slow network", [{"kind": "slow", "bytes_per_s": 9000, "lasts": 8}], 8),
    Fault("duplicates", [{"kind": "duplicate", "every": 2, "lasts": 6}], 6),
    Fault("drops", [{"kind": "drop", "channel": "X-TRADE", "every": 3, "lasts": 6}], 8),
    Fault("overtaking quotes", [{"kind": "overtake", "every": 2, "lasts": 6}], 6),
    Fault("out of order", [{"kind": "out_of_order", "every": 6, "seconds": 2, "lasts": 6}], 9),
    Fault("stale snapshots", [{"kind": "stale"}], 2),
    NOISE,
    Fault("torn frames", [{"kind": "malformed", "channel": "X-TRADE", "every": 2, "how": "frame",
                           "lasts": 5}], 6),
    Fault("torn envelopes", [{"kind": "malformed", "channel": "X-TRADE", "every": 2,
                              "how": "envelope", "lasts": 5}], 6),
    EXPIRY,
    Fault("429", [{"kind": "too_many_requests", "lasts": 2}, {"kind": "disconnect"}], 2, EVERY),
    Fault("restart of the exchange", [{"kind": "restart", "lasts": 3}], 3, EVERY),
]  # fmt: skip


@pytest.fixture(scope="module")
def busy() -> Plan:
    return plan(which="vn30", scale=0.1, channels=ALL)


async def lived(kafka: str, tape: str, folder: Path, day: Plan, faults: list[Fault]) -> None:
    """Run the faults one after the other, and judge the tape."""
    await topics(kafka, tape, "ssi", "iboard")
    async with serving(day, BEGIN, 1.0, truth=folder / "truth") as server:
        await server.floor.made_up.wait()
        settings = environment(server, receive_clock=clock_of(server))
        with connected(tape, kafka, folder, settings) as run:
            await lives(run, after=50)
            it = Day(server, run)
            first_ns = it.now_us() * 1000 - day.day.midnight_ns
            for fault in faults:
                await it.suffer(fault)
            await asyncio.sleep(2.5)
            await played(run)
            last_ns = it.now_us() * 1000 - day.day.midnight_ns
            assert run.terminate() == 0, run.said()
    done = Counter(each["what"] for each in events(folder / "truth", "faults"))
    for kind in {each["kind"] for fault in faults for each in fault.orders} & set(FATES):
        assert done[FATES[kind]], f"the exchange did nothing {FATES[kind]}"
    found = taken(await written(kafka, tape))
    first_ms = (day.day.midnight_ns + first_ns) // 1_000_000
    day_so_far = made(day, BEGIN, _clock(last_ns)).later
    said = told(day_so_far, first_ns, last_ns - SECOND_NS)
    lost = missed([each for each in said if each.ts_ms >= first_ms], found)
    print(f"\n{len(said)} messages told, {len(lost)} lost, {len(found.trades)} trades taken")
    for fault in faults:
        _tell(fault, it, found)
    assert unmarked(lost, found) == []
    everything = told(day_so_far, 0, last_ns + 2 * SECOND_NS)
    assert invented(everything, found, first_ms) == []
    verdict = await verify(kafka, tape)
    assert verdict.ok, verdict.faults


def _clock(ns: int) -> str:
    seconds = ns // SECOND_NS + 2
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _tell(fault: Fault, it: Day, found: Taken) -> None:
    """Print how long it took, and hold the bounds of the gaps against it."""
    began_us, ended_us = it.began_us[fault.name], it.ended_us[fault.name]
    for channel in fault.loses:
        named = f"vn.{channel}"
        noticed = [
            at
            for state in ("backing_off", "silent")
            for at in found.times(Changed, named, began_us, state=state)
        ]
        assert noticed, f"{fault.name}: {channel} did not notice"
        back = found.times(Connected, named, min(noticed))
        assert back, f"{fault.name}: {channel} did not come back"
        print(
            f"{fault.name:24} {channel:8} noticed after {(min(noticed) - began_us) / 1e6:5.1f} s, "
            f"live again {(back[0] - min(noticed)) / 1e6:5.1f} s later"
        )
        gaps = [
            gap for gap in found.gaps
            if gap.symbol == "*" and gap.channel == named and gap.feed == "ssi"
            and gap.seq >= began_us and gap.seq <= ended_us + SLACK_MS * 1000
        ]  # fmt: skip
        assert gaps, f"{fault.name}: no gap of {channel}"
        if channel in ("X-TRADE", "X-QUOTE"):
            assert min(gap.from_ts_ms for gap in gaps) >= began_us // 1000 - SLACK_MS
            assert max(gap.to_ts_ms for gap in gaps) <= ended_us // 1000 + SLACK_MS


async def test_a_connection_lost_silenced_torn_or_refused_is_live_again_and_its_loss_is_marked(
    kafka: str, tape: str, tmp_path: Path, busy: Plan
) -> None:
    await lived(kafka, tape, tmp_path, busy, [DISCONNECT, SILENCE, NOISE, EXPIRY])


@pytest.mark.soak
@pytest.mark.parametrize("fault", MATRIX, ids=lambda fault: fault.name.replace(" ", "-"))
async def test_every_fault_alone(
    kafka: str, tape: str, tmp_path: Path, busy: Plan, fault: Fault
) -> None:
    await lived(kafka, tape, tmp_path, busy, [fault])

"""What the parts of a running exchange share."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from services.simulator.core.message import Message
from services.simulator.core.plan import Plan
from services.simulator.core.universe import INDICES
from services.simulator.serve.channels import Selection
from services.simulator.serve.clock import DayClock
from services.simulator.serve.day_so_far import DaySoFar
from services.simulator.serve.hub import Hub
from services.simulator.serve.rest import Answers
from services.simulator.serve.sent_log import SentLog
from services.simulator.serve.tokens import Tokens
from services.simulator.serve.v3 import rest as v3_rest
from services.simulator.serve.v3.sessions import ACCESS_S, Sessions
from services.simulator.serve.v3.topics import Listed, listed
from services.simulator.serve.v3.translator import Translator

_INDEX_NAMES = {name.upper(): name for name in INDICES}


@dataclass(frozen=True, slots=True)
class Options:
    """
    How an exchange is run.

    Attributes:
        start_ns: local time at which its clients' day begins, ns since midnight.
        speed: seconds of the day in one of the wall clock's, or `clock.UNPACED`.
        wait_for: the day begins when so many connections have chosen what they want.
        port, control_port: on loopback, 0 for a free one.
        consumer, secret: what a client proves itself with, v3's apiKey and apiSecret too.
        token_life_s: of an access token; `ssi_fc_data` renews one that has less than an hour;
            v3's have 15 minutes at most.
        begin_in_s: the day begins so many seconds after its clock was told; 0: when it can.
        outbox_bytes: a client for whom more waits is dropped.
        tls: PEM file of a certificate and its key; REST and streams are https and wss then.
        truth: folder of the truth and of what was sent.
    """

    start_ns: int
    speed: float = 1.0
    wait_for: int = 0
    begin_in_s: float = 0.0
    port: int = 0
    control_port: int = 0
    consumer: str = "simulator"
    secret: str = "simulator"  # noqa: S105  # of a simulation on loopback
    token_life_s: float = 8 * 3600.0
    outbox_bytes: int = 32 * 1024**2
    tls: Path | None = None
    truth: Path | None = None


@dataclass(slots=True)
class Floor:
    """
    Attributes:
        made_up: the time before its clients' day is; who chooses channels earlier waits.
        clock: None while the exchange makes up the time before its clients' day, and waits.
        position_ns: arrival of the last message that went out, of the last made before.
        translator, listed, v3_answers, v3_sessions: SSI v3's.
        lines: bytes a second of a slow network by feed ("" for all), while there is one.
        refusing: requests still to be answered 429; -1: all; 0: none.
        stale: subscribers get the last session's messages.
        restart: takes the exchange away for so many seconds.
    """

    plan: Plan
    options: Options
    log: SentLog
    so_far: DaySoFar
    answers: Answers
    tokens: Tokens
    hub: Hub
    translator: Translator
    listed: Listed
    v3_answers: v3_rest.Answers
    v3_sessions: Sessions
    made_up: asyncio.Event = field(default_factory=asyncio.Event)
    clock: DayClock | None = None
    position_ns: int = 0
    ended: bool = False
    lines: dict[str, int] = field(default_factory=dict)
    refusing: int = 0
    stale: bool = False
    restart: Callable[[float], Awaitable[None]] | None = None

    def refuses(self) -> bool:
        """Whether a request that comes now is one too many."""
        if self.refusing > 0:
            self.refusing -= 1
            return True
        return self.refusing < 0

    def line(self, feed: str) -> int | None:
        """Bytes a second of a feed's connections, None when nothing limits them."""
        found = [rate for concerned, rate in self.lines.items() if concerned in ("", feed)]
        return min(found, default=None)

    def snapshot(self, selection: Selection) -> list[Message]:
        """What a client gets who selects this: the last message of each symbol."""
        if self.stale:
            return [m for m in self.so_far.last_session if selection.wants(m.channel, m.symbol)]
        last = self.so_far.last
        found = [
            Message(0, channel, "", text)
            for channel in sorted(selection.channels)
            for text in last.of(channel)
        ]
        for channel, symbol in sorted(selection.pairs):
            name = _INDEX_NAMES.get(symbol, symbol)
            found += [Message(0, channel, name, text) for text in last.of(channel, name)]
        return found


def floor(plan: Plan, options: Options) -> Floor:
    """
    That of a plan, before its day begins.

    Raises:
        OSError: the folder of the truth cannot be written.
    """
    so_far = DaySoFar(plan.day.written)
    translator = Translator(plan, so_far)
    return Floor(
        plan, options, SentLog(options.truth), so_far, Answers(plan, so_far),
        Tokens(options.token_life_s), Hub(translator), translator, listed(plan),
        v3_rest.Answers(plan, so_far), Sessions(Tokens(min(ACCESS_S, options.token_life_s))),
    )  # fmt: skip

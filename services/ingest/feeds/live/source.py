"""Live connections as the one source behind a spool."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from services.ingest.feeds.live.client import Client
from services.ingest.feeds.live.line import Errand, Line, Sink
from services.ingest.feeds.live.states import STATES, State
from services.ingest.feeds.live.watch import TRADING, TradingDay
from services.runtime.health import Health
from services.runtime.metrics import Metrics

PROBLEM_S = 2.0
"""A connection that is gone for so long is named in `/health`."""


class LiveSource:
    """
    A `Source` of several lines, each with a connection of its own.

    Attributes:
        clients: one for each line, once it is open.
    """

    def __init__(
        self, lines: Sequence[Line], is_trading_day: TradingDay, errands: Sequence[Errand] = ()
    ) -> None:
        self._lines, self._is_trading_day, self._errands = lines, is_trading_day, errands
        names = dict.fromkeys(line.name for line in lines)
        self.name = "live " + ", ".join(names)
        self.venues = sorted({line.venue for line in lines})
        self.topics = sorted({topic for line in lines for topic in line.feed.topics})
        self.clients: list[Client] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._counted: Counter[tuple[str, str, State]] = Counter()

    async def open(self, intake: Sink) -> None:
        """See `Source`: it connects in the background, however long the vendor is away."""
        sink = intake
        for errand in self._errands:
            sink = errand.ear(sink)
        self.clients = [Client(line, sink, self._is_trading_day) for line in self._lines]
        runs = [each.run() for each in self.clients] + [each.run(intake) for each in self._errands]
        self._tasks = [asyncio.ensure_future(run) for run in runs]

    def close(self) -> None:
        """See `Source`; may be called again."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            for client in self.clients:
                client.stop()

    async def closed(self) -> None:
        """As `close`; returns when the sockets are closed, too."""
        tasks = self._tasks
        self.close()
        await asyncio.gather(*tasks, return_exceptions=True)

    def report(self) -> Mapping[str, object]:
        """See `Source`."""
        told = {each.name: each.report for each in self._errands if each.report}
        return {"channels": {name_of(each.line): shown(each) for each in self.clients}, **told}

    def fail(self) -> None:
        """
        Raises:
            Exception: what ended a client that ought to run for ever.
        """
        for task in self._tasks:
            if task.done():
                task.result()

    def tell(self, metrics: Metrics, health: Health) -> None:
        """
        Count changes of state, and say in `/health` what is wrong now.

        Raises:
            Exception: see `fail`.
        """
        self.fail()
        for client in self.clients:
            self._count(client, metrics)
            self._judge(client, health)

    def _count(self, client: Client, metrics: Metrics) -> None:
        line, machine = client.line, client.machine
        for state in STATES:
            labels = (line.name, line.channel, state)
            grown = machine.entered[state] - self._counted[labels]
            self._counted[labels] = machine.entered[state]
            metrics.feed_states.labels(metrics.service, *labels).inc(grown)
        if client.last_s is not None:
            age_s = asyncio.get_running_loop().time() - client.last_s
            metrics.channel_age.labels(metrics.service, line.name, line.channel).set(age_s)
        overdue = metrics.overdue.labels(metrics.service, line.name, line.channel)
        overdue.set(client.overdue_s())
        is_open = client.hour().phase in TRADING
        metrics.session_open.labels(metrics.service, line.venue).set(is_open)

    def _judge(self, client: Client, health: Health) -> None:
        machine, key = client.machine, f"feed {name_of(client.line)}"
        away_s = asyncio.get_running_loop().time() - machine.since_s
        if machine.state == "live":
            # A silent exchange does answer a new connection.
            silent = client.outage.is_open and client.silences > 0
            told = f"connected, but no data; tried {client.silences} connections" if silent else ""
        else:
            waits = machine.state == "connecting" and away_s < PROBLEM_S
            told = "" if waits else f"{machine.state} for {away_s:.0f} s: {machine.why}"
        if told:
            health.problems[key] = told
        else:
            health.problems.pop(key, None)


def name_of(line: Line) -> str:
    """What a person calls a line: feed and channel."""
    return f"{line.name} {line.channel}"


def shown(client: Client) -> dict[str, object]:
    """A client's part of `/health`; `missing`: data are, and their gap is not told yet."""
    now_s, machine = asyncio.get_running_loop().time(), client.machine
    age = {} if client.last_s is None else {"data_age_s": round(now_s - client.last_s, 1)}
    why = {"why": machine.why} if machine.why else {}
    return {
        "state": machine.state,
        "for_s": round(now_s - machine.since_s, 1),
        **why,
        "messages": client.messages,
        **age,
        "missing": client.outage.is_open,
        "entered": {state: machine.entered[state] for state in STATES},
    }

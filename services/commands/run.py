"""Run a service."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from services.commands._arguments import Number, Speed, Worker
from services.commands._context import settings
from services.commands._services import COMPUTING, declared
from services.runtime.exits import EXIT_REFUSE
from services.runtime.settings import SettingsError
from services.runtime.supervisor import Supervisor

_LAST_PORT = 65_535


@click.group()
def command() -> None:
    """Run a service: ingest, writer, gateway, and those on the pump.

    SIGTERM stops it cleanly: everything sent, state saved. Ends with 0 after a clean stop,
    70 when it wants to be restarted, 78 when a restart would not help (it says why).
    """


def _tape(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--tape", help="The tape it belongs to. [VNTAPE_TAPE, live]")(function)


@contextmanager
def refusals() -> Iterator[None]:
    """What is wrong with the settings is one sentence and exit status 78, no traceback."""
    try:
        yield
    except click.UsageError:
        raise
    except (SettingsError, click.ClickException) as e:
        click.echo(f"Error: {e}", err=True)
        sys.exit(EXIT_REFUSE)


def _supervise(name: str, workers: int, first: int, tape: str | None) -> None:
    base = [sys.executable, "-m", "services.cli", "run", name]
    if tape:
        base += ["--tape", tape]
    commands = [[*base, "--worker", str(n)] for n in range(first, first + workers)]
    sys.exit(Supervisor(commands, lambda line: click.echo(line, err=True)).run())


_HELP = """The {name}, on Faust; add and remove workers while it runs.

Partitions are shared by all workers of a tape, on whatever machine; more than there are
partitions have nothing to do. Results do not depend on how many there are. One that is stopped
saves its state and leaves its partitions to the others at once; one that is killed keeps them
until it is back, for VNTAPE_SESSION_TIMEOUT_S at most. Who has what: `vntape workers`.

A second machine, beside a first that runs --workers 2: --workers 2 --first 3.
"""


def _computing(name: str) -> click.Command:
    @click.command(name, help=_HELP.format(name=name), short_help=f"The {name}, on Faust.")
    @_tape
    @click.option(
        "--workers",
        type=click.IntRange(1, 64),
        help="So many, restarted when they die; stopping this stops them all.",
    )
    @click.option(
        "--first",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Number of the first of --workers: no two of a tape may share one, on any machine.",
    )
    @click.option(
        "--worker",
        type=Worker(),
        metavar="N|host",
        help="Number of this one worker; host: the machine's name stands for it, where each "
        "worker has a machine of its own, as containers do. [VNTAPE_WORKER, 1]",
    )
    def run_one(tape: str | None, workers: int | None, first: int, worker: str | None) -> None:
        with refusals():
            config = settings(tape=tape, worker=worker)
        if workers:
            _supervise(name, workers, first, tape)
        from services.runtime import faust_worker

        with refusals():
            faust_worker.run(declared(name, config), config, _number(name, config.worker))

    return run_one


def _number(service: str, worker: str) -> str:
    """Of `classifier-0`, the name of a machine of a stateful set, what is not the service's."""
    if worker != "host":
        return worker
    return socket.gethostname().partition(".")[0].removeprefix(f"{service}-")


for _name in COMPUTING:
    command.add_command(_computing(_name))


@command.command()
@_tape
def analytics(tape: str | None) -> None:
    """The rules: one worker for each topic that they read, restarted when it dies."""
    from services.analytics.app import topics_with_rules

    with refusals():
        names = topics_with_rules(settings(tape=tape))
    if not names:
        raise click.ClickException("no rule is enabled: `vntape alerts rules`")
    base = [sys.executable, "-m", "services.cli", "run"]
    end = ["--tape", tape] if tape else []
    commands = [[*base, f"analytics-{name}", *end] for name in names]
    sys.exit(Supervisor(commands, lambda line: click.echo(line, err=True)).run())


@command.command()
@_tape
@click.option("--dry-run", is_flag=True, help="Tell nobody; the log says what would have been.")
def delivery(tape: str | None, dry_run: bool) -> None:
    """The delivery: alerts to webhooks, Telegram and the console (VNTAPE_DELIVERY)."""
    from services.delivery.app import run_delivery

    with refusals():
        run_delivery(settings(tape=tape), dry_run)


@command.command()
def lag() -> None:
    """The lag exporter: how far every service of every tape is behind, on /metrics."""
    from services.lag.app import run_lag

    with refusals():
        run_lag(settings())


@command.command()
@_tape
def writer(tape: str | None) -> None:
    """The writer: all typed topics into TimescaleDB, exactly once."""
    from services.writer.app import run_writer

    with refusals():
        run_writer(settings(tape=tape))


@command.command()
@_tape
@click.option(
    "--port",
    type=click.IntRange(0, _LAST_PORT),
    help="Where it listens; 0: a free port. [VNTAPE_GATEWAY_PORT]",
)
def gateway(tape: str | None, port: int | None) -> None:
    """The gateway: WebSocket, REST and a page, from the topics and the database."""
    from services.gateway.app import run_gateway

    with refusals():
        run_gateway(settings(tape=tape, gateway_port=port))


def _listen(text: str) -> Any:
    from services.ingest.core.binance.route import MARKETS
    from services.ingest.core.registry import FEEDS
    from services.ingest.feeds.lines_socket import Listen

    named, _, port = text.rpartition(":")
    name, _, venue = named.partition("@")
    venues = tuple(MARKETS) if name == "binance" else ("VN",)
    venue = venue or venues[0]
    usable = port.isdecimal() and int(port) <= _LAST_PORT
    if name not in FEEDS or venue not in venues or not usable:
        raise click.BadParameter(
            f"--listen must be FEED:PORT with a feed of {', '.join(FEEDS)}, or binance@VENUE:PORT "
            f"with a venue of {', '.join(MARKETS)}; it was {text!r}"
        )
    return Listen(name, FEEDS[name], venue, int(port))


@command.command()
@_tape
@click.option(
    "--recording",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Manifest of a recording to play.",
)
@click.option(
    "--listen",
    "listens",
    multiple=True,
    metavar="FEED[@VENUE]:PORT",
    help="Take a live feed's messages, one a line, at a port of 127.0.0.1 (ssi:7001).",
)
@click.option(
    "--feed",
    "feeds",
    metavar="NAME[,NAME]",
    help="Connect to live feeds: ssi_v2, ssi_v3, iboard, binance, binance_usdm.",
)
@click.option("--speed", type=Speed(), default="max", show_default=True, help="1, 10x, … or max.")
@click.option("--paced-last", type=Number(min=0), help="Play the last so many seconds at 1x.")
@click.option("--stay", is_flag=True, help="Stay up when the recording has ended.")
def ingest(
    tape: str | None,
    recording: Path | None,
    listens: tuple[str, ...],
    feeds: str | None,
    speed: float,
    paced_last: float | None,
    stay: bool,
) -> None:
    """Ingest: vendor messages into the raw topics and the one tape, `market`."""
    from services.ingest.app import run_ingest
    from services.ingest.feed_options import Options

    names = [name.strip() for name in (feeds or "").split(",") if name.strip()]
    if [recording is not None, bool(listens), bool(names)].count(True) != 1:
        raise click.UsageError("give --recording, --listen or --feed, one of them")
    with refusals():
        config = settings(tape=tape, receive_clock="recorded" if recording else None)
    options = Options(
        recording=recording,
        listens=[_listen(text) for text in listens],
        feeds=names,
        speed=speed,
        paced_last_s=paced_last or 0.0,
        stay=stay,
    )
    with refusals():
        run_ingest(config, options)

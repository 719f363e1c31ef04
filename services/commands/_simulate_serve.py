"""Runs the simulated exchange until its day ends, or somebody ends it."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from services.simulator import reference_data
from services.simulator.core.day import CLOSES, LAST, NS, clock, time_of
from services.simulator.core.plan import Plan
from services.simulator.serve.clock import UNPACED
from services.simulator.serve.faults import Fault, FaultError, parse
from services.simulator.serve.floor import Floor, Options
from services.simulator.serve.server import Server
from services.simulator.serve.source import SourceError
from services.stack import clone_root

_REFRESH_S = 0.5
_SLOWEST, _FASTEST = 0.1, 3600
_LATE_NS = 5 * NS
"""Of the day: from here on it is told that the exchange is slower than its clock."""


def faults_of(written: str) -> list[Fault]:
    """
    Faults as --faults has them: written out, or @FILE.

    Raises:
        click.BadParameter: they cannot be understood, or the file not read.
    """
    try:
        return parse(Path(written[1:]).read_bytes() if written.startswith("@") else written)
    except (FaultError, OSError, UnicodeDecodeError) as e:
        raise click.BadParameter(str(e), param_hint="--faults") from e


def start_of(written: str) -> int:
    """
    --from in ns since midnight.

    Raises:
        click.BadParameter: it is no time, or none at which a day can begin.
    """
    try:
        start = clock(written)
    except ValueError as e:
        raise click.BadParameter(f"must be like 08:50, was {written!r}", param_hint="--from") from e
    # The last session's messages are there from 08:30 on.
    if not clock("08:35") <= start < CLOSES:
        raise click.BadParameter(
            f"must be from 08:35 to before 15:00, was {written}", param_hint="--from"
        )
    return start


def speed_of(written: str) -> float:
    """
    --speed, UNPACED for max.

    Raises:
        click.BadParameter: it is neither.
    """
    if written == "max":
        return UNPACED
    try:
        speed = float(written)
    except ValueError:
        speed = 0.0
    if not _SLOWEST <= speed <= _FASTEST:
        raise click.BadParameter(
            f"must be from {_SLOWEST} to {_FASTEST}, or max; was {written!r}", param_hint="--speed"
        )
    return speed


def write_reference(plan: Plan, folder: Path) -> None:
    """
    The day's reference data, and the variable that names it.

    Raises:
        click.ClickException: they cannot be written.
    """
    try:
        reference_data.write(plan, clone_root() / "deploy" / "reference-data", folder)
    except OSError as e:
        raise click.ClickException(f"{e.filename or folder}: {e.strerror or e}") from e
    click.echo(f"VNTAPE_REFERENCE_DATA={folder.resolve()}")


def serve(plan: Plan, options: Options, faults: Sequence[Fault], once: bool) -> None:
    """
    Serve a day; with `once` only until its end.

    Raises:
        click.ClickException: a port is taken, the truth cannot be written, the day broke off.
    """
    try:
        asyncio.run(_serve(plan, options, faults, once))
    except OSError as e:
        raise click.ClickException(e.strerror or str(e)) from e
    except SourceError as e:
        raise click.ClickException(str(e)) from e


async def _serve(plan: Plan, options: Options, faults: Sequence[Fault], once: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Server(plan, options) as server:
        for name, value in server.environment().items():
            click.echo(f"{name}={value}")
        v3 = ", ".join(f"{name} {value}" for name, value in server.v3_config().items())
        click.echo(f"# SSI v3: {v3}")
        click.echo(f"# faults and state: http://127.0.0.1:{server.control_port}/")
        server.injector.accept(faults)
        clock = _tell_clock(server)
        stopped = asyncio.create_task(stop.wait())
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}")
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(f"{plan.day.date}", total=LAST - options.start_ns, said="")
            waits = {stopped, server.day}
            while not stop.is_set() and not (once and server.day.done()):
                done = server.floor.position_ns - options.start_ns
                progress.update(task, completed=max(done, 0), said=_said(server.floor))
                await asyncio.wait(
                    {each for each in waits if not each.done()},
                    timeout=_REFRESH_S,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                clock = clock or _tell_clock(server)
                if server.day.done():
                    server.day.result()
        stopped.cancel()
        click.echo(f"# {_said(server.floor)}")


def _tell_clock(server: Server) -> bool:
    """Print the day's clock; False while there is none."""
    clock = server.receive_clock()
    if clock is not None:
        click.echo(f"VNTAPE_RECEIVE_CLOCK={clock}")
    return clock is not None


def _said(floor: Floor) -> str:
    """Where the day is, in a line."""
    if floor.clock is None or not floor.made_up.is_set():
        chosen = sum(not each.selection.empty for each in floor.hub.connections.values())
        waits = f", {chosen} of {floor.options.wait_for} have chosen" * bool(floor.options.wait_for)
        return f"making up the morning, {time_of(floor.position_ns)}{waits}"
    people = len(floor.hub.connections)
    said = f"{time_of(floor.position_ns)}, {people} connected, {floor.hub.sent:,} messages sent"
    if floor.ended:
        return f"{said}, the day is over"
    late = floor.clock.at(asyncio.get_running_loop().time()) - floor.position_ns
    if late > _LATE_NS:
        said += f", {late // NS} s behind: this machine cannot make --speed {floor.options.speed:g}"
    return said

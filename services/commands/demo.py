"""From nothing to a live result: real Kafka, real TimescaleDB, recordings of real form."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

import click
from rich.console import Console

from services import stack
from services.commands._arguments import Number
from services.runtime.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from services.demo.session import Session

CRYPTO = "tests/data/binance/manifest.json"
BASE = "demo"
VIETNAM_PACED_S = 5.0
"""The day ends with the close: after it nothing trades whose latency could be told."""


class Act(NamedTuple):
    """A recording, the base of its tapes' names, and how many last seconds play at 1x."""

    manifest: Path
    base: str
    paced_s: float


@click.command()
@click.option("--once", is_flag=True, help="End after the recordings; 0 only if all agrees.")
@click.option("--again", is_flag=True, help="Play on fresh tapes, though some are there.")
@click.option(
    "--recording",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"Manifest of the one recording to play. [a Vietnamese day, then {CRYPTO}]",
)
@click.option(
    "--paced",
    type=Number(min=0),
    default=20.0,
    show_default=True,
    help="Play the last so many seconds in real time, to see the latency; 0: none.",
)
def command(once: bool, again: bool, recording: Path | None, paced: float) -> None:
    """From nothing to a live result on this machine; Ctrl-C ends it.

    Starts the local Kafka and TimescaleDB, then ingest, classifier, board, writer and gateway as
    processes, plays a Vietnamese day and a recording of Binance through them, each on a tape of
    its own, and compares what came out with the files. A second start verifies what is there;
    --again plays once more on fresh tapes.
    """
    console = Console(soft_wrap=True)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(_demo(console, recording, once, again, paced))
    except KeyboardInterrupt:
        console.print("stopped")
        sys.exit(130)
    except (stack.StackError, SettingsError, RuntimeError) as e:
        raise click.ClickException(str(e)) from e


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _demo(console: Console, recording: Path | None, once: bool, again: bool, paced_s: float) -> int:
    from services.demo.ground import alone, bring_up
    from services.demo.played import Played
    from services.demo.session import Session

    begun = time.monotonic()
    settings = bring_up(load(), console)
    agrees, sessions = True, []
    with ExitStack() as up:
        for act in _acts(settings, console, recording, paced_s):
            mine = settings.model_copy(update={"tape": _tape(settings, act.base, again)})
            session = Session(mine, Played(act.manifest), console, act.paced_s)
            with ExitStack() as one:
                one.enter_context(alone(mine))
                agrees &= _play(session, one, console)
                if not once:
                    up.push(one.pop_all())
                    sessions.append(session)
        console.print(f"{time.monotonic() - begun:.0f} s in all")
        console.print("Kafka and TimescaleDB stay up until `make down`.")
        if not once:
            _stay(sessions, console)
    return 0 if agrees else 1


def _play(session: Session, up: ExitStack, console: Console) -> bool:
    settings, played = session.settings, session.played
    console.rule(f"[bold]{played.title}")
    if session.prepare():
        console.print(f"tape [bold]{settings.tape}[/bold], new")
    else:
        console.print(
            f"tape [bold]{settings.tape}[/bold] is there: what is missing is played, then all "
            "is verified; AGAIN=1 (--again) plays on a fresh tape"
        )
    gateway = up.enter_context(session.running())
    url = str((gateway.health() or {})["gateway"])
    _say_where(console, settings, url, played.symbols[0])
    session.play(url)
    outcome = session.finish()
    if played.is_vietnamese:
        from services.commands import _demo_board
        from services.demo import board

        derived = outcome.tape.derived
        title = f"VN30 on tape {settings.tape}, prices in VND / 1,000"
        _demo_board.show(console, title, board.lines(derived), board.indices(derived))
    return outcome.agrees


def _stay(sessions: list[Session], console: Console) -> None:
    for session in sessions:
        url = (session.children.by_name["gateway"].health() or {}).get("gateway")
        console.print(f"\nThe gateway of {session.settings.tape} stays up at {url}.")
    console.print("Ctrl-C ends the demo.")
    while True:
        time.sleep(1)
        for session in sessions:
            for child in session.children.by_name.values():
                child.check()


def _acts(
    settings: Settings, console: Console, recording: Path | None, paced_s: float
) -> list[Act]:
    from services.demo import vietnam
    from services.demo.played import Played

    crypto = Act(stack.clone_root() / CRYPTO, BASE, paced_s)
    if recording is None:
        day = vietnam.recording(settings, console)
        return [Act(day, f"{BASE}vn", min(paced_s, VIETNAM_PACED_S)), crypto]
    manifest = recording.resolve()
    if manifest == crypto.manifest:
        return [crypto]
    return [Act(manifest, BASE + Played(manifest).slug, paced_s)]


def _tape(settings: Settings, base: str, again: bool) -> str:
    """The recording's newest tape, or the next free name; one recording is one tape."""
    from services.runtime import topics_admin

    assert settings.kafka is not None
    pattern = re.compile(rf"{base}(?:r(\d+))?")
    there = asyncio.run(topics_admin.tapes(settings.kafka))
    rounds = [int(m.group(1) or 1) for tape in there if (m := pattern.fullmatch(tape))]
    number = max(rounds, default=1) + (1 if again and rounds else 0)
    return base if number == 1 else f"{base}r{number}"


def _say_where(console: Console, settings: Settings, url: str, symbol: str) -> None:
    tail = f"vntape tail trades-classified --tape {settings.tape} --symbol {symbol}"
    console.print(f"live page   {url}/", highlight=False)
    console.print(f"REST        {url}/docs", highlight=False)
    console.print(f"in a shell  .venv/bin/{tail}", highlight=False)
    console.print(
        f'in SQL      psql "$(.venv/bin/vntape url reader)", schema {settings.tape}',
        highlight=False,
    )
    console.print(f"Kafka       {settings.kafka}, topics {settings.tape}.*\n", highlight=False)

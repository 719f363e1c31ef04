"""From nothing to a live result: real Kafka, real TimescaleDB, a real recording."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click
from rich.console import Console

from services import stack
from services.runtime.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from services.demo.session import Session

DEFAULT = "tests/data/binance/manifest.json"
BASE = "demo"


@click.command()
@click.option("--once", is_flag=True, help="End after the recording; 0 only if all agrees.")
@click.option("--again", is_flag=True, help="Play on a fresh tape, though one is there.")
@click.option(
    "--recording",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"Manifest of the recording to play. [{DEFAULT}]",
)
@click.option(
    "--paced",
    type=click.FloatRange(min=0),
    default=20.0,
    show_default=True,
    help="Play the last so many seconds in real time, to see the latency; 0: none.",
)
def command(once: bool, again: bool, recording: Path | None, paced: float) -> None:
    """From nothing to a live result on this machine; Ctrl-C ends it.

    Starts the local Kafka and TimescaleDB, then ingest, classifier, writer and gateway as
    processes, plays a recording through them, and compares what came out with the files.
    A second start verifies what is there; --again plays once more on a fresh tape.
    """
    console = Console(soft_wrap=True)
    manifest = (recording or stack.clone_root() / DEFAULT).resolve()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(_demo(console, manifest, once, again, paced))
    except KeyboardInterrupt:
        console.print("stopped")
        sys.exit(130)
    except (stack.StackError, SettingsError, RuntimeError) as e:
        raise click.ClickException(str(e)) from e


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _demo(console: Console, manifest: Path, once: bool, again: bool, paced_s: float) -> int:
    from services.demo.session import Session, bring_up

    begun = time.monotonic()
    settings = bring_up(load(), console)
    settings = settings.model_copy(update={"tape": _tape(settings, manifest, again)})
    session = Session(settings, manifest, console, paced_s)
    with session.alone():
        if session.prepare():
            console.print(f"tape [bold]{settings.tape}[/bold], new")
        else:
            console.print(
                f"tape [bold]{settings.tape}[/bold] is there: what is missing is played, then all "
                "is verified; AGAIN=1 (--again) plays on a fresh tape"
            )
        agrees = _play(session, console, once, begun)
    return 0 if agrees else 1


def _play(session: Session, console: Console, once: bool, begun: float) -> bool:
    with session.running() as gateway:
        url = str((gateway.health() or {})["gateway"])
        _say_where(console, session.settings, url, session.symbols[0])
        session.play(url)
        outcome = session.finish()
        console.print(f"{time.monotonic() - begun:.0f} s in all")
        console.print("Kafka and TimescaleDB stay up until `make down`.")
        if not once:
            console.print(f"\nThe gateway stays up at {url}. Ctrl-C ends the demo.")
            while True:
                time.sleep(1)
                for child in session.children.by_name.values():
                    child.check()
    return outcome.agrees


def _tape(settings: Settings, manifest: Path, again: bool) -> str:
    """The recording's newest tape, or the next free name; one recording is one tape."""
    from services.runtime import topics_admin

    assert settings.kafka is not None
    base = BASE
    if manifest != stack.clone_root() / DEFAULT:
        name = json.loads(manifest.read_text())["name"]
        base += re.sub(r"[^a-z0-9]", "", name.lower())
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

"""From nothing to a live result: real Kafka, real TimescaleDB, recordings of real form."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

import click
from rich.console import Console

from services import stack
from services.commands._arguments import Number
from services.commands._context import files
from services.runtime.settings import Settings, SettingsError

if TYPE_CHECKING:
    from services.demo.session import Session

CRYPTO = "tests/data/binance/manifest.json"
BASE = "demo"


class Act(NamedTuple):
    """
    The base of its tapes' names, what plays on one, and whether a tape that is there can be gone
    on with.
    """

    base: str
    session: Callable[[Settings], Session]
    goes_on: Callable[[Settings], bool]


@click.command()
@click.option("--once", is_flag=True, help="End after the recordings; 0 only if all agrees.")
@click.option("--again", is_flag=True, help="Play on fresh tapes, though some are there.")
@click.option(
    "--recording",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"Manifest of the one recording to play. [a Vietnamese day, then {CRYPTO}]",
)
@click.option(
    "--only", type=click.Choice(["vietnam", "crypto"]), help="One of both. [first one, then other]"
)
@click.option(
    "--speed",
    type=click.FloatRange(1, 3600),
    default=400.0,
    show_default=True,
    help="Seconds of the Vietnamese day in one of yours.",
)
@click.option(
    "--paced",
    type=Number(min=0),
    default=20.0,
    show_default=True,
    help="Play the last so many seconds in real time, to see the latency; 0: none.",
)
def command(
    once: bool, again: bool, recording: Path | None, only: str | None, speed: float, paced: float
) -> None:
    """From nothing to a live result on this machine; Ctrl-C ends it.

    Starts the local Kafka and TimescaleDB, then ingest, writer, gateway and the computing services
    as processes. A simulated Vietnamese exchange opens, and ingest connects to it over SSI's and
    iBoard's protocols: a trading day from before the first auction to the close, compared with
    what truly happened. Then a recording of Binance, compared with its files. Each on a tape of
    its own. A second start verifies what is there; --again plays once more on fresh tapes. A
    process that is killed in the Vietnamese day is started again; what the exchange sent while
    ingest was down is a gap, and differs from the truth.
    """
    console = Console(soft_wrap=True)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        acts = _acts(console, recording, only, speed, paced)
        sys.exit(_demo(console, acts, once, again))
    except KeyboardInterrupt:
        console.print("stopped")
        sys.exit(130)
    except (stack.StackError, SettingsError, RuntimeError) as e:
        raise click.ClickException(str(e)) from e


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _demo(console: Console, acts: Sequence[Act], once: bool, again: bool) -> int:
    from services.demo.ground import alone, bring_up
    from services.demo.metrics import watched
    from services.demo.walls import hung

    begun = time.monotonic()
    settings = bring_up(files(), console)
    agrees, sessions = True, []
    with ExitStack() as up:
        # With --once nobody stays to look.
        metrics = None if once else up.enter_context(watched(settings, console))
        for act in acts:
            mine = _on_tape(settings, act, again)
            session = act.session(mine)
            with ExitStack() as one:
                one.enter_context(alone(mine))
                agrees &= _play(session, one, console, metrics)
                if not once:
                    up.push(one.pop_all())
                    sessions.append(session)
        console.print(f"{time.monotonic() - begun:.0f} s in all")
        console.print("Kafka and TimescaleDB stay up until `make down`.")
        if not once:
            url = up.enter_context(hung(settings, console, metrics))
            if url is not None:
                tape = sessions[0].settings.tape
                shown = f"{url}/d/vntape-desk-market?var-tape={tape}"
                console.print(f"walls       {shown}", highlight=False)
            _stay(sessions, console)
    return 0 if agrees else 1


def _play(session: Session, up: ExitStack, console: Console, metrics: str | None) -> bool:
    settings = session.settings
    console.rule(f"[bold]{session.title}")
    if session.prepare():
        console.print(f"tape [bold]{settings.tape}[/bold], new")
    else:
        console.print(
            f"tape [bold]{settings.tape}[/bold] is there: what is missing is played, then all "
            "is verified; AGAIN=1 (--again) plays on a fresh tape"
        )
    gateway = up.enter_context(session.running())
    url = str((gateway.health() or {})["gateway"])
    _say_where(console, settings, url, metrics)
    session.play(url)
    outcome = session.finish()
    if session.is_vietnamese:
        from services.commands import _demo_board, _demo_market
        from services.demo import board

        derived = outcome.tape.derived
        title = f"VN30 on tape {settings.tape}, prices in VND / 1,000"
        _demo_board.show(console, title, board.lines(derived), board.indices(derived))
        _demo_market.show(console, derived)
    return outcome.agrees


def _stay(sessions: list[Session], console: Console) -> None:
    for session in sessions:
        url = (session.children.by_name["gateway"].health() or {}).get("gateway")
        console.print(f"\nThe gateway of {session.settings.tape} stays up at {url}.")
    console.print("Ctrl-C ends the demo.")
    while True:
        time.sleep(1)
        for session in sessions:
            for sentence in session.children.mend("exchange", "ingest"):
                console.print(f"[yellow]{sentence}[/yellow]")
            for child in session.children.by_name.values():
                child.check()


def _acts(
    console: Console, recording: Path | None, only: str | None, speed: float, paced_s: float
) -> list[Act]:
    from services.demo.live_session import LiveSession, folder
    from services.demo.played import Played
    from services.demo.recorded_session import RecordedSession

    def of(manifest: Path, base: str) -> Act:
        def session(settings: Settings) -> Session:
            return RecordedSession(settings, manifest, console, paced_s)

        return Act(base, session, lambda _settings: True)

    crypto = (stack.clone_root() / CRYPTO).resolve()
    if recording is not None:
        manifest = recording.resolve()
        return [of(manifest, BASE if manifest == crypto else BASE + Played(manifest).slug)]
    vietnam = Act(
        f"{BASE}vn",
        lambda settings: LiveSession(settings, console, speed),
        # A day that broke off cannot be gone on with: the exchange's would be another one.
        lambda settings: (folder(settings) / "truth-day.json").exists(),
    )
    both = {"vietnam": vietnam, "crypto": of(crypto, BASE)}
    return [act for name, act in both.items() if only in (None, name)]


def _on_tape(settings: Settings, act: Act, again: bool) -> Settings:
    """The newest tape of an act, or a fresh one: asked for, or because that one broke off."""
    newest = settings.model_copy(update={"tape": _tape(settings, act.base, False)})
    if not again and (act.goes_on(newest) or not _is_there(newest)):
        return newest
    return settings.model_copy(update={"tape": _tape(settings, act.base, True)})


def _is_there(settings: Settings) -> bool:
    from services.runtime import topics_admin

    return settings.tape in asyncio.run(topics_admin.tapes(str(settings.kafka)))


def _tape(settings: Settings, base: str, again: bool) -> str:
    """The recording's newest tape, or the next free name; one recording is one tape."""
    from services.runtime import topics_admin

    assert settings.kafka is not None
    pattern = re.compile(rf"{base}(?:r(\d+))?")
    there = asyncio.run(topics_admin.tapes(settings.kafka))
    rounds = [int(m.group(1) or 1) for tape in there if (m := pattern.fullmatch(tape))]
    number = max(rounds, default=1) + (1 if again and rounds else 0)
    return base if number == 1 else f"{base}r{number}"


def _say_where(console: Console, settings: Settings, url: str, metrics: str | None) -> None:
    tail = f"vntape tail trades-classified --tape {settings.tape}"
    console.print(f"live page   {url}/", highlight=False)
    console.print(f"REST        {url}/docs", highlight=False)
    targets = settings.local_dir / settings.stack / "sd"
    each = f"/metrics of each process: {targets}/*.json"
    shown = f"{metrics}/graph, alerts at {metrics}/alerts; {each}" if metrics else each
    console.print(f"metrics     {shown}", highlight=False)
    console.print(
        f"who waits   .venv/bin/vntape lag --tape {settings.tape} --watch", highlight=False
    )
    console.print(f"in a shell  .venv/bin/{tail}", highlight=False)
    console.print(
        f'in SQL      psql "$(.venv/bin/vntape url reader)", schema {settings.tape}',
        highlight=False,
    )
    console.print(f"Kafka       {settings.kafka}, topics {settings.tape}.*\n", highlight=False)

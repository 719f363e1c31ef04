"""The BUSD flow of recorded lines, or of a tape."""

import asyncio
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.commands._context import reading

if TYPE_CHECKING:
    from schemas.busd_forecasts import BusdForecast

_PAUSE_S = 0.02
"""Shorter waits are left out: the clock of a process is no better."""
_MINUTE_MS = 60_000


@click.command()
@click.option(
    "--speed",
    type=click.FloatRange(1, 100),
    help="Play in time, so many times faster than it was; without it as fast as it goes.",
)
@click.option(
    "--csv",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write timeseries.csv and rates.csv there.",
)
@click.option("--tape", help="Not of standard input: what was computed of this tape.")
def command(speed: float | None, folder: Path | None, tape: str | None) -> None:
    """Patterns of repeated volumes on the HOSE: cumulative BU, SD and BUSD in billions of VND.

    Reads recorded lines of iBoard's matched trades from standard input, as they come from the
    socket or in the JSON of older recordings:

      cat FILE | vntape busd --speed 5.0

    A trade counts when it is at least the fifth of its stock and volume within 300 s, from 200
    shares on, before 14:40 (settings VNTAPE_BUSD_...). Says how the flow stands at each minute
    of trading time, with rates a minute, where it will be in 15 minutes, and how far such
    forecasts were off today: error, and those of the last value and of last value + rate x 15.
    """
    from services.analytics.busd_tables import CsvTables

    if tape is not None and speed is not None:
        raise click.UsageError("--speed plays recorded lines: not with --tape")
    with ExitStack() as stack:
        tables = None
        if folder is not None:
            try:
                tables = stack.enter_context(CsvTables(folder))
            except OSError as e:
                raise click.ClickException(f"--csv: {folder}: {e.strerror}") from e
        stack.enter_context(suppress(KeyboardInterrupt))
        click.echo(_HEAD)
        minute = -1
        for forecast in _of_tape(tape) if tape else _of_lines(speed):
            if tables is not None:
                tables.add(forecast)
            if (now := forecast.ts_ms // _MINUTE_MS) > minute:
                minute = now
                click.echo(_line(forecast))


def _of_lines(speed: float | None) -> Iterator["BusdForecast"]:
    from services.analytics.busd_app import of
    from services.analytics.core.busd_lines import BadLine, read
    from services.analytics.core.busd_replay import Replay
    from services.runtime.settings import SettingsError
    from services.runtime.settings_load import load

    try:
        replay, bad = Replay(of(load())), 0
    except SettingsError as e:
        raise click.ClickException(str(e)) from e
    pace = _Pace(speed) if speed else None
    for line in sys.stdin.buffer:
        try:
            trade = read(line)
        except BadLine as e:
            bad += 1
            if bad == 1:
                click.echo(f"left out: {e}", err=True)
            continue
        if trade is None:
            continue
        if pace is not None:
            pace.wait(trade[3])
        yield from replay.take(trade)
    yield from replay.end()
    click.echo(
        f"{replay.trades:,} trades, {replay.counted:,} counted, {bad:,} lines left out", err=True
    )


class _Pace:
    """Lets time pass as it did in the recording, `speed` times faster."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._first_ms: int | None = None
        self._begun = 0.0

    def wait(self, ts_ms: int) -> None:
        """Until `ts_ms` of the recording."""
        if self._first_ms is None:
            self._first_ms, self._begun = ts_ms, time.monotonic()
        due = self._begun + (ts_ms - self._first_ms) / 1000 / self._speed
        left = due - time.monotonic()
        if left > _PAUSE_S:
            time.sleep(left)


def _of_tape(tape: str) -> Iterable["BusdForecast"]:
    """In the order of seq, each once."""
    import msgspec

    from schemas.busd_forecasts import BusdForecast
    from schemas.topics import BUSD_FORECASTS
    from services.runtime import kafka

    config = reading(tape)
    decode = msgspec.json.Decoder(BusdForecast).decode

    async def collect() -> list[BusdForecast]:
        found: list[BusdForecast] = []
        async for record in kafka.read_all(str(config.kafka), BUSD_FORECASTS.on(config.tape)):
            forecast = decode(record.value)
            if not found or forecast.seq > found[-1].seq:
                found.append(forecast)
        return found

    try:
        return asyncio.run(collect())
    except (LookupError, OSError) as e:
        raise click.ClickException(str(e)) from e


_HEAD = (
    f"{'time':<10}"
    + "".join(
        f"{name:>12}{'a min':>10}{'in 15 min':>12}" for name in ("BU, bn", "SD, bn", "BUSD, bn")
    )
    + f"{'error':>10}{'of last':>10}{'of rate':>10}"
)


def _line(f: "BusdForecast") -> str:
    from services.analytics.core.busd_message import local

    figures = (
        (f.bu_current, f.bu_rate, f.bu_pred_15min),
        (f.sd_current, f.sd_rate, f.sd_pred_15min),
        (f.busd_current, f.busd_rate, f.busd_pred_15min),
    )
    shown = "".join(
        f"{current:>12,.3f}{_or_dash(rate):>10}{_or_dash(predicted):>12}"
        for current, rate, predicted in figures
    )
    errors = (f.busd_error, f.busd_error_last, f.busd_error_rate)
    return f"{local(f.ts_ms):%H:%M:%S}  " + shown + "".join(f"{_or_dash(e):>10}" for e in errors)


def _or_dash(value: float | None) -> str:
    return "-" if value is None else f"{value:,.3f}"

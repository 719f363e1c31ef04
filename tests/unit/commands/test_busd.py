"""`vntape busd`: recorded lines in, the owner's two tables out."""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from schemas.busd_forecasts import BusdForecast
from schemas.market import Trade
from services.analytics.busd_tables import frames
from services.analytics.core.busd_lines import read
from services.analytics.core.busd_replay import Replay
from services.analytics.core.busd_rules import Rules
from services.commands.busd import command
from tests.support.busd import busd_messages, document_line, real_line

TRADES = [m for m in itertools.islice(busd_messages(6, 1), 3000) if isinstance(m, Trade)]


def forecasts() -> list[BusdForecast]:
    replay = Replay(Rules())
    rows = []
    for trade in TRADES:
        line = read(real_line(trade))
        assert line is not None
        rows += replay.take(line)
    return rows + replay.end()


@pytest.mark.parametrize("form", [real_line, document_line], ids=["real", "document"])
def test_lines_of_either_form_give_both_tables_and_a_line_a_minute(
    form: Callable[[Trade], bytes], tmp_path: Path
) -> None:
    lines = b"".join(map(form, TRADES)) + b"MAIN|L#HPG|broken\n"
    result = CliRunner().invoke(command, ["--csv", str(tmp_path / "new")], input=lines)
    assert result.exit_code == 0, result.output
    assert f"{len(TRADES):,} trades" in result.stderr
    assert "1 lines left out" in result.stderr
    series = (tmp_path / "new" / "timeseries.csv").read_text().splitlines()
    rates = (tmp_path / "new" / "rates.csv").read_text().splitlines()
    rows = forecasts()
    assert series[0] == (
        "timestamp,datetime,bu_current,sd_current,busd_current,bu_pred_15min,sd_pred_15min,"
        "busd_pred_15min,pred_datetime_15min"
    )
    assert rates[0] == "timestamp,bu_rate,sd_rate,busd_rate"
    assert len(series) == len(rates) == len(rows) + 1
    last = series[-1].split(",")
    assert last[0] == str(rows[-1].ts_ms)
    assert last[1].startswith("2026-07-20T09:")
    assert last[1].endswith("+07:00")
    assert float(last[4]) == rows[-1].busd_current
    assert last[8].endswith("+07:00")
    minutes = {row.ts_ms // 60_000 for row in rows}
    assert len(result.stdout.splitlines()) == 1 + len(minutes)


def test_the_frames_have_the_documents_columns_and_types() -> None:
    rows = forecasts()
    series, rates = frames(rows)
    assert list(series.columns) == [
        "timestamp", "datetime", "bu_current", "sd_current", "busd_current", "bu_pred_15min",
        "sd_pred_15min", "busd_pred_15min", "pred_datetime_15min",
    ]  # fmt: skip
    assert list(rates.columns) == ["timestamp", "bu_rate", "sd_rate", "busd_rate"]
    assert {name: str(kind) for name, kind in series.dtypes.items()} == {
        "timestamp": "int64",
        "datetime": "datetime64[ns, UTC+07:00]",
        "pred_datetime_15min": "datetime64[ns, UTC+07:00]",
        **dict.fromkeys(series.columns[2:8], "float64"),
    }
    assert {str(kind) for kind in rates.dtypes[1:]} == {"float64"}
    assert len(series) == len(rates) == len(rows)
    first, last = series.iloc[0], series.iloc[-1]
    assert first.isna()["busd_pred_15min"]
    assert first.isna()["pred_datetime_15min"]
    assert last["datetime"].timestamp() * 1000 == last["timestamp"] == rows[-1].ts_ms
    ahead = last["pred_datetime_15min"] - last["datetime"]
    assert ahead.total_seconds() == 900
    nothing, _ = frames([])
    assert list(nothing.columns) == list(series.columns)
    assert msgspec.json.decode(msgspec.json.encode(rows[-1]), type=BusdForecast) == rows[-1]


@pytest.mark.parametrize("speed", ["0.5", "101", "fast"])
def test_a_speed_that_is_none_of_1_to_100_is_refused(speed: str) -> None:
    result = CliRunner().invoke(command, ["--speed", speed], input=b"")
    assert result.exit_code == 2
    assert "--speed" in result.output


def test_at_a_speed_time_passes_so_many_times_faster() -> None:
    """30 s of the recording at 60 times their speed take half a second."""
    first = TRADES[0].ts_ms
    lines = b"".join(real_line(t) for t in TRADES if t.ts_ms <= first + 30_000)
    begun = time.monotonic()
    result = CliRunner().invoke(command, ["--speed", "60"], input=lines)
    took = time.monotonic() - begun
    assert result.exit_code == 0
    assert took >= 0.45


def test_a_setting_that_is_none_is_refused_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VNTAPE_BUSD_CUTOFF", "noon")
    result = CliRunner().invoke(command, [], input=real_line(TRADES[0]))
    assert result.exit_code == 1
    assert "VNTAPE_BUSD_CUTOFF" in result.output


def test_no_lines_are_no_trades() -> None:
    result = CliRunner().invoke(command, [], input=b"\n\n")
    assert result.exit_code == 0
    assert "0 trades" in result.stderr

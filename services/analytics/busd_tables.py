"""The owner's two tables of the BUSD flow: as CSV files, and as data frames."""

import csv
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from schemas.busd_forecasts import BusdForecast
from services.analytics.core.busd_message import RATES, TIMESERIES, rates_row, timeseries_row

NAMES = ("timeseries.csv", "rates.csv")


class CsvTables:
    """
    Both tables as files of a folder, `timeseries.csv` and `rates.csv`, written as rows come.

    Times of day are ISO with +07:00; what is unknown is an empty field. Files of an earlier
    run are replaced.

    Raises:
        OSError: the folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._files: list[TextIO] = [
            (folder / name).open("w", newline="", encoding="utf-8") for name in NAMES
        ]
        self._series, self._rates = (csv.writer(file, lineterminator="\n") for file in self._files)
        self._series.writerow(TIMESERIES)
        self._rates.writerow(RATES)

    def add(self, forecast: BusdForecast) -> None:
        """One row of each."""
        self._series.writerow(map(_text, timeseries_row(forecast)))
        self._rates.writerow(map(_text, rates_row(forecast)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()


def _text(value: object) -> object:
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value


def frames(forecasts: Iterable[BusdForecast]) -> tuple[Any, Any]:
    """
    Both tables as pandas data frames, columns and types as the owner's document has them.

    `timestamp` is int64 (ms since the epoch), `datetime` and `pred_datetime_15min` are
    datetime64[ns, UTC+07:00], all else float64 with NaN where it is unknown.

    Raises:
        ImportError: pandas is not installed; the text says how.
    """
    try:
        import pandas as pd
    except ImportError as e:
        raise ImportError("data frames need pandas: pip install 'vntape[notebook]'") from e
    rows = list(forecasts)
    series = pd.DataFrame(map(timeseries_row, rows), columns=list(TIMESERIES))
    rates = pd.DataFrame(map(rates_row, rows), columns=list(RATES))
    for frame in (series, rates):
        for name in frame.columns:
            if name == "timestamp":
                frame[name] = frame[name].astype("int64")
            elif "datetime" in name:
                utc = pd.to_datetime(frame[name], utc=True)
                frame[name] = utc.dt.tz_convert("UTC+07:00").astype("datetime64[ns, UTC+07:00]")
            else:
                frame[name] = frame[name].astype("float64")
    return series, rates

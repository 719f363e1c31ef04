"""How long rows are kept, when they are put into columns, and how aggregates stay fresh: as SQL."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.topic import DAY_MS
from schemas.topics import BY_NAME
from services.writer.core.tables import TABLES, Table

BOOK = ("market_quote", "market_book_delta")
"""The bulk of a tape, which little but a replay needs when it is old."""
KEPT = ("bars", "alerts", "market_instrument", "market_basket", "market_status", "market_gap")
"""Few rows, without which old figures cannot be judged: never dropped."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A continuous aggregate: the table it is made of in the end, and the length of its bucket."""

    table: str
    bucket: str


AGGREGATES: dict[str, Aggregate] = {
    "cagg_bars_1m": Aggregate("bars", "1 minute"),
    "cagg_bars_5m": Aggregate("bars", "5 minutes"),
    "cagg_bars_15m": Aggregate("bars", "15 minutes"),
    "cagg_bars_30m": Aggregate("bars", "30 minutes"),
    "cagg_bars_1h": Aggregate("bars", "1 hour"),
    "cagg_bars_1d": Aggregate("bars", "1 day"),
    "cagg_bars_1w": Aggregate("bars", "1 week"),
    "cagg_flow_1m_kept": Aggregate("trades_classified", "1 minute"),
    "cagg_foreign_1m_kept": Aggregate("foreign_flow", "1 minute"),
    "cagg_basis_1m_kept": Aggregate("basis", "1 minute"),
    "cagg_breadth_1m_kept": Aggregate("market_summary", "1 minute"),
    "cagg_index_1m_kept": Aggregate("market_index", "1 minute"),
    "cagg_index_error_1m_kept": Aggregate("index_estimates", "1 minute"),
}
"""Shorter ones first: a longer one is made of them."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """
    What an operator wants kept of a tape.

    Attributes:
        days: of all tables but those of `KEPT` and `BOOK`; None is for ever, as everywhere here.
        book_days: of `BOOK`.
        columns_after_days: when chunks are put into columns (Community edition).
    """

    days: int | None = None
    book_days: int | None = None
    columns_after_days: int | None = None


def hypertables() -> list[Table]:
    """The tables whose rows come and stay; those of newest rows are plain, but for the bars."""
    return [t for t in TABLES if not t.natural or t.name == "bars"]


def replay_days() -> int:
    """For how long a topic is kept from which rows may come again."""
    return max(BY_NAME[t.topic].retention_ms for t in hypertables()) // DAY_MS


def kept_days(keeping: Keeping) -> dict[str, int]:
    """Table -> days, for those of which something is ever dropped."""
    wanted = {
        t.name: keeping.book_days if t.name in BOOK else keeping.days
        for t in hypertables()
        if t.name not in KEPT
    }
    return {name: days for name, days in wanted.items() if days is not None}


def retention(keeping: Keeping) -> Iterator[str]:
    """SQL that makes table `retention` say it; for both editions."""
    yield "DELETE FROM retention"
    for name, days in kept_days(keeping).items():
        yield f"INSERT INTO retention VALUES ('{name}', INTERVAL '{days} days')"  # noqa: S608


def refreshing(keeping: Keeping, *, live: bool) -> Iterator[str]:
    """
    SQL for the jobs that refresh the aggregates; for the Community edition.

    However late a row comes, its minute is computed again by the next run: a run looks at all
    that has changed, not at a window. But never at what was dropped: it would be taken out of the
    aggregate too. An open bucket is never kept, or what follows in it would be hidden.

    In one piece (TimescaleDB 2.20 or newer): bucket by bucket, its default, three weeks took two
    minutes instead of a fiftieth of a second, and a late row stayed out.
    """
    kept: Mapping[str, int] = kept_days(keeping)
    for name, aggregate in AGGREGATES.items():
        days = kept.get(aggregate.table)
        start = "NULL" if days is None else f"INTERVAL '{days - 1} days'"
        # On other tapes nobody waits: what is not kept yet is computed when it is asked for.
        often = "1 minute" if live and aggregate.bucket == "1 minute" else "10 minutes"
        yield f"SELECT remove_continuous_aggregate_policy('{name}', if_exists => true)"
        yield (
            f"SELECT add_continuous_aggregate_policy('{name}', start_offset => {start}, "
            f"end_offset => INTERVAL '{aggregate.bucket}', buckets_per_batch => 0, "
            f"schedule_interval => INTERVAL '{often}')"
        )


def columns(keeping: Keeping) -> Iterator[str]:
    """SQL that puts old chunks into columns, or no longer does; for the Community edition."""
    for table in hypertables():
        yield f"CALL remove_columnstore_policy('{table.name}', if_exists => true)"
        if keeping.columns_after_days is None:
            continue
        segments = ["symbol", *(["interval"] if table.name == "bars" else [])]
        order = ["ts DESC", *(c for c in table.key if c not in (*segments, "ts"))]
        yield (
            f"ALTER TABLE {table.name} SET (timescaledb.enable_columnstore, "
            f"timescaledb.segmentby = '{', '.join(segments)}', "
            f"timescaledb.orderby = '{', '.join(order)}')"
        )
        yield (
            f"CALL add_columnstore_policy('{table.name}', "
            f"after => INTERVAL '{keeping.columns_after_days} days')"
        )

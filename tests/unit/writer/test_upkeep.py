"""What is kept of a tape, as SQL."""

from services.writer.core import upkeep
from services.writer.core.tables import BY_NAME
from services.writer.core.upkeep import BOOK, KEPT, Keeping
from services.writer.schema import MIGRATIONS


def test_a_rule_stands_for_every_table_of_events_but_those_that_are_kept() -> None:
    days = upkeep.kept_days(Keeping(days=90, book_days=10))
    assert {name for name, kept in days.items() if kept == 10} == set(BOOK)
    assert set(days) == {t.name for t in upkeep.hypertables()} - set(KEPT)
    assert {name for name in days if BY_NAME[name].natural} == set()
    assert upkeep.kept_days(Keeping()) == {}
    assert upkeep.kept_days(Keeping(book_days=10)).keys() == set(BOOK)


def test_a_refresh_looks_at_all_that_changed_but_at_nothing_that_was_dropped() -> None:
    def starts(keeping: Keeping) -> dict[str, str]:
        added = [s for s in upkeep.refreshing(keeping, live=True) if "add_" in s]
        return {s.split("'")[1]: s.split("start_offset => ")[1].split(",")[0] for s in added}

    assert set(starts(Keeping()).values()) == {"NULL"}
    found = starts(Keeping(days=90, book_days=10))
    assert found["cagg_flow_1m_kept"] == "INTERVAL '89 days'"
    assert found["cagg_bars_1m"] == "NULL"


def test_the_columns_of_a_chunk_are_ordered_by_all_of_its_key() -> None:
    """The database warns, and is slow to find a row that comes again, where one is missing."""
    for statement in upkeep.columns(Keeping(columns_after_days=20)):
        if statement.startswith("ALTER TABLE "):
            table = BY_NAME[statement.split()[2]]
            for column in table.key:
                assert f"{column}" in statement.split("segmentby")[1], statement
    assert not [s for s in upkeep.columns(Keeping()) if not s.startswith("CALL remove_")]


def test_every_aggregate_is_one_of_the_migration() -> None:
    text = (MIGRATIONS / "0019_continuous.sql").read_text()
    made = {name for name in upkeep.AGGREGATES if f"('{name.removeprefix('cagg_')}'," in text}
    assert made == set(upkeep.AGGREGATES)
    assert text.count("('") - text.count("format('") == len(made)


def test_rows_come_again_for_as_long_as_their_topics_are_kept() -> None:
    assert upkeep.replay_days() == 14

"""What analysts find in the files: documented, and of the right types."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from schemas.base import Venue
from services.export.columns import KINDS, Kind, source
from services.export.files import VenueDay

README = Path(__file__).resolve().parents[3] / "services" / "export" / "README.md"


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_says_what_it_is_in_the_file_and_in_the_readme(kind: Kind) -> None:
    text = README.read_text()
    for field in source(kind, "VN").schema:
        assert field.metadata[b"description"]
        levels = field.name.rpartition("_")[2].isdecimal()
        assert levels or f"`{field.name}`" in text, field.name


@pytest.mark.parametrize(("venue", "volume"), [("VN", pa.int64()), ("BN", pa.float64())])
def test_volumes_are_whole_at_vn_and_times_are_utc(venue: Venue, volume: pa.DataType) -> None:
    trades, quotes = (source(kind, venue).schema for kind in ("trades", "quotes"))
    assert trades.field("volume").type == quotes.field("ask_volume_10").type == volume
    assert trades.field("total_volume").type == volume
    assert trades.field("price").type == pa.float64()
    for schema in (trades, quotes):
        assert schema.field("time").type == pa.timestamp("us", tz="UTC")
        assert schema.field("seq").type == pa.int64()
        assert pa.types.is_dictionary(schema.field("symbol").type)


def test_a_day_is_the_venues() -> None:
    here, there = (VenueDay(venue, date(2026, 11, 20)).seqs for venue in ("VN", "BN"))
    assert (there[0] - here[0]) // 3_600_000_000 == 7
    assert here[1] - here[0] == there[1] - there[0] == 86_400_000_000

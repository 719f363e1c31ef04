"""From when on a day's official figures are asked for."""

from datetime import date

from services.ingest.feeds.live.ssi_official import due
from tests.unit.ingest.core.vietnam import ms, us


def test_a_day_is_asked_for_after_its_close_or_at_the_next_start() -> None:
    """20 July is the day; a tape that stopped on the 17th lacks that one's."""
    monday, friday = date(2026, 7, 20), date(2026, 7, 17)
    assert due(ms("15:19:59"), None) is None
    assert due(ms("15:20:00"), None) == monday
    assert due(ms("15:20:00"), us("14:00:00", "2026-07-17")) == monday
    assert due(ms("08:30:00"), us("14:00:00", "2026-07-17")) == friday
    assert due(ms("11:00:00"), us("10:59:00")) is None

"""What is known before a simulated day, as ingest reads it."""

from pathlib import Path

from services.ingest import reference
from services.ingest.core.vn.instruments import price_limits
from services.simulator import reference_data
from tests.support.stack import ROOT
from tests.unit.simulator.exchange_day import FRIDAY, plan

KNOWN = ROOT / "deploy" / "reference-data"


def test_ingest_reads_every_instrument_with_its_prices(tmp_path: Path) -> None:
    made = plan()
    for _ in range(2):  # written over itself it is the same
        reference_data.write(made, KNOWN, tmp_path / "data")
    data = reference.load(tmp_path / "data")
    found = {each.symbol: each for each in data.instruments(FRIDAY)}
    for about in made.instruments:
        unit = 10 if about.kind == "future" else 1
        said = found[about.symbol]
        assert (said.reference, said.exchange) == (about.reference / unit, about.exchange)
        if about.kind == "stock":
            limits = price_limits(said.reference or 0.0, about.exchange, about.kind)
            assert limits is not None
            assert (said.ceiling, said.floor) == (limits.ceiling, limits.floor)


def test_what_was_known_before_stays(tmp_path: Path) -> None:
    reference_data.write(plan(), KNOWN, tmp_path / "data")
    before, after = reference.load(KNOWN), reference.load(tmp_path / "data")
    assert after.baskets(FRIDAY) == before.baskets(FRIDAY)
    assert not after.calendar.is_trading_day(FRIDAY.replace(month=1, day=1))

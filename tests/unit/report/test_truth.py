"""A tape that is the truth passes; whatever is changed in one table is found."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.report.truth import told
from services.report.truth.compare import Verdict, compare
from services.report.truth.kept import Kept, Tables
from services.report.truth.table import as_json, summary
from services.report.truth.told import Print, Truth

SECOND = 1795143600
FLOW = ("buy", "sell", "neutral", "unknown")
PRINTS = [
    Print(500, 20.0, 500, "ato", "neutral", SECOND * 10**9),
    Print(600, 20.5, 100, "continuous", "buy", (SECOND + 60) * 10**9),
    Print(900, 20.0, 300, "continuous", "sell", (SECOND + 90) * 10**9),
]


def flow(volume: int, value: int, **sides: tuple[int, int, int]) -> dict[str, Any]:
    row: dict[str, Any] = {"total_volume": volume, "total_value": value, "unexplained_volume": 0}
    for side in FLOW:
        found = sides.get(side, (0, 0, 0))
        row |= dict(zip((f"{side}_volume", f"{side}_value", f"{side}_count"), found, strict=True))
    return row


def truth() -> Truth:
    foreign = {"buy_volume": 100, "sell_volume": 0, "buy_value": 2050, "sell_value": 0,
               "current_room": 5, "total_room": 900}  # fmt: skip
    sums = {
        "exchange": "HOSE", "kind": "stock", "multiplier": 1, "reference": 19.5, "open": 20.0,
        "high": 20.5, "low": 20.0, "close": 20.0, "last_volume": 300, "total_volume": 900,
        "total_value": 18_050, "open_interest": None, "foreign": foreign,
        "bids": [(20.0, 700)], "asks": [], "flow": {"odd_lot": {"buy": {"volume": 7}}},
    }  # fmt: skip
    index = {"time_ns": SECOND * 10**9, "value": 1900.5, "prior": 1899.0, "expected": 1901.0,
             "total_volume": 900, "total_value": 18_050, "put_through_volume": 0,
             "put_through_value": 0, "advances": 1, "declines": 0, "unchanged": 0, "ceilings": 0,
             "floors": 0}  # fmt: skip
    channels = frozenset({"X-TRADE", "X-QUOTE", "R", "MI", "OL"})
    return Truth(
        "2026-11-20", 0, 1, channels, {"HPG": sums}, {"HPG": PRINTS},
        {("HPG", "ato"): [19.5, 20.0]}, {"VN30": {SECOND: index}},
    )  # fmt: skip


def tables() -> Tables:
    """What a sound tape has of it."""
    true = truth()
    made = Tables()
    for each in PRINTS:
        side = None if each.aggressor == "neutral" else each.aggressor
        kept = Kept(each.total, each.price, each.volume, each.phase, each.aggressor, side, "quote",
                    side is not None)  # fmt: skip
        made.prints["HPG"].append(kept)
    made.flow["HPG"] = {
        "ato": flow(500, 10_000, neutral=(500, 10_000, 1)),
        "continuous": flow(400, 8050, buy=(100, 2050, 1), sell=(300, 6000, 1)),
        "day": flow(900, 18_050, neutral=(500, 10_000, 1), buy=(100, 2050, 1), sell=(300, 6000, 1)),
    }
    made.foreign["HPG"] = {"second": SECOND + 65, "total_room": 900, "buy_volume": 100,
                           "sell_volume": 0, "buy_value": 2050.0, "sell_value": 0.0,
                           "value_basis": "price_times_volume"}  # fmt: skip
    made.estimates = dict(true.estimates)
    said = true.indices["VN30"][SECOND]
    made.indices["VN30"][SECOND] = {**said, "estimated_value": said["expected"]}
    names = ("reference", "open", "high", "low", "last_volume", "total_volume", "total_value")
    made.board["HPG"] = {name: true.symbols["HPG"][name] for name in names} | {
        "last": 20.0, "phase": "closed", "bids": [[20.0, 700.0]], "asks": [],
        "foreign_buy_volume": 100, "foreign_sell_volume": 0, "odd_lot_volume": 7,
    }  # fmt: skip
    return made


def verdict(change: Callable[[Tables], object], least: float = 99.0) -> Verdict:
    changed = copy.deepcopy(tables())
    change(changed)
    return compare(truth(), changed, least)


def test_a_tape_that_is_the_truth_passes() -> None:
    found = verdict(lambda _tables: None)
    assert as_json(found)["symbols"][0]["faults"] == {}
    assert found.holds, as_json(found)
    assert summary(found) == (
        "truth of 2026-11-20: EXACT: 1 symbols, 3 prints, 1 indices; sides 100.00 % right "
        "(at least 99 %)"
    )


def replaced(place: int, **fields: Any) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables.prints["HPG"][place] = tables.prints["HPG"][place]._replace(**fields)

    return change


@pytest.mark.parametrize(
    ("change", "aspect"),
    [
        (lambda t: t.prints["HPG"].pop(1), "prints"),
        (lambda t: t.prints["HPG"].append(t.prints["HPG"][0]._replace(total=950)), "prints"),
        (lambda t: t.prints["HPG"].reverse(), "prints"),
        (replaced(1, volume=101), "prints"),
        (replaced(1, price=20.0), "prints"),
        (replaced(0, phase="continuous"), "prints"),
        (lambda t: t.flow["HPG"].pop("ato"), "flow"),
        (lambda t: t.flow["HPG"]["continuous"].update(buy_volume=200, sell_volume=200), "flow"),
        (lambda t: t.flow["HPG"]["continuous"].update(buy_value=2051), "flow"),
        (lambda t: t.flow["HPG"]["continuous"].update(sell_count=2), "flow"),
        (lambda t: t.flow["HPG"]["day"].update(unexplained_volume=100), "flow"),
        (lambda t: t.flow["HPG"]["day"].update(total_value=18_051), "flow"),
        (lambda t: t.foreign.clear(), "foreign"),
        (lambda t: t.foreign["HPG"].update(buy_volume=99), "foreign"),
        # The last price before the message is that of 60 s, not that of 90 s.
        (lambda t: t.foreign["HPG"].update(buy_value=2000.0), "foreign"),
        (lambda t: t.estimates.update({("HPG", "ato"): [20.0]}), "auctions"),
        (lambda t: t.estimates.update({("HPG", "atc"): [20.0]}), "auctions"),
        (replaced(0, price=20.5), "auctions"),
        (lambda t: t.board.clear(), "board"),
        (lambda t: t.board["HPG"].update(last=20.5), "board"),
        (lambda t: t.board["HPG"].update(bids=[[20.0, 600.0]]), "board"),
        (lambda t: t.board["HPG"].update(phase="atc"), "board"),
        (lambda t: t.board["HPG"].update(odd_lot_volume=None), "board"),
    ],
)
def test_one_thing_changed_is_found_where_it_is(
    change: Callable[[Tables], object], aspect: str
) -> None:
    found = verdict(change)
    assert not found.holds
    assert found.symbols[0].faults[aspect], found.symbols[0].faults
    assert "DIFFERS" in summary(found)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.indices.clear(),
        lambda t: t.indices["VN30"].update({SECOND + 5: {}}),
        lambda t: t.indices["VN30"][SECOND].update(value=1900.51),
        lambda t: t.indices["VN30"][SECOND].update(estimated_value=None),
        lambda t: t.indices["VN30"][SECOND].update(declines=1),
    ],
)
def test_an_index_that_says_something_else_is_found(change: Callable[[Tables], object]) -> None:
    found = verdict(change)
    assert not found.holds
    assert found.indices[0].faults


def test_a_wrong_side_is_counted_and_is_refused_below_the_least_agreement() -> None:
    def change(tables: Tables) -> None:
        replaced(1, side="sell")(tables)
        tables.flow["HPG"]["continuous"] = flow(400, 8050, sell=(400, 8050, 2))
        tables.flow["HPG"]["day"] = flow(900, 18_050, neutral=(500, 10_000, 1), sell=(400, 8050, 2))

    assert verdict(change, least=50.0).holds
    found = verdict(change)
    assert (found.holds, found.agreement, found.wrong) == (False, 50.0, 0)
    assert found.sides.published == {("buy", "sell"): 1, ("sell", "sell"): 1}


def test_a_print_of_an_auction_with_a_side_is_refused() -> None:
    assert not verdict(replaced(0, side="buy")).holds


def test_a_symbol_that_was_not_listed_is_refused() -> None:
    found = verdict(lambda t: t.prints.update({"XYZ": [t.prints["HPG"][0]]}))
    assert (found.holds, found.strangers) == (False, ["XYZ"])


def test_a_folder_without_the_truth_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(told.NoTruth, match=r"has no truth-day\.json: name the folder"):
        told.read(tmp_path)
    for name in ("day.json", "trades.parquet", "auctions.parquet", "indices.parquet"):
        (tmp_path / f"truth-{name}").write_bytes(b"{}")
    with pytest.raises(told.NoTruth, match="cannot be read"):
        told.read(tmp_path)

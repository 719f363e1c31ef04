"""The market's tables at the end of a demo, from records as the topics hold them."""

from io import StringIO
from pathlib import Path

from rich.console import Console

from services.commands._demo_market import show
from services.report.derived import Derived

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"


def said(**records: list[str]) -> str:
    """What is shown after these examples of topics, in the order of one partition."""
    derived = Derived()
    for topic, names in records.items():
        name = topic.replace("_", "-")
        for example in names:
            derived.add(name, 0, (EXAMPLES / name / f"{example}.json").read_bytes())
    paper = StringIO()
    show(Console(width=200, file=paper), derived)
    return paper.getvalue()


def test_futures_estimates_leaders_and_alerts_are_shown() -> None:
    """As their newest records say it."""
    text = said(
        basis=["last-day"],
        index_estimates=["fitted"],
        market_summary=["leaders"],
        alerts=["large-trade", "feed-gap-of-a-venue"],
    )
    for word in ("Futures beside their index", "Leaders by net value", "recomputed", "2 alerts"):
        assert word in text


def test_an_alert_read_twice_is_one() -> None:
    """After a crash a run of records comes again; one of a venue stands in every partition."""
    text = said(alerts=["feed-gap-of-a-venue", "large-trade", "feed-gap-of-a-venue"])
    assert "2 alerts" in text


def test_nothing_is_shown_of_what_is_not_there() -> None:
    """A tape without these services has no tables of them."""
    text = said(alerts=[])
    assert text.split() == ["0", "alerts:", "none"]

"""The file of rules: what is refused, with line and field, and what expressions may say."""

from pathlib import Path

import pytest

from schemas.trades_classified import TradeClassified
from services.analytics import rules_file
from services.analytics.expressions import Expression
from services.runtime.settings import SettingsError
from tests.support.alerts import rules
from tests.support.stack import ROOT

HEAD = "rules:\n  - id: a\n"


def refused(text: str) -> str:
    with pytest.raises(SettingsError) as e:
        list(rules(text).compiled())
    return str(e.value)


FAULTS = {
    "kind: large_trade\n    min_value: -5": "alerts.yaml:4: rules[0].min_value: Input should be "
    "greater than 0; it was -5",
    "kind: large_trade\n    min_valeu: 5": "alerts.yaml:4: rules[0].min_valeu: Extra inputs are "
    "not permitted; it was 5",
    "kind: large_trade": "alerts.yaml:2: rules[0]: give min_value or min_volume, one of them",
    "kind: large_trade\n    min_value: 1\n    families: [future]": "a future's price is in points",
    "kind: larg_trade": "alerts.yaml:2: rules[0]: Input tag 'larg_trade' found using 'kind' does",
    "kind: volume_surge": "alerts.yaml:2: rules[0].min_volume: Field required",
    "kind: volume_surge\n    min_volume: 1\n    days: 2\n    min_days: 3": "min_days 3 is more",
    "kind: level\n    symbols: [HPG]": "give price_above, price_below or both, or else volume_a",
    "kind: level\n    symbols: [HPG]\n    price_above: 1\n    price_below: 2": "price_below must",
    "kind: level\n    price_above: 1": "alerts.yaml:2: rules[0].symbols: Field required",
    "kind: price_limit\n    severity: urgent": "alerts.yaml:4: rules[0].severity: Input should be",
    "kind: price_limit\n    symbols: [hpg]": "alerts.yaml:4: rules[0].symbols[0]: String should",
    "kind: price_limit\n    id: b": "alerts.yaml:4: 'id' stands twice",
    "kind: price_limit\n  - {id: a, kind: price_limit}": "two rules have the id 'a'",
    "kind: [": "alerts.yaml:4: no YAML: ",
}


@pytest.mark.parametrize(("text", "said"), FAULTS.items(), ids=range(len(FAULTS)))
def test_a_fault_is_named_by_line_and_field(text: str, said: str) -> None:
    assert said in refused(f"{HEAD}    {text}\n")


def test_every_fault_of_a_file_is_told_at_once() -> None:
    text = f"{HEAD}    kind: price_limit\n    rearm_percent: 99\n    cooldown_s: -1\n"
    assert len(refused(text).splitlines()) == 2


@pytest.mark.parametrize("span", ["11:30-09:15", "9", "09:15", "09:75-10:00", "a-b"])
def test_a_session_is_two_times_the_earlier_first(span: str) -> None:
    text = f'quiet: {{sessions: {{stock: ["{span}"], future: []}}}}\nrules: []\n'
    assert "quiet.sessions.stock[0]: a session is as 09:15-11:30" in refused(text)


BAD_EXPRESSIONS = {
    "price >": "no expression",
    "__import__('os')": "the functions are abs, min, max, round",
    "price.real": "Attribute is not allowed",
    "().__class__": "Attribute is not allowed",
    "[x for x in price]": "ListComp is not allowed",
    "lambda: 1": "Lambda is not allowed",
    "price ** 9": "Pow is not allowed",
    "(x := 1)": "NamedExpr is not allowed",
    "f'{price}'": "JoinedStr is not allowed",
    "prise > 1": "there is no field 'prise'; there are symbol, feed, seq",
    "price > 'x'": "it cannot be computed from TradeClassified",
    "abs": "there is no field 'abs'",
    "abs(x=1)": "a function takes values without names",
    "b'x' == price": "is neither a number nor a text",
    "1 " + "+ 1" * 300: "at most 500 characters",
}


@pytest.mark.parametrize(("text", "said"), BAD_EXPRESSIONS.items(), ids=range(len(BAD_EXPRESSIONS)))
def test_only_arithmetic_and_comparisons_of_fields_are_expressions(text: str, said: str) -> None:
    with pytest.raises(ValueError) as e:
        Expression(text, TradeClassified)
    assert said in str(e.value)


def test_a_text_may_name_only_what_the_expression_uses() -> None:
    rule = 'kind: expression\n    topic: board\n    when: last > 1\n    text_vi: "{high}"'
    assert "the text names high, which the expression does not use" in refused(f"{HEAD}    {rule}")


def test_an_expression_is_over_a_derived_topic() -> None:
    rule = "kind: expression\n    topic: market\n    when: price > 1"
    assert "rules[0]: topic must be one of trades-classified" in refused(f"{HEAD}    {rule}")


def test_the_rules_that_come_with_the_project_are_sound_and_on() -> None:
    found = list(rules_file.read(ROOT / "deploy" / "alerts.yaml").compiled())
    assert {r.kind for r in found} >= {"large_trade", "price_limit", "volume_surge", "feed_gap"}


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read .*none\.yaml"):
        rules_file.read(tmp_path / "none.yaml")


def test_a_rule_that_is_off_is_checked_and_left_out() -> None:
    text = f"{HEAD}    kind: price_limit\n    enabled: false\n"
    assert list(rules(text).compiled()) == []

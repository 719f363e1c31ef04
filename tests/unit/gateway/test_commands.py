"""What clients say is checked whole, and refused with a reason and the client's id."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.core import commands
from services.gateway.core.commands import Refused, Sub


def test_a_resume_carries_positions_with_and_without_part() -> None:
    text = (
        '{"op":"sub","id":2,"ch":"trade","symbols":["A","B"],"epoch":"e","after":{"A":7,"B":[7,2]}}'
    )
    command = commands.parse(text)
    assert isinstance(command, Sub)
    assert [command.cursor(s) for s in ("A", "B", "C")] == [(7, 0), (7, 2), None]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"op":"sub","id":1,"ch":"trade","symbols":["*"]}', "unknown_symbol"),
        ('{"op":"sub","id":1,"ch":"trade","symbols":["a b"]}', "unknown_symbol"),
        ('{"op":"sub","id":1,"ch":"trades","symbols":["A"]}', "unknown_channel"),
        ('{"op":"sub","id":1,"ch":"trade","symbols":[]}', "limit"),
        ('{"op":"sub","id":1,"ch":"trade","symbols":["A"],"snap":501}', "limit"),
        ('{"op":"set","id":1,"rate":0}', "limit"),
        ('{"op":"set","id":1,"rate":"fast"}', "bad_frame"),
        ('{"op":"sub","id":1,"ch":"trade","symbols":"A"}', "bad_frame"),
        ('{"op":"fly","id":1}', "bad_frame"),
    ],
)
def test_a_wrong_command_is_refused_with_a_code_and_its_id(text: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        commands.parse(text)
    assert (caught.value.code, caught.value.id) == (code, 1)


@pytest.mark.parametrize(
    "at", ["-1", "[7,-9]", "[7,2147483649]", str(10**26), f"[{2**53},0]", "[-1,0]", "1" * 5000]
)
def test_a_place_where_no_message_can_stand_is_no_place_to_resume_from(at: str) -> None:
    with pytest.raises(Refused) as caught:
        commands.parse(
            f'{{"op":"sub","id":1,"ch":"trade","symbols":["A"],"epoch":"e","after":{{"A":{at}}}}}'
        )
    assert (caught.value.code, caught.value.id) == ("bad_frame", 1)


@pytest.mark.parametrize("at", [(0, 0), (2**53 - 1, 2**31)])
def test_the_first_and_the_last_place_are_places_to_resume_from(at: tuple[int, int]) -> None:
    command = commands.parse(
        json.dumps({"op": "sub", "ch": "trade", "symbols": ["A"], "after": {"A": at}})
    )
    assert isinstance(command, Sub)
    assert command.cursor("A") == at


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with suppress(Refused):
        commands.parse(text)

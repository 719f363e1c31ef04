"""The judge of contract changes: each kind of break is seen, named and refused."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from schemas.compatibility import Change, compare, entry, unaccepted
from schemas.generate import Schema


class Part(msgspec.Struct):
    share: float


class Print(msgspec.Struct, tag_field="type", tag="print", kw_only=True):
    price: float
    volume: int | float
    board: Literal["main", "odd_lot"] = "main"
    side: Literal["buy", "sell"] | None = None
    parts: list[Part] = []
    levels: list[tuple[float, int]] = []


class Bell(msgspec.Struct, tag_field="type", tag="bell", kw_only=True):
    at: int


class Gong(msgspec.Struct, tag_field="type", tag="gong"):
    pass


def contract(*types: Any) -> dict[str, Schema]:
    union: Any = types[0]
    for each in types[1:]:
        union |= each
    return {"prints": msgspec.json.schema(union)}


def changed(**fields: Any) -> type[msgspec.Struct]:
    """`Print` with these fields: a type, (type, default), or None for a field that is gone."""
    made: dict[str, Any] = {}
    for field in msgspec.structs.fields(Print):
        made[field.name] = field.type if field.required else (field.type, _default(field))
    kept = {n: kind for n, kind in (made | fields).items() if kind is not None}
    listed = [(n, *kind) if isinstance(kind, tuple) else (n, kind) for n, kind in kept.items()]
    return msgspec.defstruct("Print", listed, tag_field="type", tag="print", kw_only=True)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def judged(**fields: Any) -> list[Change]:
    return compare(contract(Print, Bell), contract(changed(**fields), Bell))


def test_the_same_contract_has_no_changes() -> None:
    assert judged() == []


BREAKING: dict[str, tuple[dict[str, Any], str]] = {
    "removed": ({"price": None}, "prints, print.price: the field was removed"),
    "removed optional": ({"side": None}, "prints, print.side: the field was removed"),
    "retyped": ({"price": str}, "prints, print.price: the type was changed"),
    "narrowed number": ({"volume": int}, "prints, print.volume: the type was changed"),
    "widened number": ({"price": int | float}, "prints, print.price: the type was changed"),
    "now null": ({"price": float | None}, "prints, print.price: the type was changed"),
    "never null": (
        {"side": (Literal["buy", "sell"], "buy")},
        "prints, print.side: the type was changed",
    ),
    "enum narrowed": (
        {"board": (Literal["main"], "main")},
        "prints, print.board: the value odd_lot was removed",
    ),
    "optional enum narrowed": (
        {"side": (Literal["buy"] | None, None)},
        "prints, print.side: the value sell was removed",
    ),
    "enum opened": ({"board": (str, "main")}, "prints, print.board: the type was changed"),
    "bounded": (
        {"price": Annotated[float, msgspec.Meta(ge=0)]},
        "prints, print.price: the type was changed",
    ),
    "inside a list": (
        {"levels": (list[tuple[float, float]], [])},
        "prints, print.levels: the type was changed",
    ),
    "longer tuple": (
        {"levels": (list[tuple[float, int, int]], [])},
        "prints, print.levels: the type was changed",
    ),
    "now required": (
        {"board": Literal["main", "odd_lot"]},
        "prints, print.board: is now required",
    ),
    "new and required": ({"fee": float}, "prints, print.fee: a new required field"),
    "another default": (
        {"board": (Literal["main", "odd_lot"], "odd_lot")},
        "prints, print.board: the default was changed from 'main' to 'odd_lot'",
    ),
}


@pytest.mark.parametrize(("fields", "fact"), BREAKING.values(), ids=BREAKING)
def test_a_break_is_seen_and_named(fields: dict[str, Any], fact: str) -> None:
    broken = [c for c in judged(**fields) if c.kind == "breaking"]
    assert fact in [c.fact for c in broken]
    assert all(c.advice for c in broken), "it says what to do"


FINE: dict[str, tuple[dict[str, Any], str, str]] = {
    "new optional": ({"fee": (float | None, None)}, "compatible", "a new optional field"),
    "enum value": (
        {"board": (Literal["main", "odd_lot", "put_through"], "main")},
        "readers first",
        "the value put_through is new",
    ),
    "default given": ({"price": (float, 0.0)}, "readers first", "is no longer required"),
}


@pytest.mark.parametrize(("fields", "kind", "what"), FINE.values(), ids=FINE)
def test_what_is_fine_is_not_called_a_break(fields: dict[str, Any], kind: str, what: str) -> None:
    (change,) = judged(**fields)
    assert (change.kind, change.what) == (kind, what)


def test_a_renamed_field_is_a_break_that_guesses_the_new_name() -> None:
    changes = judged(price=None, cost=(float, 0.0))
    (gone,) = [c for c in changes if c.kind == "breaking"]
    assert gone.fact == "prints, print.price: the field was removed"
    assert "was it renamed to cost?" in gone.advice


def test_a_removed_type_is_a_break_also_when_it_is_still_used_inside_another() -> None:
    (gone,) = compare(contract(Print, Bell), contract(Print))
    assert (gone.fact, gone.kind) == ("prints, bell: the type was removed", "breaking")


def test_a_changed_tag_is_a_break() -> None:
    ding = msgspec.defstruct("Bell", [("at", int)], tag_field="type", tag="ding", kw_only=True)
    kinds = {c.fact: c.kind for c in compare(contract(Print, Bell), contract(Print, ding))}
    assert kinds == {
        "prints, bell: the type was removed": "breaking",
        "prints, ding: a new type": "readers first",
    }


def test_a_new_type_is_for_readers_first() -> None:
    (new,) = compare(contract(Print, Bell), contract(Print, Bell, Gong))
    assert (new.fact, new.kind) == ("prints, gong: a new type", "readers first")


def test_a_change_of_a_part_of_a_message_is_seen() -> None:
    old, new = contract(Print, Bell), contract(Print, Bell)
    del new["prints"]["$defs"]["Part"]["properties"]["share"]
    assert [c.fact for c in compare(old, new)] == ["prints, Part.share: the field was removed"]


def test_a_removed_topic_is_a_break_and_a_new_one_is_not() -> None:
    old = contract(Print)
    assert [(c.fact, c.kind) for c in compare(old, {})] == [
        ("prints: the topic was removed", "breaking")
    ]
    assert [c.kind for c in compare({}, old)] == ["compatible"]


def test_words_are_free() -> None:
    new = contract(Print, Bell)
    new["prints"]["$defs"]["Print"]["description"] = "other words"
    assert compare(contract(Print, Bell), new) == []


def test_only_what_was_accepted_since_counts_and_each_entry_once() -> None:
    broken = [c for c in judged(price=None) if c.kind == "breaking"]
    text = entry("a reason", broken)
    assert unaccepted(broken, text, "") == []
    assert unaccepted(broken, text, text) == broken, "an old entry accepts nothing again"
    assert unaccepted(broken * 2, text, "") == broken
    assert unaccepted(broken, text + text, text) == []

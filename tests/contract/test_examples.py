"""Laws over schemas/examples: nothing is missing, nothing is left over, everything decodes."""

import re
from typing import Any

import msgspec
import pytest

from schemas.topic import Topic
from schemas.topics import MARKET, TOPICS
from tests.support.examples import (
    FOLDER,
    Example,
    examples,
    expected_folders,
    folders,
    tags,
    types,
)

TYPED = [t for t in TOPICS if t.value is not None]
OF_TYPES = examples(*[t.name for t in TYPED])
OWN = [(t, tag) for t in TYPED for tag, kind in tags(t).items()
       if t is MARKET or kind not in types(MARKET)]  # fmt: skip
"""Forwarded messages are exercised in `market`."""


def each(some: list[Example]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", some, ids=[e.id for e in some])


def of(topic: Topic, tag: str) -> list[Example]:
    return [e for e in examples(topic.name) if e.json["type"] == tag]


def required(kind: type[msgspec.Struct]) -> set[str]:
    return {f.name for f in msgspec.structs.fields(kind) if f.required}


def known(kind: type[msgspec.Struct]) -> set[str]:
    return {f.name for f in msgspec.structs.fields(kind)} | {"type"}


def test_every_topic_has_its_folder_and_every_folder_its_topic() -> None:
    assert set(folders()) == expected_folders()


def test_no_folder_is_empty_and_no_file_is_a_stranger() -> None:
    assert {e.folder for e in examples()} == set(folders())
    strangers = {
        p.name for p in FOLDER.rglob("*") if p.is_file() and p.suffix not in (".json", ".txt")
    }
    assert strangers == {"README.md", "LICENSE"}


@each(examples())
def test_file_names_are_kebab_case(example: Example) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", example.name)


@each(OF_TYPES)
def test_an_example_decodes_to_the_type_of_its_folder(example: Example) -> None:
    tag = example.message.__struct_config__.tag
    if "." in example.folder:
        assert tag == example.folder.partition(".")[2]
    else:
        assert tag in tags(example.topic)


@each(OF_TYPES)
def test_an_example_means_the_same_after_decoding_and_encoding(example: Example) -> None:
    encoded = msgspec.json.encode(example.message)
    assert msgspec.json.decode(encoded, type=example.topic.value) == example.message
    kind = type(example.message)
    again = msgspec.json.decode(encoded)
    assert again.keys() <= known(kind)
    assert _filled(kind, again) == _filled(kind, example.json)


def _filled(kind: type[msgspec.Struct], fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that the type knows, defaults filled in: what a message means."""
    defaults = {
        f.name: f.default if f.default is not msgspec.NODEFAULT else f.default_factory()
        for f in msgspec.structs.fields(kind)
        if not f.required
    }
    return defaults | {k: v for k, v in fields.items() if k in known(kind)}


@pytest.mark.parametrize(("topic", "tag"), OWN, ids=[f"{t.name}-{tag}" for t, tag in OWN])
def test_of_every_type_one_example_has_only_the_required_fields(topic: Topic, tag: str) -> None:
    least = required(tags(topic)[tag]) | {"type"}
    assert any(e.json.keys() == least for e in of(topic, tag))


@pytest.mark.parametrize(("topic", "tag"), OWN, ids=[f"{t.name}-{tag}" for t, tag in OWN])
def test_of_every_type_one_example_has_a_field_that_nobody_knows(topic: Topic, tag: str) -> None:
    assert any(e.json.keys() - known(tags(topic)[tag]) for e in of(topic, tag))


@pytest.mark.parametrize(("topic", "tag"), OWN, ids=[f"{t.name}-{tag}" for t, tag in OWN])
def test_every_field_of_every_type_stands_in_an_example(topic: Topic, tag: str) -> None:
    shown = {name for e in of(topic, tag) for name, value in e.json.items() if value is not None}
    assert known(tags(topic)[tag]) - shown == set()


def test_every_field_of_a_basket_member_stands_in_an_example() -> None:
    from schemas.market import Member

    shown = {k for e in examples("market") for m in e.json.get("members", []) for k in m}
    assert known(Member) - {"type"} - shown == set()


def test_every_type_of_every_topic_has_an_example() -> None:
    shown = {(e.topic.name, e.json["type"]) for e in OF_TYPES}
    assert shown == {(t.name, tag) for t in TYPED for tag in tags(t)}


def test_the_law_of_types_sees_all_message_types() -> None:
    """A topic whose value is one type and not a union is seen as well."""
    assert {t.name: len(types(t)) for t in TYPED} == {
        t.name: len(msgspec.json.schema(t.value).get("anyOf", [1])) for t in TYPED
    }


VENDORS = [t.name for t in TOPICS if t.codec == "raw" and t.value is None]


@each(examples(*VENDORS))
def test_a_frame_of_a_vendor_is_one_line_as_it_came(example: Example) -> None:
    assert "\n" not in example.text
    venues = ("bn", "bnf", "bnc") if example.topic.name == "binance" else ("vn",)
    assert example.name.split("-")[0] in venues

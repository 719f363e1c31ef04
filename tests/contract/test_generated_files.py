"""The committed JSON Schemas and the AsyncAPI document are what the code says, and are valid."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

import schemas
from schemas.topics import BY_NAME, TOPICS
from services.commands import _contract
from services.gateway.core.channels import CHANNELS
from tests.support.examples import Example, examples, tags

FOLDER = Path(schemas.__file__).parent
TYPED = [t for t in TOPICS if t.value is not None]
ASYNCAPI: dict[str, Any] = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())


def schema(topic: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "json" / f"{topic}.json").read_text())
    return found


def test_the_committed_files_are_what_the_code_says() -> None:
    assert _contract.on_disk(FOLDER) == _contract.files(_contract.documents())


def test_every_typed_topic_has_a_schema_and_every_schema_a_topic() -> None:
    assert {p.stem for p in (FOLDER / "json").glob("*.json")} == {t.name for t in TYPED}


@pytest.mark.parametrize("topic", [t.name for t in TYPED])
def test_a_schema_is_valid_json_schema_2020_12(topic: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(topic))
    assert schema(topic)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


TYPED_EXAMPLES = examples(*[t.name for t in TYPED])


@pytest.mark.parametrize("example", TYPED_EXAMPLES, ids=[e.id for e in TYPED_EXAMPLES])
def test_an_example_is_valid_by_the_committed_schema(example: Example) -> None:
    jsonschema.Draft202012Validator(schema(example.topic.name)).validate(example.json)


@pytest.mark.parametrize("example", TYPED_EXAMPLES, ids=[e.id for e in TYPED_EXAMPLES])
def test_an_example_without_a_required_field_is_refused_by_the_schema(example: Example) -> None:
    """The schema has teeth: it is not one that accepts anything."""
    validator = jsonschema.Draft202012Validator(schema(example.topic.name))
    for field in msgspec.structs.fields(tags(example.topic)[example.json["type"]]):
        if field.required:
            broken = {k: v for k, v in example.json.items() if k != field.name}
            assert not validator.is_valid(broken)


def references(part: Any) -> list[str]:
    """All `$ref` of a document."""
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [ref for value in part.values() for ref in references(value)]
    if isinstance(part, list):
        return [ref for value in part for ref in references(value)]
    return []


def resolve(ref: str) -> Any:
    file, _, pointer = ref.partition("#/")
    found: Any = ASYNCAPI if not file else json.loads((FOLDER / file).read_text())
    for key in pointer.split("/"):
        found = found[key]
    return found


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    found = references(ASYNCAPI)
    assert len(found) > 40
    for ref in found:
        assert resolve(ref) is not None


def test_the_asyncapi_document_has_what_version_3_requires() -> None:
    assert ASYNCAPI["asyncapi"] == "3.0.0"
    assert ASYNCAPI["info"].keys() >= {"title", "version"}
    for server in ASYNCAPI["servers"].values():
        assert server.keys() >= {"host", "protocol"}
    for operation in ASYNCAPI["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert operation["channel"]["$ref"].partition("#/channels/")[2] in ASYNCAPI["channels"]


def test_every_topic_is_a_channel_with_its_messages_and_its_facts() -> None:
    assert set(ASYNCAPI["channels"]) == {t.name for t in TOPICS} | {"stream"}
    for name, topic in BY_NAME.items():
        channel = ASYNCAPI["channels"][name]
        assert channel["address"] == name
        assert set(channel.get("messages", {})) == set(tags(topic))
        assert channel["bindings"]["kafka"]["partitions"] == topic.partitions
        assert channel["x-vntape-consumers"] == list(topic.consumers)


def test_a_payload_is_the_definition_of_its_type() -> None:
    for name, message in ASYNCAPI["components"]["messages"].items():
        topic, _, tag = name.partition(".")
        if tag:
            found = resolve(message["payload"]["schema"]["$ref"])
            assert found["properties"]["type"]["enum"] == [tag]
            assert topic in BY_NAME


def test_the_gateways_channels_are_those_it_serves() -> None:
    listed = {c["channel"]: c["class"] for c in ASYNCAPI["x-vntape-channels"]}
    assert listed == {c.name: c.kind for c in CHANNELS}


def test_loopback_is_the_only_default_address() -> None:
    for server in ASYNCAPI["servers"].values():
        for variable in server["variables"].values():
            assert variable["default"].startswith("127.0.0.1:")

"""The contract as JSON Schema: one document a topic, generated from the wire types."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from schemas.topic import Topic
from schemas.topics import TOPICS

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def documents(topics: Iterable[Topic] = TOPICS) -> dict[str, Schema]:
    """Topic name -> JSON Schema (2020-12) of its messages; topics of opaque bytes have none."""
    return {t.name: document(t) for t in topics if t.value is not None}


def document(topic: Topic) -> Schema:
    """JSON Schema of one message of a topic; each message type is an entry of `$defs`."""
    return {
        "$schema": DIALECT,
        "$id": f"{topic.name}.json",
        "title": topic.name,
        "description": f"One message of the topic {topic.name}. Unknown fields are ignored.",
        **msgspec.json.schema(topic.value),
    }


def definitions(schema: Schema) -> dict[str, Schema]:
    """
    Definitions by what the wire calls them: what the `type` field says, or the name in
    `$defs` for parts of a message, which have no such field.
    """
    found = {}
    for name, definition in schema.get("$defs", {}).items():
        tag = definition.get("properties", {}).get("type", {}).get("enum", [])
        found[tag[0] if len(tag) == 1 else name] = definition
    return found


def types_of(schema: Schema) -> dict[str, str]:
    """What the `type` field of each message of a topic says -> its name in `$defs`."""
    refs = [schema, *schema.get("anyOf", [])]
    names = {r["$ref"].rpartition("/")[2] for r in refs if "$ref" in r}
    return {wire: d["title"] for wire, d in definitions(schema).items() if d["title"] in names}


def text(schema: Schema) -> str:
    """The file's content: stable, one line a key, so that a diff shows what changed."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"

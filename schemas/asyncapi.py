"""The contract as one AsyncAPI 3.0 document: Kafka's topics and the gateway's WebSocket."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.generate import Schema, types_of
from schemas.topic import Topic

Document = dict[str, Any]

KAFKA_BINDING = "0.5.0"
WS_BINDING = "0.1.0"


def document(
    topics: Iterable[Topic],
    schemas: Mapping[str, Schema],
    commands: Mapping[str, Schema],
    channels: Iterable[Mapping[str, Any]],
) -> Document:
    """
    The whole document, as plain data; payloads are references to `json/<topic>.json`.

    Args:
        schemas: topic -> its JSON Schema.
        commands: name -> JSON Schema of each command that the gateway takes, with references
            to `#/components/schemas/<name>`.
        channels: name, class, key and source of each channel of the gateway.
    """
    topics = list(topics)
    found = _each(topics, schemas)
    messages = {f"{t.name}.{tag}": _message(t, tag, name) for t, tag, name in found}
    served = sorted({str(c["topic"]) for c in channels})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "vntape",
            "version": "1.0.0",
            "description": "Market tapes, typed and sequenced. Operations are the gateway's.",
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {t.name: _topic(t, messages) for t in topics} | {"stream": _stream()},
        "operations": _operations(served),
        "components": {
            "messages": messages | _FRAMES | {"command": _command(commands)},
            "schemas": dict(commands),
        },
        "x-vntape-channels": [dict(c) for c in channels],
    }


_FORMAT = "application/schema+json;version=draft/2020-12"
"""The dialect of the files; AsyncAPI's own is a superset of draft-07, which lacks prefixItems."""


def _each(
    topics: Iterable[Topic], schemas: Mapping[str, Schema]
) -> Iterable[tuple[Topic, str, str]]:
    for topic in topics:
        for tag, name in types_of(schemas.get(topic.name, {})).items():
            yield topic, tag, name


def _servers() -> Document:
    return {
        "kafka": {
            "host": "{kafka}",
            "protocol": "kafka",
            "variables": {"kafka": {"default": "127.0.0.1:9092", "description": "VNTAPE_KAFKA"}},
        },
        "gateway": {
            "host": "{gateway}",
            "pathname": "/v1/stream",
            "protocol": "ws",
            "variables": {
                "gateway": {
                    "default": "127.0.0.1:8650",
                    "description": "VNTAPE_GATEWAY_HOST and VNTAPE_GATEWAY_PORT",
                }
            },
        },
    }


def _message(topic: Topic, tag: str, name: str) -> Document:
    return {
        "name": tag,
        "title": f"{tag} of {topic.name}",
        "payload": {
            "schemaFormat": _FORMAT,
            "schema": {"$ref": f"./json/{topic.name}.json#/$defs/{name}"},
        },
    }


def _topic(topic: Topic, messages: Iterable[str]) -> Document:
    mine = [m for m in messages if m.startswith(f"{topic.name}.")]
    found: Document = {
        "address": topic.name,
        "description": "On a tape other than `live` the name has the tape and a dot before it.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {
            m.removeprefix(f"{topic.name}."): {"$ref": f"#/components/messages/{m}"} for m in mine
        },
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["compact" if topic.compacted else "delete"],
                    "retention.ms": topic.retention_ms,
                },
                "bindingVersion": KAFKA_BINDING,
            }
        },
        "x-vntape-codec": topic.codec,
        "x-vntape-key": topic.key,
        "x-vntape-stream": topic.stream,
        "x-vntape-clocked": topic.clocked,
        "x-vntape-producers": list(topic.producers),
        "x-vntape-consumers": list(topic.consumers),
    }
    if not mine:
        del found["messages"]
    return found


def _stream() -> Document:
    return {
        "address": "/",
        "description": "One WebSocket; a client names the streams it wants.",
        "servers": [{"$ref": "#/servers/gateway"}],
        "messages": {
            "command": {"$ref": "#/components/messages/command"},
            "frame": {"$ref": "#/components/messages/frame"},
        },
        "bindings": {"ws": {"method": "GET", "bindingVersion": WS_BINDING}},
    }


_ITEM = {
    "type": "object",
    "description": "With `op` a control message; with `ch` a message of that channel, its "
    "fields beside `ch`, and `prev`, the seq before it, on event channels.",
    "properties": {
        "op": {"type": "string"},
        "ch": {"type": "string"},
        "prev": {"type": ["integer", "null"]},
    },
    "anyOf": [{"required": ["op"]}, {"required": ["ch"]}],
}
_FRAMES = {
    "frame": {"title": "what the gateway says", "payload": {"type": "array", "items": _ITEM}},
}


def _command(commands: Iterable[str]) -> Document:
    refs = [{"$ref": f"#/components/schemas/{name}"} for name in commands]
    return {"title": "what a client says", "payload": {"oneOf": refs}}


def _operations(served: Iterable[str]) -> Document:
    found: Document = {
        f"receive-{name}": {"action": "receive", "channel": {"$ref": f"#/channels/{name}"}}
        for name in served
    }
    stream = {"$ref": "#/channels/stream"}
    for operation, action, message in (
        ("receive-command", "receive", "command"),
        ("send-frame", "send", "frame"),
    ):
        ref = {"$ref": f"#/channels/stream/messages/{message}"}
        found[operation] = {"action": action, "channel": stream, "messages": [ref]}
    return found

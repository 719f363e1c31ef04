"""The JSON Schema that a topic publishes."""

import jsonschema

from schemas import generate
from schemas.topics import (
    BY_NAME,
)


def validator(topic: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(generate.document(BY_NAME[topic]))

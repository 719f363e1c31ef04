"""What KEDA would say of a document: checked against its own definitions, unknown fields too."""

from functools import cache
from typing import Any

import jsonschema
import yaml

from tests.support.stack import ROOT

FOLDER = ROOT / "tests/data/kubernetes"


@cache
def _schema(kind: str) -> dict[str, Any]:
    path = FOLDER / f"keda.sh_{kind.lower()}s.yaml"
    definition = yaml.safe_load(path.read_text())
    (version,) = (v for v in definition["spec"]["versions"] if v["storage"])
    schema: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    schema["properties"]["metadata"] = {}  # Kubernetes' own
    return _closed(schema)


def _closed(schema: Any) -> Any:
    """The schema, refusing fields that it does not name: what a cluster would drop in silence."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        closed.setdefault("additionalProperties", False)
    return closed


def validate(document: dict[str, Any]) -> None:
    """
    Check a ScaledObject or a TriggerAuthentication.

    Raises:
        jsonschema.ValidationError: KEDA does not know it so.
    """
    assert document["apiVersion"] == "keda.sh/v1alpha1"
    jsonschema.Draft202012Validator(_schema(document["kind"])).validate(document)

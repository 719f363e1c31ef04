"""YAML files that people write: read into pydantic models, errors with the line they stand on."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from services.runtime.settings import SettingsError

M = TypeVar("M", bound=BaseModel)


def read(path: Path, model: type[M]) -> M:
    """
    The file as a model.

    Raises:
        SettingsError: it cannot be read, or is no YAML, or the model refuses it: every fault on a
            line of its own, as `alerts.yaml:12: rules[3].severity: …`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        why = e.strerror if isinstance(e, OSError) else "it is no text in UTF-8"
        raise SettingsError(f"cannot read {path} ({why})") from e
    return parse(text, model, path.name)


def parse(text: str, model: type[M], name: str) -> M:
    """The same of a text; `name` stands before the line number in errors."""
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else 1
        raise SettingsError(f"{name}:{line}: no YAML: {e.problem or e.context}") from e
    except yaml.YAMLError as e:
        raise SettingsError(f"{name}: no YAML: {e}") from e
    twice = [f"{name}:{line}: {key!r} stands twice" for line, key in _repeated(root)]
    if twice:
        raise SettingsError("\n".join(twice))
    try:
        return model.model_validate({} if value is None else value)
    except ValidationError as e:
        raise SettingsError("\n".join(_faults(e, root, name))) from None


def _faults(error: ValidationError, root: Any, name: str) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        line, place = _find(root, problem["loc"], problem["type"] == "missing")
        said = problem["msg"].removeprefix("Value error, ")
        what = f" {place}:" if place else ""
        yield f"{name}:{line}:{what} {said}{_was(problem)}"


def _was(problem: Any) -> str:
    """What was written, when it is short and not something missing."""
    written = problem["input"]
    if problem["type"] == "missing" or isinstance(written, dict | list):
        return ""
    text = repr(written)
    return f"; it was {text}" if len(text) <= 80 else ""


def _find(root: Any, path: Sequence[int | str], missing: bool) -> tuple[int, str]:
    """
    The line of a place in the document, and its name.

    pydantic's path also names the chosen kind of a union, which is no place: it is passed over.
    Of a field that is missing, the last of the path, it is the line of what lacks it.
    """
    node, line, place = root, root.start_mark.line + 1 if root is not None else 1, ""
    for number, step in enumerate(path):
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line, place = node.start_mark.line + 1, f"{place}[{step}]"
            continue
        found = _entry(node, step)
        if found is not None:
            key, node = found
            line, place = key.start_mark.line + 1, f"{place}.{step}" if place else str(step)
        elif missing and number == len(path) - 1:
            place = f"{place}.{step}" if place else str(step)
    return line, place


def _entry(node: Any, key: int | str) -> tuple[Any, Any] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next(((k, v) for k, v in node.value if k.value == str(key)), None)


def _repeated(node: Any) -> Iterator[tuple[int, str]]:
    """Keys that stand twice in a mapping: YAML would silently take the last."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, key.value
            seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated(value)

"""
What a change of the contract does to those who read the old one, or old messages.

Breaking: recordings or running readers no longer understand. Readers first: fine, but a reader
of the old contract refuses the new messages, so roll out readers before writers. Compatible:
nobody notices.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemas.generate import Schema, definitions, types_of

Kind = Literal["breaking", "readers first", "compatible"]

_WORDS_ONLY = frozenset({"title", "description", "default"})
"""Keys of a field's schema that are not its type; `default` is judged by itself."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    One difference.

    Attributes:
        where: topic, type and field, as in `market, trade.price`.
        what: what became of it.
        advice: what to do instead, or beside it.
    """

    where: str
    what: str
    kind: Kind
    advice: str = ""

    @property
    def fact(self) -> str:
        """Where and what: how BREAKING.md names an accepted change."""
        return f"{self.where}: {self.what}"

    def __str__(self) -> str:
        return f"{self.kind}: {self.fact}" + (f"; {self.advice}" if self.advice else "")


def compare(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[Change]:
    """All differences of two contracts (topic -> its JSON Schema), topic by topic."""
    changes: list[Change] = []
    for topic, before in old.items():
        if topic not in new:
            advice = "keep it until no reader and no recording has it"
            changes.append(Change(topic, "the topic was removed", "breaking", advice))
        else:
            changes += _topic(topic, before, new[topic])
    changes += [Change(t, "a new topic", "compatible") for t in new if t not in old]
    return changes


def _topic(topic: str, old: Schema, new: Schema) -> Iterator[Change]:
    before, after = types_of(old), types_of(new)
    for name in before:
        if name not in after:
            advice = "keep it and stop sending it: recordings hold it"
            yield Change(f"{topic}, {name}", "the type was removed", "breaking", advice)
    types_before, types_after = definitions(old), definitions(new)
    for name, definition in types_after.items():
        if name in types_before:
            yield from _definition(f"{topic}, {name}", types_before[name], definition)
        else:
            kind: Kind = "readers first" if name in after else "compatible"
            yield Change(f"{topic}, {name}", "a new type", kind)


def _definition(where: str, old: Schema, new: Schema) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    must_before, must_after = set(old.get("required", [])), set(new.get("required", []))
    for name, schema in before.items():
        if name not in after:
            yield _removed(
                f"{where}.{name}", schema, {n: after[n] for n in after if n not in before}
            )
            continue
        yield from _field(f"{where}.{name}", schema, after[name])
        if name in must_after - must_before:
            advice = "give it its default again: writers leave out what equals the default"
            yield Change(f"{where}.{name}", "is now required", "breaking", advice)
        elif name in must_before - must_after:
            yield Change(f"{where}.{name}", "is no longer required", "readers first")
    for name in after:
        if name in before:
            continue
        if name in must_after:
            advice = "give it a default: old messages lack it"
            yield Change(f"{where}.{name}", "a new required field", "breaking", advice)
        else:
            yield Change(f"{where}.{name}", "a new optional field", "compatible")


def _removed(where: str, schema: Schema, added: Mapping[str, Schema]) -> Change:
    same = [name for name, other in added.items() if not list(_differences(schema, other))]
    advice = "keep it, and stop filling it when it has a default"
    if same:
        advice = f"was it renamed to {' or '.join(same)}? Keep the old name, or fill both"
    return Change(where, "the field was removed", "breaking", advice)


def _field(where: str, old: Schema, new: Schema) -> Iterator[Change]:
    for kind, what in _differences(old, new):
        advice = "keep it and add a new field beside it" if kind == "breaking" else ""
        yield Change(where, what, kind, advice)
    if "default" in old and "default" in new and old["default"] != new["default"]:
        what = f"the default was changed from {old['default']!r} to {new['default']!r}"
        advice = "keep it: messages without the field would change their meaning"
        yield Change(where, what, "breaking", advice)


def _differences(old: Any, new: Any) -> Iterator[tuple[Kind, str]]:
    """How a field's type differs: values of an enum may come, nothing else may change."""
    if isinstance(old, dict) and isinstance(new, dict):
        before = {k: v for k, v in old.items() if k not in _WORDS_ONLY}
        after = {k: v for k, v in new.items() if k not in _WORDS_ONLY}
        if before.keys() != after.keys():
            yield "breaking", "the type was changed"
            return
        for key, value in before.items():
            if key == "enum":
                yield from _values(value, after[key])
            else:
                yield from _differences(value, after[key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from _differences(before, after)
    elif old != new:
        yield "breaking", "the type was changed"


def _values(old: list[Any], new: list[Any]) -> Iterator[tuple[Kind, str]]:
    if gone := [str(v) for v in old if v not in new]:
        yield "breaking", f"the value {', '.join(gone)} was removed"
    if come := [str(v) for v in new if v not in old]:
        yield "readers first", f"the value {', '.join(come)} is new"


def unaccepted(changes: Iterable[Change], accepted_now: str, accepted_before: str) -> list[Change]:
    """
    Breaking changes that nobody has accepted.

    Args:
        accepted_now: BREAKING.md as it stands; `accepted_before`: as it was when the old
            contract was the contract. Only what was added since accepts anything.
    """
    allowed = Counter(_facts(accepted_now)) - Counter(_facts(accepted_before))
    left = []
    for change in changes:
        if change.kind == "breaking":
            if allowed[change.fact]:
                allowed[change.fact] -= 1
            else:
                left.append(change)
    return left


def _facts(text: str) -> list[str]:
    return [line[2:] for line in text.splitlines() if line.startswith("- ")]


def entry(reason: str, changes: Iterable[Change]) -> str:
    """What BREAKING.md says of changes that are accepted for a reason."""
    return "\n".join([f"\n## {reason}\n", *(f"- {change.fact}" for change in changes), ""])

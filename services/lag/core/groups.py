"""Whose position a consumer group's committed offsets are; pure."""

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

_GROUP = re.compile(r"(?P<tape>[a-z][a-z0-9]*)\.(?P<service>[a-z][a-z-]*?)(\.v(?P<version>\d+))?")


class Reader(NamedTuple):
    """A service on a tape."""

    tape: str
    service: str


def readers(groups: Iterable[str], tapes: Collection[str]) -> dict[Reader, str]:
    """
    Service on one of `tapes` -> its group: `<tape>.<service>.v<version>`, of the newest version,
    or `<tape>.<service>` of those that have no state.

    Groups of anybody else are left out.
    """
    newest: dict[Reader, tuple[int, str]] = {}
    for group in groups:
        match = _GROUP.fullmatch(group)
        if match is None or match["tape"] not in tapes:
            continue
        reader = Reader(match["tape"], match["service"])
        version = int(match["version"] or 0)
        newest[reader] = max(newest.get(reader, (-1, "")), (version, group))
    return {reader: group for reader, (_, group) in newest.items()}


def has_members(group: str) -> bool:
    """Whether its workers join the group: those with a state version do."""
    match = _GROUP.fullmatch(group)
    return match is not None and match["version"] is not None

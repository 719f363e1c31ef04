"""Generate and check the committed contract."""

import difflib
from pathlib import Path

import click

from schemas.compatibility import Change, compare, entry, unaccepted
from services.commands import _contract


@click.group()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=_contract.FOLDER,
    hidden=True,
)
@click.pass_context
def command(context: click.Context, folder: Path) -> None:
    """Generate or check the JSON Schemas and the AsyncAPI document from the wire types."""
    context.obj = folder


@command.command()
@click.option("--break", "reason", metavar="REASON", help="Accept breaking changes, and say why.")
@click.pass_obj
def generate(folder: Path, reason: str | None) -> None:
    """
    Write schemas/json and schemas/asyncapi.yaml.

    Refuses a breaking change unless a reason is given, which is kept in BREAKING.md.
    """
    old, new = _contract.on_disk(folder), _contract.files(_contract.documents())
    changes, broken = _judged(folder, None)
    accepted = folder / _contract.ACCEPTED
    if broken and not reason:
        raise click.ClickException(_refusal(broken))
    if broken and reason:
        accepted.parent.mkdir(parents=True, exist_ok=True)
        with accepted.open("a") as file:
            file.write(entry(reason, broken))
    for path in old.keys() - new.keys():
        (folder / path).unlink()
        click.echo(f"removed {path}")
    for path, text in new.items():
        if old.get(path) != text:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
            click.echo(f"wrote {path}")
    for change in changes:
        click.echo(f"  {change}")


@command.command()
@click.option("--against", metavar="REVISION", help="The contract to keep; HEAD if not given.")
@click.pass_obj
def check(folder: Path, against: str | None) -> None:
    """Fail when a change of the wire types breaks the contract or is not generated yet."""
    changes, broken = _judged(folder, against)
    if broken:
        raise click.ClickException(_refusal(broken))
    old, new = _contract.on_disk(folder), _contract.files(_contract.documents())
    stale = [_stale(path, old.get(path), new.get(path)) for path in sorted(old.keys() | new.keys())]
    said = [text for text in stale if text]
    if said:
        facts = "".join(f"\n  {change}" for change in changes)
        raise click.ClickException(
            "\n".join(said) + facts + "\nrun `vntape schemas generate` and commit what it writes"
        )
    click.echo(
        f"the contract holds: {len(new)} files, {len(changes)} changes since the last commit"
    )


def _judged(folder: Path, revision: str | None) -> tuple[list[Change], list[Change]]:
    """All changes since the reference, and those of them that break and were not accepted."""
    try:
        old, before = _contract.reference(folder, revision)
    except _contract.UnknownRevisionError as e:
        raise click.ClickException(str(e)) from e
    accepted = folder / _contract.ACCEPTED
    now = accepted.read_text() if accepted.exists() else ""
    changes = compare(old, _contract.documents())
    return changes, unaccepted(changes, now, before)


def _refusal(broken: list[Change]) -> str:
    lines = "\n".join(f"  {change}" for change in broken)
    return (
        f"the contract would break:\n{lines}\n"
        "if every reader and every recording can do without: "
        '`vntape schemas generate --break "why"`'
    )


def _stale(path: str, old: str | None, new: str | None) -> str:
    if old == new:
        return ""
    if old is None:
        return f"schemas/{path} is missing"
    if new is None:
        return f"schemas/{path} belongs to no topic"
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
    shown = [line for line in lines if line[:3] not in ("---", "+++") and line[:2] != "@@"]
    more = f"\n  … {len(shown) - 12} lines more" if len(shown) > 12 else ""
    return f"schemas/{path} is not what the code says:\n  " + "\n  ".join(shown[:12]) + more

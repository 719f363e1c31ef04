"""The writer's migrations as files."""

from services.runtime import migrations
from services.writer.schema import MIGRATIONS


def test_the_migrations_are_numbered_without_a_hole() -> None:
    """`read` refuses a number that stands twice, as two branches may bring it."""
    found = migrations.read(MIGRATIONS)
    assert [m.number for m in found] == list(range(1, len(found) + 1))

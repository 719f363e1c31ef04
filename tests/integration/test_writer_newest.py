"""Tables of newest messages: the newest of each key stays, whatever comes again."""

import re

import msgspec
import psycopg
import pytest
from msgspec.structs import replace

from schemas.topics import BOARD, TOPICS
from services.runtime import migrations, topics_admin
from services.runtime.settings import Settings
from services.stack import Addresses
from services.writer import schema
from tests.integration.test_writer import rows, until_stored, writing
from tests.support.derived import board_row, derived, flow, send, send_with_repeats
from tests.support.eventually import eventually
from tests.support.tables import assert_equal
from tests.support.writing import FIRST_SEQ, Sender, market, prepared

pytestmark = [pytest.mark.broker, pytest.mark.database]


def small(settings: Settings) -> Settings:
    """Transactions of few rows: the same keys meet again and again."""
    return settings.model_copy(update={"writer_batch_rows": 100})


@pytest.mark.soak
async def test_two_writers_and_repeated_runs_leave_the_newest_of_each_key(
    stack: Addresses, tape: str
) -> None:
    settings = small(await prepared(stack, tape))
    async with writing(settings), writing(settings), Sender(stack.kafka, tape) as sender:
        await send_with_repeats(sender, derived(1500), seed=1)
        await until_stored(stack, tape, 60)
    assert await assert_equal(stack.kafka, stack.database, tape) > 3000
    count = f"SELECT count(*), count(DISTINCT symbol), count(DISTINCT day) FROM {tape}.board"
    assert rows(stack.database, count) == [(40, 20, 2)]
    assert schema.size(stack.database, tape).rows > 3000


async def test_an_older_run_read_again_replaces_nothing(stack: Addresses, tape: str) -> None:
    """Also when the older run is all that a batch has, and within one batch."""
    settings = await prepared(stack, tape)
    old, new = (board_row("A", FIRST_SEQ + n, last=n) for n in (1, 2))
    first = board_row("A", FIRST_SEQ + 1, day="2024-08-07", last=0)
    query = f"SELECT day::text, last, seq FROM {tape}.board ORDER BY 1"
    want = [("2024-08-07", 0, FIRST_SEQ + 1), ("2024-08-08", 2, FIRST_SEQ + 2)]
    async with writing(settings), Sender(stack.kafka, tape) as sender:
        for run in ([first, old, new, old], [first, old], [old, new, new]):
            await send(sender, [(("board", 3), row) for row in run])
            await until_stored(stack, tape)
            assert rows(stack.database, query) == want
    assert rows(stack.database, f"SELECT count(*) FROM {tape}.dead_letters") == [(0,)]


async def test_of_one_input_the_last_part_is_the_newest(stack: Addresses, tape: str) -> None:
    settings = await prepared(stack, tape)
    parts = [replace(board_row("A", FIRST_SEQ, last=n), part=n) for n in range(4)]
    async with writing(settings), Sender(stack.kafka, tape) as sender:
        await send(sender, [(("board", 3), row) for row in [*parts, *parts[:2]]])
        await until_stored(stack, tape)
    assert rows(stack.database, f"SELECT part, last FROM {tape}.board") == [(3, 3)]


async def test_bad_rows_are_dead_lettered_with_their_venue_and_the_newest_good_one_stays(
    stack: Addresses, tape: str
) -> None:
    """A day that is none, a year beyond, no JSON, and other content under a known (seq, part)."""
    settings = small(await prepared(stack, tape))
    good = [board_row(f"S{n % 7}", FIRST_SEQ + n) for n in range(300)]
    other = replace(good[-1], last=-1.0)
    bad = {
        msgspec.json.encode(board_row("S1", FIRST_SEQ + 900, day="2024-02-30")): "no row",
        msgspec.json.encode(replace(good[0], ts_ms=2**62)): "no row",
        msgspec.json.encode(board_row("S2.BN", FIRST_SEQ, day="today", venue="BN")): "no row",
        b'{"type":"board"}': "undecodable",
    }
    async with writing(settings), Sender(stack.kafka, tape) as sender:
        await send(sender, [(("board", 1), row) for row in good[:150]])
        for line in bad:
            sender.raw("board", 1, line, b"bad")
        await send(sender, [(("board", 1), row) for row in good[150:]])
        await until_stored(stack, tape)
        await send(sender, [(("board", 1), other)])
        query = f"SELECT value, venue, reason FROM {tape}.dead_letters"
        found = await eventually(lambda: len(r := rows(stack.database, query)) == 5 and r, 15)
    letters = {bytes(value): (venue, why.partition(":")[0]) for value, venue, why in found}
    (contradiction,) = letters.keys() - bad.keys()
    assert letters.pop(contradiction) == ("VN", "contradiction")
    assert msgspec.json.decode(contradiction)["last"] == -1
    venues = dict(zip(bad, ("VN", "VN", "BN", ""), strict=True))
    assert letters == {line: (venues[line], reason) for line, reason in bad.items()}
    kept = rows(stack.database, f"SELECT symbol, seq FROM {tape}.board ORDER BY 1")
    assert kept == [(r.symbol, r.seq) for r in sorted(good[-7:], key=lambda r: r.symbol)]


async def test_a_topic_that_comes_later_is_stored_from_its_beginning(
    stack: Addresses, tape: str
) -> None:
    """A tape has only the topics of what runs on it; the others are not waited for."""
    settings = await prepared(stack, tape)
    wanted = [t for t in TOPICS if t.producers != ("board",)]
    await topics_admin.drop(stack.kafka, tape)
    await eventually(lambda: _there(stack, tape, set()))
    await topics_admin.apply(stack.kafka, tape, wanted)
    async with writing(settings) as process, Sender(stack.kafka, tape) as sender:
        await sender.market(market(200))
        await until_stored(stack, tape)
        await topics_admin.apply(stack.kafka, tape, [BOARD])
        await send(sender, [(("board", 0), board_row("A", FIRST_SEQ))])
        query = f"SELECT symbol FROM {tape}.board"
        await eventually(lambda: rows(stack.database, query) == [("A",)], 20)
        await eventually(lambda: not process.health.problems)


async def _there(stack: Addresses, tape: str, names: set[str]) -> bool:
    return set((await topics_admin.tapes(stack.kafka)).get(tape, [])) == names


async def test_the_newest_flow_of_a_symbol_and_phase_stands_apart(
    stack: Addresses, tape: str
) -> None:
    """Whatever comes again; and what the table of all refuses is not the newest either."""
    settings = small(await prepared(stack, tape))
    flows = [flow("A", FIRST_SEQ + n, p, ("atc", "day")[p]) for n in range(400) for p in (0, 1)]
    far = replace(flows[-1], seq=FIRST_SEQ + 500, buy_count=2**63)
    run = [*flows, *flows[:90], far, *flows[-50:]]
    async with writing(settings), Sender(stack.kafka, tape) as sender:
        await send(sender, [(("session-flow", 2), f) for f in run])
        await until_stored(stack, tape)
    newest = f"SELECT phase, seq FROM {tape}.session_flow_newest ORDER BY 1"
    last = FIRST_SEQ + 399
    assert rows(stack.database, newest) == [("atc", last), ("day", last)]
    assert rows(stack.database, f"SELECT count(*) FROM {tape}.session_flow") == [(800,)]
    letters = f"SELECT count(*), min(reason) FROM {tape}.dead_letters"
    found = rows(stack.database, letters)
    assert found == [(1, "OverflowError: int too big to convert")]


async def test_newest_rows_of_a_filled_database_are_found_by_its_migration(
    stack: Addresses, tape: str
) -> None:
    settings = await prepared(stack, tape)
    await send_some(stack, settings)
    ask = f"SELECT * FROM {tape}.session_flow_newest ORDER BY symbol, phase"
    kept = rows(stack.database, ask)
    assert len(kept) == 40
    file = next(m for m in migrations.read(schema.MIGRATIONS) if m.name.startswith("0022"))
    made = re.findall(r"INSERT INTO session_flow_newest\n.*?;", file.text, re.DOTALL)
    with psycopg.connect(stack.database) as connection:
        connection.execute(f"SET search_path TO {tape}, public")
        connection.execute("TRUNCATE session_flow_newest")
        for statement in made:
            connection.execute(statement.encode())
    assert rows(stack.database, ask) == kept


async def send_some(stack: Addresses, settings: Settings) -> None:
    async with writing(settings), Sender(stack.kafka, settings.tape) as sender:
        await send_with_repeats(sender, derived(300), seed=1)
        await until_stored(stack, settings.tape)

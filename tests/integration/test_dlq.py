"""`vntape dlq` on letters that the real writer and the real delivery wrote."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import structlog
from click.testing import CliRunner, Result

from schemas import frames
from schemas.keys import partition
from schemas.market import Quote, Trade
from schemas.topics import DEAD_LETTERS
from services import cli
from services.runtime import kafka as clients
from services.runtime.dead_letters import DeadLetters
from services.runtime.outbox import Outboxes
from services.runtime.settings import Settings
from services.stack import Addresses
from tests.integration.test_writer import writing
from tests.support.counting import service
from tests.support.delivering import Hook, alert, channels, process, publish
from tests.support.eventually import eventually
from tests.support.load import outcome
from tests.support.writing import FIRST_SEQ, Sender, prepared

pytestmark = [pytest.mark.broker, pytest.mark.database]

NONSENSE = b'{"type":"nonsense","seq":1723075200000077}'


@pytest.fixture(autouse=True)
def logs_elsewhere() -> Iterator[None]:
    """The writer of this process shall not log into what a command beside it prints."""
    before = structlog.get_config()
    structlog.reset_defaults()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))
    yield
    structlog.configure(**before)


def dlq(settings: Settings, *words: str) -> Result:
    assert settings.database_url is not None
    environment = {
        "VNTAPE_KAFKA": settings.kafka,
        "VNTAPE_DATABASE_URL": settings.database_url.get_secret_value(),
        "VNTAPE_TAPE": settings.tape,
        "COLUMNS": "40",
    }
    return CliRunner().invoke(cli.root, ["dlq", *words], env=environment)


async def asked(settings: Settings, *words: str) -> Result:
    return await asyncio.to_thread(dlq, settings, *words)


def rows(settings: Settings, query: str) -> list[tuple]:
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url.get_secret_value()) as connection:
        cursor = connection.execute(query.replace("@", settings.tape).encode())
        return cursor.fetchall() if cursor.description else []


def quote(number: int) -> Quote:
    seq = FIRST_SEQ + number
    return Quote(symbol="A.BN", feed="f", seq=seq, ts_ms=seq // 1000, bids=[(1.0, number)], asks=[])


async def test_what_the_writer_refused_is_stored_after_its_replay_and_the_rest_is_dropped(
    stack: Addresses, tape: str
) -> None:
    """The table refuses one quote until it is mended; one line was never a message."""
    settings = await prepared(stack, tape)
    rows(settings, "ALTER TABLE @.market_quote ADD CONSTRAINT odd CHECK (bid_volume <> 3)")
    seqs = f"SELECT seq FROM {tape}.market_quote ORDER BY seq"
    assert (await asked(settings, "list")).exit_code == 0
    async with Sender(stack.kafka, tape) as sender, writing(settings):
        await sender.market([quote(number) for number in (1, 2, 3, 4)], frame=2)
        sender.raw("market", partition("A.BN", 12), NONSENSE)
        await sender.flush()
        await eventually(lambda: len(rows(settings, seqs)) == 3, 20)

        async def both() -> str:
            listed = await asked(settings, "list", "--each")
            assert listed.exit_code == 1
            assert listed.stdout.count(" writer ") == 2, listed.output
            return listed.stdout

        listed = await eventually(both, 20, every=0.2)
        number = next(line.split()[0] for line in listed.splitlines() if "CheckViol" in line)
        raw = await asked(settings, "show", number, "--raw")
        assert raw.exit_code == 0, (raw.output, raw.exception)
        assert raw.stdout_bytes == frames.encode(quote(3))
        grouped = (await asked(settings, "list", "--service", "writer")).stdout
        assert "undecodable" in grouped
        rows(settings, "ALTER TABLE @.market_quote DROP CONSTRAINT odd")
        replayed = await asked(settings, "replay", "--service", "writer", "--yes")
        assert replayed.exit_code == 1
        assert "1 given back, 1 stay" in replayed.stdout
        assert "still no message of market" in replayed.stderr
        await eventually(lambda: len(rows(settings, seqs)) == 4, 20)
    last = [r async for r in clients.read_all(stack.kafka, f"{tape}.market")]
    of_home = [r.value for r in last if r.partition == partition("A.BN", 12)]
    assert of_home[-1] == frames.encode(quote(3))
    left = (await asked(settings, "list", "--each")).stdout.splitlines()[1:]
    assert len(left) == 1
    other = left[0].split()[0]
    assert (await asked(settings, "drop", other, "--yes")).exit_code == 2  # without a reason
    dropped = await asked(settings, "drop", other, "--why", "a test's", "--yes")
    assert dropped.exit_code == 0, dropped.output
    assert (await asked(settings, "list")).exit_code == 0
    assert (await asked(settings, "drop", other, "--why", "again", "--yes")).exit_code == 1
    shown = (await asked(settings, "show", other)).stdout
    assert NONSENSE.decode() in shown
    book = "SELECT number::text, verdict, why FROM @.dead_letter_verdicts ORDER BY at"
    assert rows(settings, book) == [
        (number, "replayed", "vntape dlq replay"),
        (other, "dropped", "a test's"),
    ]


def test_a_line_put_into_its_topic_again_changes_no_service_that_has_passed_it() -> None:
    """The law on which the writer's replay rests (design §2)."""
    seq = FIRST_SEQ + 1
    trades = [
        Trade(symbol="A.BN", feed="f", seq=seq + n, ts_ms=seq // 1000, price=1.0, volume=n)
        for n in range(20)
    ]
    records = [frames.encode(trade) for trade in trades]
    assert outcome(service(), [*records, records[3], records[19]]) == outcome(service(), records)


async def test_what_no_law_allows_is_refused_with_what_to_do(stack: Addresses, tape: str) -> None:
    settings = await prepared(stack, tape)
    producer = clients.producer(stack.kafka, "test-letters")
    await producer.start()
    outboxes = Outboxes(producer)
    place = {"topic": f"{tape}.market", "partition": "3", "offset": "1", "index": "0"}
    DeadLetters("classifier", tape, outboxes).send("step_error: E", b"{}", b"1", **place)
    DeadLetters("ingest", tape, outboxes).send("bad_price: -1", b"raw", b"2", topic="ssi-x")
    row = frames.encode(quote(1))
    board = {"topic": "board", "partition": "3"}
    DeadLetters("writer", tape, outboxes).send("CheckViolation: x", row, b"3", **board)
    await outboxes.stop()
    await producer.stop()
    result = await asked(settings, "replay", "0", "1", "2", "--yes")
    assert result.exit_code == 1
    assert "0 given back, 3 stay" in result.stdout
    assert "0 (classifier, step_error) stays: classifier has passed its place" in result.stderr
    assert "1 (ingest, bad_price) stays: its record stands in the raw topic" in result.stderr
    assert "2 (writer, CheckViolation) stays: board keeps the last record" in result.stderr
    assert len([r async for r in clients.read_all(stack.kafka, DEAD_LETTERS.on(tape))]) == 3
    for words in (["replay"], ["drop", "--why", "x"]):
        assert "say which" in (await asked(settings, *words, "--yes")).stderr
    assert "no such letter" in (await asked(settings, "replay", "9", "--yes")).stderr


@pytest.mark.soak
async def test_an_alert_that_was_given_up_is_told_after_its_replay(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    settings = await prepared(stack, tape)
    async with Hook(1) as hook, Sender(stack.kafka, tape) as sender:
        channels(tmp_path, {"name": "hook", "kind": "webhook", "url": f"{hook.url}/refusing"})
        with process(settings, tmp_path):
            await publish(sender, [alert(1), alert(2)])
            dead = "SELECT count(*) FROM @.alert_deliveries WHERE status = 'dead'"
            await eventually(lambda: rows(settings, dead) == [(2,)], 20)
            hook._manners["/refusing"] = hook._take
            done = await asked(settings, "replay", "--service", "delivery", "--yes")
            assert done.exit_code == 0, done.output
            assert "2 given back, 0 stay" in done.stdout
            await eventually(lambda: len(hook.accepted["/refusing"]) == 2, 20)
    assert (await asked(settings, "list")).exit_code == 0

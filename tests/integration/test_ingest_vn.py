"""Vietnamese recordings on a real broker: reference data, phases, day rolls, kills."""

import asyncio
import json
import random
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from schemas.control import Reference
from schemas.frames import messages
from schemas.market import Basket, Clock, Instrument, MarketMessage, Status
from services.ingest.app import ingest
from services.ingest.feed_options import Options, feed_of
from services.ingest.verify import verify
from services.runtime.metrics import Metrics
from services.runtime.process import Process
from services.runtime.settings import SettingsError
from services.runtime.settings_load import load
from services.stack import Addresses
from tests.support.eventually import eventually_sync
from tests.support.ingest import ROOT, IngestProcess, Written, make_topics, play, written
from tests.support.tapes import forget

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

DATA = ROOT / "tests" / "data" / "vn"
EXCHANGES = ("HOSE", "HNX", "UPCOM", "DERIVATIVES")
MIDNIGHT = "2026-07-20T23:59:00+07:00"
PER_FILE = 300
"""Lines of each file of `roll`, 0.4 s apart: half of them before midnight."""


def market(found: Written) -> list[MarketMessage]:
    """Messages of all partitions but clocks in order, a broadcast once."""
    lines = {line for partition in found.market.values() for line in partition}
    made = [m for line in lines for m in messages(line) if not isinstance(m, Clock)]
    return sorted(made, key=lambda m: m.seq)


def references(found: Written) -> list[Reference]:
    """The reference data that stands in `control`, in order."""
    return [
        msgspec.json.decode(value, type=Reference)
        for _, value, heads in found.raw["control", 0]
        if dict(heads)["channel"] == b"reference"
    ]


@pytest.mark.parametrize(
    ("name", "phases"),
    [
        ("manifest-20260720.json", ("ato", "continuous", "continuous", "continuous")),
        ("manifest-20260814.json", ("closed",) * 4),
    ],
)
def test_a_recording_begins_with_the_image_of_its_day_and_market_follows_from_raw(
    kafka: str, tape: str, tmp_path: Path, name: str, phases: tuple[str, ...]
) -> None:
    """SSI and iBoard together; what comes after the image is what a unit test counts."""
    make_topics(kafka, tape, "ssi", "iboard")
    play(tape, DATA / name, kafka, tmp_path)
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    assert not verdict.dead
    found = asyncio.run(written(kafka, tape))
    image, own = references(found)
    assert image.trading_day is True
    assert image.source.endswith(f"for {name[9:13]}-{name[13:15]}-{name[15:17]}")
    assert own.source == "nothing beyond deploy/reference-data"
    first = market(found)[: len(image.instruments) + 1 + len(EXCHANGES)]
    assert Counter(type(m) for m in first) == {
        Instrument: len(image.instruments), Basket: 1, Status: 4
    }  # fmt: skip
    assert [(m.exchange, m.phase) for m in first[-4:]] == list(zip(EXCHANGES, phases, strict=True))
    for partition in range(12):
        assert sum(b'"type":"status","symbol":"*"' in x for x in found.market[partition]) >= 4


def ssi(n: int) -> str:
    """A print of HPG; dated by which side of midnight its line is on."""
    day, time = ("20/07/2026", "23:59:00") if n < PER_FILE // 2 else ("21/07/2026", "00:00:00")
    total = 100 * (n % (PER_FILE // 2) + 1)
    content = {"RType": "X-TRADE", "TradingDate": day, "Time": time, "Symbol": "HPG"}
    content |= {"Ceiling": 23350.0, "Floor": 20350.0, "LastPrice": 21750.0, "LastVol": 100.0}
    content |= {"TotalVol": float(total), "TotalVal": 21750.0 * total, "Exchange": "HOSE"}
    return json.dumps({"DataType": "X-TRADE", "Content": json.dumps(content)})


def iboard(n: int) -> str:
    """Figures of a future, whose open interest grows with each line."""
    line = (DATA / "iboard_20260814.txt").read_text().splitlines()[1].partition("|")[2]
    fields = line.split("|")
    fields[58], fields[101:] = str(50_000 + n), []
    return "|".join(fields)


def roll(folder: Path) -> Path:
    """The manifest of a recording of SSI and iBoard over midnight of Monday to Tuesday."""
    for name, line in (("ssi", ssi), ("iboard", iboard)):
        text = "".join(f"{line(n)}\n" for n in range(PER_FILE))
        (folder / f"{name}.txt").write_text(text)
    files = [
        {"path": f"{feed}.txt", "feed": feed, "venue": "VN", "format": "bare_line",
         "start": MIDNIGHT, "spacing_us": 400_000}
        for feed in ("ssi", "iboard")
    ]  # fmt: skip
    manifest = {"name": "roll", "title": "t", "licence": "none", "source": "t", "files": files}
    manifest["reference"] = {"source": "t", "instruments": [], "statuses": []}
    path = folder / "roll.json"
    path.write_text(json.dumps(manifest))
    return path


def test_killed_at_random_places_around_midnight_it_writes_what_it_would_have(
    stack: Addresses, tape: str, tmp_path: Path
) -> None:
    """Each day's image stands once, and both tapes are equal byte for byte."""
    kafka, manifest, rng = stack.kafka, roll(tmp_path), random.Random(20260720)
    whole = f"{tape}w"
    make_topics(kafka, whole, "ssi", "iboard")
    play(whole, manifest, kafka, tmp_path)
    wanted = asyncio.run(written(kafka, whole))
    forget(whole, stack)
    make_topics(kafka, tape, "ssi", "iboard")
    for place in sorted(rng.sample(range(50, 2 * PER_FILE - 100), 2)):
        run = IngestProcess(tape, manifest, kafka, tmp_path, options=("--speed", "80x"))
        eventually_sync(lambda run=run, place=place: run.done() >= place, 20)
        run.kill()
    play(tape, manifest, kafka, tmp_path)
    found = asyncio.run(written(kafka, tape))
    assert (found.raw, found.market, found.letters) == (wanted.raw, wanted.market, wanted.letters)
    assert [r.source[-10:] for r in references(found)] == ["2026-07-20", "t", "2026-07-21"]
    verdict = asyncio.run(verify(kafka, tape))
    assert verdict.ok, verdict.faults
    assert verdict.market["VN", "trade"] == verdict.market["VN", "open_interest"] == PER_FILE


def test_on_our_own_clock_a_recording_is_refused_rather_than_dropped(kafka: str, tape: str) -> None:
    """All its messages would be of another day than the one they are received on."""
    make_topics(kafka, tape, "ssi", "iboard")
    settings = load(
        {}, kafka=kafka, tape=tape, receive_clock="wall",
        reference_data=ROOT / "deploy" / "reference-data",
    )  # fmt: skip
    feed = feed_of(Options(recording=DATA / "manifest-20260814.json"), settings)
    life = Process("ingest", settings, Metrics("ingest"))
    with pytest.raises(SettingsError, match="VNTAPE_RECEIVE_CLOCK=recorded"):
        asyncio.run(ingest(life, feed=feed))

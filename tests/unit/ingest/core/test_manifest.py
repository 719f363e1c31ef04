"""Manifests of recordings, and their lines."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import Reference
from schemas.market import Instrument, Status
from services.ingest.core.engine import Engine
from services.ingest.core.manifest import BadLine, BadManifest, Manifest, line
from services.ingest.core.records import Raw
from services.ingest.core.registry import FEEDS
from tests.unit.ingest.core.support import DATA, NOON

MANIFESTS = sorted(DATA.glob("manifest*.json"))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.name)
def test_committed_manifests_name_files_that_exist_and_feeds_that_decode(path: Any) -> None:
    manifest = Manifest.parse(path.read_bytes())
    for file in manifest.files:
        assert (DATA / file.path).stat().st_size > 0
        assert file.feed in FEEDS
    assert "MIT" in manifest.licence


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: p.name)
def test_reference_data_of_a_manifest_enters_the_tape(path: Any) -> None:
    manifest = Manifest.parse(path.read_bytes())
    for venue, value in manifest.references().items():
        assert msgspec.json.decode(value, type=Reference).venue == venue
        done = Engine([venue]).decode(Raw(venue, NOON, "binance", "reference", venue, value))
        assert (done.dead, done.dropped) == ([], [])
        assert [type(m) for m in done.messages] == [Instrument, Status]


def test_the_coin_margined_contract_is_inverse_and_of_100_dollars() -> None:
    manifest = Manifest.parse((DATA / "manifest.json").read_bytes())
    assert manifest.venues() == ["BN", "BNF", "BNC"]
    reference = msgspec.json.decode(manifest.references()["BNC"], type=Reference)
    [perp] = reference.instruments
    assert (perp.symbol, perp.inverse, perp.multiplier) == ("BTCUSD_PERP.BNC", True, 100)
    assert (perp.lot, perp.price_steps) == (1, [(0.0, 0.1)])


def change(**over: Any) -> bytes:
    """The manifest of one spot file, changed."""
    found = json.loads((DATA / "manifest-20240809.json").read_bytes())
    return json.dumps(found | over).encode()


FILE = {"path": "a.gz", "feed": "binance", "venue": "BN", "format": "ns_line"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"", "manifest"),
        (b"[]", "manifest"),
        (change(surprise=1), "surprise"),
        (change(licence=""), "licence"),
        (change(name="Two Words"), "name"),
        (change(files=[]), "files"),
        (change(files=[FILE | {"venue": "XX"}]), "files.0.venue"),
        (change(files=[FILE | {"format": "csv"}]), "files.0.format"),
        (change(files=[FILE, FILE]), "stands twice"),
        (change(files=[FILE | {"venue": "BNF"}]), "BTCUSDT.BN"),
    ],
)
def test_a_bad_manifest_is_refused_by_the_name_of_its_field(text: bytes, names: str) -> None:
    with pytest.raises(BadManifest, match=names):
        Manifest.parse(text)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_gives_microseconds_and_the_exact_message(end: bytes) -> None:
    recorded = b'1723161253937085768 {"a": " \xff "}' + end
    assert line("ns_line", recorded) == (1723161253937085, b'{"a": " \xff "}')


@pytest.mark.parametrize(
    "recorded",
    [b"", b"\n", b"{}", b"1723161253937085768", b"1723161253937085768 ", b"x {}", b"17 {}",
     b"-723161253937085768 {}", b"17231612539370857681 {}", b" 1723161253937085768 {}"],
)  # fmt: skip
def test_a_damaged_line_is_refused_with_its_reason(recorded: bytes) -> None:
    with pytest.raises(BadLine, match="must be"):
        line("ns_line", recorded)


@given(st.binary(max_size=60))
def test_a_line_is_taken_apart_or_refused(recorded: bytes) -> None:
    try:
        receive_us, value = line("ns_line", recorded)
    except BadLine:
        return
    assert 0 < receive_us < 10**16
    assert value


BARE = {"path": "a.jsonl", "feed": "ssi", "venue": "VN", "format": "bare_line"}
START = {"start": "2026-07-20T09:14:59.900+07:00", "spacing_us": 1500}


def of_file(**fields: Any) -> bytes:
    """A manifest of one Vietnamese file without instruments."""
    reference = {"source": "x", "instruments": [], "statuses": []}
    return change(files=[fields], reference=reference)


@pytest.mark.parametrize("number", ["Infinity", "NaN", "1e999"])
@pytest.mark.parametrize("field", ["lot", "multiplier"])
def test_a_number_of_an_instrument_that_is_none_is_refused(field: str, number: str) -> None:
    found = json.loads(change())
    found["reference"]["instruments"][0][field] = "?"
    with pytest.raises(BadManifest, match=f"reference.instruments.0.{field}"):
        Manifest.parse(json.dumps(found).replace('"?"', number))


def test_lines_without_a_receive_time_get_it_from_the_manifest() -> None:
    [file] = Manifest.parse(of_file(**BARE, **START)).files
    spaced = file.spaced()
    assert spaced is not None
    assert spaced.ns_of(1) == 1_784_513_699_900_000_000
    assert spaced.ns_of(3) - spaced.ns_of(1) == 3_000_000


@pytest.mark.parametrize(
    ("file", "names"),
    [
        (BARE, "needs start and spacing_us"),
        (BARE | {"spacing_us": 1}, "needs start and spacing_us"),
        (BARE | START | {"spacing_us": -1}, "spacing_us"),
        (BARE | START | {"start": "2026-07-20T09:14:59"}, "start"),
        (FILE | START, "has its own times"),
        (BARE | START | {"start": "1969-12-31T23:59:59Z"}, "files.0.start: .*after 1970"),
        (BARE | START | {"start": "1970-01-01T07:00:00+07:00"}, "files.0.start: .*after 1970"),
        (BARE | START | {"spacing_us": 10**18}, "files.0.spacing_us"),
    ],
)
def test_a_manifest_without_usable_times_is_refused(file: dict[str, Any], names: str) -> None:
    with pytest.raises(BadManifest, match=names):
        Manifest.parse(of_file(**file))

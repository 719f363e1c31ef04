"""Malformed reference data is refused: file, line, what is wrong, what to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.vn.reference_files import FILES, BadReferenceData, parse

GOOD = {
    "holidays.csv": "effective_date,name,source,unverified\n"
    "2026-01-01,New Year,notice,\n"
    "2026-11-24,Culture Day,hearsay,effective_date\n",
    "instruments.csv": "effective_date,symbol,exchange,kind,name_vi,name_en,isin,"
    "first_trading_day,last_trading_day,listed_shares,source,unverified\n"
    "2026-01-05,VCB,HOSE,stock,Ngân hàng,Vietcombank,,,,100,list,listed_shares name_vi\n"
    '2026-01-05,VN50,HOSE,index,,,,,,,"a list, with a comma",\n',
    "sectors.csv": "effective_date,symbol,sector,source,unverified\n"
    "2026-01-05,VCB,banks,list,sector\n",
    "vn30-weights.csv": "effective_date,index,symbol,shares,free_float,cap,source,unverified\n"
    "2026-01-05,VN50,VCB,100,0.25,1,list,\n",
    "day-prices.csv": "effective_date,symbol,reference,ceiling,floor,source,unverified\n"
    "2026-01-05,VCB,58500,62500,54500,capture,\n"
    "2026-01-06,41I1G1000,1719.5,,,capture,\n",
}


def refused(**changed: str | bytes) -> list[str]:
    """The faults of GOOD with some files changed (`_` for `-`)."""
    files = dict(GOOD) | {f"{k.replace('_', '-')}.csv": v for k, v in changed.items()}
    with pytest.raises(BadReferenceData) as e:
        parse({k: v if isinstance(v, bytes) else v.encode() for k, v in files.items()})
    return e.value.faults


def with_line(name: str, line: str) -> dict[str, str]:
    return {name.replace("-", "_"): GOOD[f"{name}.csv"] + line + "\n"}


def test_good_files_become_rows_with_unknown_values_as_none():
    tables = parse({name: text.encode() for name, text in GOOD.items()})
    vcb, vn50 = tables.instruments
    assert (vcb.listed_shares, vcb.isin, vcb.unverified) == (100, None, "listed_shares name_vi")
    assert vn50.source == "a list, with a comma"
    assert [row.free_float for row in tables.baskets["VN50", vcb.effective_date]] == [0.25]


@pytest.mark.parametrize("encoded", [b"\xef\xbb\xbf%b", b"%b\n\n"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_byte_order_mark_line_ends_and_blank_lines_make_no_difference(encoded, ending):
    files = {n: encoded % t.replace("\n", ending).encode() for n, t in GOOD.items()}
    assert parse(files) == parse({name: text.encode() for name, text in GOOD.items()})


@pytest.mark.parametrize(
    ("name", "line", "says"),
    [
        ("holidays", "2026-13-01,x,s,", ["line 4", "effective_date"]),
        ("holidays", "2026-12-05,x,s,", ["line 4", "weekend", "remove the line"]),
        ("holidays", "2026-12-01,x,,", ["line 4", "source"]),
        ("holidays", "2026-12-01,x,s", ["line 4", "must have 4 fields, has 3"]),
        ("holidays", "2026-12-01,x,s,nam", ["line 4", "'nam'", "no column"]),
        ("holidays", "2026-12-01,x,s,source", ["line 4", "'source'", "no column"]),
        ("holidays", "2026-02-02,x,s,", ["line 4", "sort the lines"]),
        ("holidays", "2026-11-24,x,s,", ["line 4", "stands in line 3 too", "remove one"]),
        ("instruments", "2026-01-06,TAR,NYSE,stock,,,,,,,s,", ["line 4", "exchange", "NYSE"]),
        ("instruments", "2026-01-06,TAR,HNX,share,,,,,,,s,", ["line 4", "kind", "share"]),
        ("instruments", "2026-01-06,TAR,HNX,etf,,,,,,,s,", ["line 4", "TAR is that of a stock"]),
        ("instruments", "2026-01-06,tar,HNX,stock,,,,,,,s,", ["line 4", "symbol"]),
        ("instruments", "2026-01-06,TAR,HNX,stock,,,VN1,,,,s,", ["line 4", "isin"]),
        ("instruments", "2026-01-06,TAR,HNX,stock,,,,,,-1,s,", ["line 4", "listed_shares"]),
        ("instruments", "2026-01-06,TAR,HNX,stock,,,,,,1.5,s,", ["line 4", "listed_shares"]),
        (
            "instruments",
            "2026-01-06,41I1G1000,DERIVATIVES,future,,,,,,,s,",
            ["line 4", "made from their rules"],
        ),
        ("sectors", "2026-01-06,VCB,Banks & co,s,", ["line 3", "sector"]),
        ("sectors", "2026-01-06,TAR,banks,s,", ["line 3", "TAR has no line in instruments.csv"]),
        ("vn30-weights", "2026-01-05,VN50,VCB,,,,s,", ["line 3", "stands in line 2 too"]),
        ("vn30-weights", "2026-01-06,VN50,VCB,,1.5,,s,", ["line 3", "free_float"]),
        ("vn30-weights", "2026-01-06,VN50,VCB,,0,,s,", ["line 3", "free_float"]),
        ("vn30-weights", "2026-01-06,VN50,VCB,,nan,,s,", ["line 3", "free_float"]),
        ("vn30-weights", "2026-01-06,VN50,VCB,,,x,s,", ["line 3", "cap"]),
        ("vn30-weights", "2026-01-06,VN30,VCB,,,,s,", ["VN30 of 2026-01-06 must have 30", "has 1"]),
        ("day-prices", "2026-01-07,VCB,0,,,s,", ["line 4", "reference"]),
        ("day-prices", "2026-01-07,VCB,inf,,,s,", ["line 4", "reference"]),
        ("day-prices", "2026-01-07,VCB,5,6,,s,", ["line 4", "give both or leave both empty"]),
        ("day-prices", "2026-01-07,VCB,5,4,6,s,", ["line 4", "floor <= reference <= ceiling"]),
    ],
)
def test_a_malformed_line_is_refused_by_file_and_number(name, line, says):
    [fault] = refused(**with_line(name, line))
    assert fault.startswith(f"{name}.csv")
    for word in says:
        assert word in fault


def test_every_fault_of_every_file_is_named_at_once():
    faults = refused(
        **with_line("holidays", "2026-12-05,x,s,\n2026-12-06,x,s,"),
        **with_line("sectors", "2026-01-06,VCB,banks"),
    )
    assert [fault.partition(":")[0] for fault in faults] == [
        "holidays.csv line 4",
        "holidays.csv line 5",
        "sectors.csv line 3",
    ]


@pytest.mark.parametrize("text", ["", "day,name\n", "effective_date,name,source,unverified,x\n"])
def test_a_wrong_header_is_refused_with_the_right_columns(text):
    assert refused(holidays=text) == [
        "holidays.csv line 1: must name the columns effective_date, name, source, unverified"
    ]


@pytest.mark.parametrize("text", [b"\xff\xfe", b'effective_date,name,source,unverified\n"a,b\n'])
def test_what_is_no_csv_in_utf8_is_refused(text):
    [fault] = refused(holidays=text)
    assert "save it as CSV, in UTF-8" in fault


def test_a_missing_file_is_refused_by_name():
    with pytest.raises(BadReferenceData, match=r"sectors\.csv: is missing"):
        parse({name: text.encode() for name, text in GOOD.items() if name != "sectors.csv"})


@given(st.sampled_from(FILES), st.binary(max_size=200), st.integers(0, 400))
def test_any_bytes_are_parsed_or_refused_and_never_an_error(name, noise, at):
    files = {n: text.encode() for n, text in GOOD.items()}
    files[name] = files[name][:at] + noise + files[name][at:]
    faults = []
    try:
        parse(files)
    except BadReferenceData as e:
        faults = e.faults
    assert all(fault.startswith(FILES) for fault in faults)

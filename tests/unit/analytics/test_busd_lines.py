"""Recorded lines of both forms."""

import pytest

from services.analytics.core.busd_lines import BadLine, read

REAL = b"MAIN|L#HPG|30550|19400|668900|09:15:00|30350|bu|200|0.66|U|MAIN|1757988900021"
DOCUMENT = (
    b'{"channel":"X:HOSE:BUSD","data":{"response":{"payloadData":'
    b'"MAIN|L#VCB|85.2|1000|0|0|0|sd|0|1|0|5|1732675200123",'
    b'"messageType":"BUSD","timestamp":1732675200000}}}'
)


@pytest.mark.parametrize(
    "line",
    [
        REAL,
        REAL + b"\n",
        REAL + b"\r\n",
        REAL + b"|more",
        b"1757988900030|" + REAL,
        b'{"timestamp":1757988900030,"data":{"response":{"payloadData":"' + REAL + b'"}}}\n',
    ],
    ids=["bare", "newline", "CRLF", "more fields", "receive time", "wrapped"],
)
def test_a_real_frame_has_vnd_however_it_was_recorded(line: bytes) -> None:
    assert read(line) == ("HPG", 30550.0, 19400, 1757988900021, True)


def test_the_documents_form_has_thousands_of_vnd() -> None:
    assert read(DOCUMENT) == ("VCB", 85_200.0, 1000, 1732675200123, False)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b'{"type":"init"}',
        b"MAIN|S#ACB|23550|4400",
        REAL.replace(b"MAIN|L", b"ODD|L"),
        REAL.replace(b"|bu|", b"||"),
        REAL.replace(b"|bu|", b"|unknown|"),
    ],
)
def test_other_lines_are_no_trades(line: bytes) -> None:
    assert read(line) is None


@pytest.mark.parametrize(
    "line",
    [
        REAL[:-20],
        b"MAIN|L#HPG",
        REAL.replace(b"30550", b"x"),
        REAL.replace(b"30550", b"nan"),
        REAL.replace(b"30550", b"-1"),
        REAL.replace(b"19400", b"1.5"),
        REAL.replace(b"|19400|", b"|0|"),
        REAL.replace(b"1757988900021", b""),
        REAL.replace(b"1757988900021", b"1757988900"),
        REAL + b"0",
    ],
)
def test_a_trade_that_cannot_be_read_is_refused_and_shown(line: bytes) -> None:
    with pytest.raises(BadLine, match="HPG"):
        read(line)

"""Whom and when an SSI message is about."""

from services.ingest.core.feed import Output
from services.ingest.core.records import Raw
from services.ingest.core.ssi_v2.frames import Head, IndexData
from services.ingest.core.vn.codes import symbol_of
from services.ingest.core.vn.state import Symbols
from services.ingest.core.vn.subject import STALE_DAY, Subject, subject
from services.ingest.core.vn.times import moment


def subject_of(raw: Raw, out: Output, data: Head | IndexData, symbols: Symbols) -> Subject | None:
    """
    Of a message; None when it is of another day, which is counted.

    Raises:
        BadFrame: it names no symbol, or no date or time.
    """
    symbol = symbol_of(data.IndexId if isinstance(data, IndexData) else data.Symbol)
    at = moment(raw.seq, data.TradingDate, data.Time)
    if at is None:
        out.drop(STALE_DAY)
        return None
    return subject(symbols, symbol, at, data.Exchange, data.MarketId)

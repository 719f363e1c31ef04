"""Names that people type, as the symbols of a tape: VN30F1M is 41I1GC000 on some day."""

from datetime import UTC, date, datetime, timedelta

import msgspec

from schemas import frames
from schemas.keys import venue_of
from schemas.topics import MARKET
from services.ingest import reference
from services.ingest.core.vn import futures
from services.runtime import kafka
from services.runtime.settings import Settings

_UTC_PLUS_7 = timedelta(hours=7)


async def resolve(config: Settings, name: str) -> str:
    """
    The symbol that `name` means on the newest day of the settings' tape, by the holidays of
    their reference data; case does not matter for VN.

    A contract's other code (VN30F2612) and the continuous names (VN30F1M) give the code that
    trades; all else is taken as it is, for a tape may have symbols that nobody announced.

    Raises:
        LookupError: a continuous name that means no contract then, or a tape without `market`.
        BadReferenceData: the holidays, which decide when a contract ends, cannot be read.
    """
    if venue_of(name) != "VN":
        return name
    wanted = name.strip().upper()
    if not futures.is_name(wanted):
        return wanted
    assert config.reference_data is not None
    day = await newest_day(str(config.kafka), config.tape)
    calendar = reference.load(config.reference_data).calendar
    code = futures.resolve(wanted, day, calendar)
    if code is None:
        raise LookupError(
            f"{wanted} means no contract on {day}, the newest day of tape {config.tape}: "
            "give a code like 41I1GC000 or VN30F2612"
        )
    return code


async def newest_day(bootstrap: str, tape: str) -> date:
    """
    The local day (UTC+7) of the newest message of the tape's `market`.

    Raises:
        LookupError: nothing stands there.
    """
    topic = MARKET.on(tape)
    ends = {p: end for p, (_, end) in (await kafka.spans(bootstrap, [topic]))[topic].items()}
    newest = 0
    async for record in kafka.read_all(bootstrap, topic, {p: e - 1 for p, e in ends.items()}):
        try:
            newest = max([newest, *(m.seq for m in frames.messages(record.value or b""))])
        except msgspec.DecodeError:
            continue  # `tail` shows it; a day is found in the others
    if not newest:
        raise LookupError(f"tape {tape} has no message yet: no day tells what an alias means")
    return (datetime.fromtimestamp(newest / 1e6, UTC) + _UTC_PLUS_7).date()

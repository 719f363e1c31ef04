"""A made-up alert to the channels, so that a person sees that they work."""

import time

import msgspec

from schemas.alerts import Alert, alert_id
from services.delivery import channels_file
from services.delivery.core.wording import local
from services.delivery.senders import Item, Sent, sender
from services.runtime.settings import Settings, SettingsError


async def send(settings: Settings, only: str | None) -> dict[str, str | None]:
    """
    Channel -> what went wrong, None when it took the alert; of all, or of the one named `only`.

    Raises:
        SettingsError: the file of channels, or a secret, cannot be used.
    """
    if settings.delivery is None:
        raise SettingsError("no channels: set VNTAPE_DELIVERY to a file as deploy/delivery.yaml")
    results: dict[str, str | None] = {}
    alert = made_up(time.time_ns() // 1000)
    item = Item(alert_id(settings.tape, alert), msgspec.json.encode(alert), alert, ("VN30F1M",))
    for channel in channels_file.read(settings.delivery).channels:
        if only not in (None, channel.name):
            continue
        way = sender(channel, settings)
        try:
            outcome = await way.send(item)
        finally:
            await way.close()
        results[channel.name] = None if isinstance(outcome, Sent) else outcome.reason
    return results


def made_up(seq: int) -> Alert:
    """An alert that says it is a test; `seq` is now, in µs."""
    day = local(seq // 1000).date().isoformat()
    return Alert(
        symbol="41I1GC000",
        feed="test",
        seq=seq,
        ts_ms=seq // 1000,
        venue="VN",
        day=day,
        rule="send-test",
        kind="test",
        severity="info",
        topic="none",
        side=None,
        text_vi="Đây là tin thử, không phải cảnh báo thật",
        text_en="This is a test, no real alert",
        numbers={},
        dedupe_key=f"send-test/41I1GC000/{day}",
    )

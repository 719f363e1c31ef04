"""What a channel says: the body of a webhook, the message of Telegram, a line of the console."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from schemas.alerts import Alert, Severity
from schemas.base import BROADCAST

_LOCAL = timedelta(hours=7)
_MARKS: dict[Severity, str] = {"info": "🔵", "warning": "🟠", "critical": "🔴"}
LONGEST = 4096
"""Characters of a Telegram message."""


def body(name: str, tape: str, alert: bytes) -> bytes:
    """JSON of a webhook: `id`, `tape`, and the alert as it stands in the topic."""
    return msgspec.json.encode({"id": name, "tape": tape, "alert": msgspec.Raw(alert)})


def signature(secret: bytes, body: bytes, at_s: int) -> str:
    """
    The header that proves who sent `body`: `t=<unix seconds>,v1=<hex>`.

    v1 is HMAC-SHA256 of `<t>.<body>`; a receiver refuses a t that is old (a captured request).
    """
    digest = hmac.new(secret, f"{at_s}.".encode() + body, hashlib.sha256)
    return f"t={at_s},v1={digest.hexdigest()}"


def title(alert: Alert, aliases: Sequence[str]) -> str:
    """The symbol with its other names; of a venue's alert the venue."""
    if alert.symbol == BROADCAST:
        return f"Toàn sàn {alert.venue}" if alert.venue == "VN" else alert.venue
    return f"{alert.symbol} ({', '.join(aliases)})" if aliases else alert.symbol


def telegram(alert: Alert, aliases: Sequence[str], link: str | None) -> str:
    """The message, plain text in Vietnamese, time in UTC+7; `link` has {symbol} and {rule}."""
    lines = [
        f"{_MARKS[alert.severity]} {title(alert, aliases)}",
        alert.text_vi,
        f"🕘 {local(alert.ts_ms):%H:%M:%S %d/%m/%Y} · {alert.rule}",
    ]
    text = "\n".join(lines)
    end = "" if link is None else f"\n{filled(link, alert)}"
    return text[: LONGEST - len(end)] + end


def console(alert: Alert, aliases: Sequence[str]) -> str:
    """One line."""
    at = local(alert.ts_ms)
    return (
        f"{at:%Y-%m-%d %H:%M:%S} {alert.severity:<8} {title(alert, aliases)}  "
        f"{alert.text_vi}  [{alert.rule}]"
    )


def filled(link: str, alert: Alert) -> str:
    """A link's {symbol} and {rule}; of a venue's alert the symbol is empty."""
    symbol = "" if alert.symbol == BROADCAST else alert.symbol
    return link.replace("{symbol}", symbol).replace("{rule}", alert.rule)


def local(ts_ms: int) -> datetime:
    """UTC+7, without a zone in it."""
    return datetime.fromtimestamp(ts_ms / 1000, UTC).replace(tzinfo=None) + _LOCAL


def telegram_body(chat: str, text: str) -> bytes:
    """The request of `sendMessage`; a link is no preview."""
    preview = {"is_disabled": True}
    return msgspec.json.encode({"chat_id": chat, "text": text, "link_preview_options": preview})


class _Parameters(msgspec.Struct):
    retry_after: int | float | None = None


class _Refusal(msgspec.Struct):
    parameters: _Parameters | None = None


def telegram_wait(answer: bytes) -> float | None:
    """
    The rest in seconds that Telegram asked for.

    >>> telegram_wait(b'{"ok":false,"error_code":429,"parameters":{"retry_after":7}}')
    7
    """
    try:
        found = msgspec.json.decode(answer, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return None if found.parameters is None else found.parameters.retry_after

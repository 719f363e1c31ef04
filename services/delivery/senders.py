"""One attempt to tell an alert to a channel. No secret is ever in what they say or raise."""

import asyncio
import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
from pydantic import SecretStr

from schemas.alerts import Alert
from services.delivery.channels_file import Any as AnyChannel
from services.delivery.channels_file import Console, Telegram, Webhook
from services.delivery.core import wording
from services.runtime.settings import Settings, SettingsError

_AGAIN = frozenset({408, 425, 429})
_LONGEST_WAIT_S = 3600.0

# It writes the address of every request, and Telegram's has the token in it.
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Item:
    """One alert for one channel; `alert` is decoded `value`."""

    id: str
    value: bytes
    alert: Alert
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel has it."""


@dataclass(frozen=True, slots=True)
class Later:
    """It may work another time; `wait_s`: the channel asked for so much rest."""

    reason: str
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class Never:
    """The channel refuses this one for good."""

    reason: str


Outcome = Sent | Later | Never


class Sender(Protocol):
    """Tells a channel; returns what came of it, and raises nothing for what a network does."""

    async def send(self, item: Item) -> Outcome: ...
    async def close(self) -> None: ...


def sender(channel: AnyChannel, settings: Settings) -> Sender:
    """
    The sender of a channel.

    Raises:
        SettingsError: its secret is missing.
    """
    match channel:
        case Webhook(name=name, secret_file=file):
            key = _secret(name, file, settings.webhook_secret, "VNTAPE_WEBHOOK_SECRET")
            return WebhookSender(channel, key, settings.tape)
        case Telegram(name=name, token_file=file):
            key = _secret(name, file, settings.telegram_token, "VNTAPE_TELEGRAM_TOKEN")
            return TelegramSender(channel, key)
        case Console():
            return ConsoleSender()


def _secret(channel: str, file: Path | None, setting: SecretStr | None, name: str) -> str:
    """Of the channel's own file, else of the setting called `name`."""
    if file is not None:
        try:
            found = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as e:
            raise SettingsError(f"channel {channel}: cannot read its secret of {file}") from e
    else:
        found = setting.get_secret_value().strip() if setting is not None else ""
    if not found:
        raise SettingsError(f"channel {channel} has no secret: set {name} (or {name}_FILE)")
    return found


class _Http:
    """A client that answers within a time, whatever the other side does."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(timeout=timeout_s, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(
        self, url: str, content: bytes, headers: dict[str, str]
    ) -> httpx.Response | Later:
        try:
            # httpx bounds each read; a server that drips a byte at a time would hold us for ever.
            async with asyncio.timeout(self._timeout_s):
                return await self._client.post(url, content=content, headers=headers)
        except (httpx.HTTPError, OSError) as e:
            # Only what kind it was: the text of some names the address.
            return Later(type(e).__name__)


def _judged(answer: httpx.Response, wait_s: float | None) -> Outcome:
    code = answer.status_code
    if answer.is_success:
        return Sent()
    if code in _AGAIN or code >= 500:
        return Later(f"answered {code}", wait_s)
    return Never(f"answered {code}")


def _seconds(text: object) -> float | None:
    """A wait that a server asked for, bounded; None when it is no number (a date, nonsense)."""
    try:
        wait_s = float(str(text))
    except ValueError:
        return None
    return min(wait_s, _LONGEST_WAIT_S) if wait_s >= 0 else None


class WebhookSender(_Http):
    """Signed JSON; the header Idempotency-Key is the alert's id, in every attempt the same."""

    def __init__(self, channel: Webhook, secret: str, tape: str) -> None:
        super().__init__(channel.timeout_s)
        self._url, self._secret, self._tape = str(channel.url), secret.encode(), tape

    async def send(self, item: Item) -> Outcome:
        body = wording.body(item.id, self._tape, item.value)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": item.id,
            "X-Vntape-Signature": wording.signature(self._secret, body, int(time.time())),
        }
        answer = await self._post(self._url, body, headers)
        if isinstance(answer, Later):
            return answer
        return _judged(answer, _seconds(answer.headers.get("Retry-After")))


class TelegramSender(_Http):
    """
    `sendMessage` of the Bot API.

    Telegram knows no key of idempotency: a crash between its answer and our commit may say an
    alert twice there.
    """

    def __init__(self, channel: Telegram, token: str) -> None:
        super().__init__(channel.timeout_s)
        self._chat, self._link = channel.chat_id, channel.link
        self._url = f"{str(channel.api).rstrip('/')}/bot{token}/sendMessage"

    async def send(self, item: Item) -> Outcome:
        text = wording.telegram(item.alert, item.aliases, self._link)
        body = wording.telegram_body(self._chat, text)
        answer = await self._post(self._url, body, {"Content-Type": "application/json"})
        if isinstance(answer, Later):
            return answer
        outcome = _judged(answer, _seconds(wording.telegram_wait(answer.content)))
        # A wrong token or a chat that the bot may not write to: mended by a person, not in vain.
        if isinstance(outcome, Never) and answer.status_code in (401, 403, 404):
            return Later(f"answered {answer.status_code}: token or chat are wrong")
        return outcome


class ConsoleSender:
    """A line on standard output."""

    async def send(self, item: Item) -> Outcome:
        sys.stdout.write(wording.console(item.alert, item.aliases) + "\n")
        sys.stdout.flush()
        return Sent()

    async def close(self) -> None:
        """Nothing is held."""

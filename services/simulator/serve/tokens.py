"""Access tokens: JWTs as SSI gives them, of which everybody can read when they end."""

import base64
import hashlib
import hmac
import secrets

import msgspec

_HEADER = {"alg": "HS256", "typ": "JWT"}


class Tokens:
    """
    Issues and checks them.

    Args:
        life_s: how long one is good.
    """

    def __init__(self, life_s: float) -> None:
        self.life_s = life_s
        self._key = secrets.token_bytes(32)
        self._refused_before = 0

    def issue(self, consumer: str, now: float) -> str:
        """A new one; `now` in seconds since the epoch."""
        claims = {
            "ConsumerID": consumer,
            "nonce": secrets.token_hex(4),
            "generation": self._refused_before,
            "iat": int(now),
            "exp": int(now + self.life_s),
        }
        body = f"{_encoded(msgspec.json.encode(_HEADER))}.{_encoded(msgspec.json.encode(claims))}"
        return f"{body}.{self._signature(body)}"

    def good(self, token: str, now: float) -> bool:
        """Whether it is one of these and has not ended."""
        body, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            return False
        claims = msgspec.json.decode(_decoded(body.partition(".")[2]))
        return bool(claims["exp"] > now and claims["generation"] == self._refused_before)

    def expire(self) -> None:
        """Every token issued so far ends."""
        self._refused_before += 1

    def _signature(self, body: str) -> str:
        return _encoded(hmac.new(self._key, body.encode(), hashlib.sha256).digest())


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

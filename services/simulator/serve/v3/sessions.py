"""v3's tokens: an access token for 15 minutes, and one that renews it, once, within 8 hours."""

import secrets
from typing import Any

from services.simulator.serve.tokens import Tokens

ACCESS_S = 900.0
REFRESH_S = 8 * 3600.0


class Sessions:
    """
    Args:
        access: issues and checks access tokens.
    """

    def __init__(self, access: Tokens) -> None:
        self.access = access
        self._refresh: dict[str, float] = {}
        self._used: set[str] = set()

    def begin(self, key: str, now: float) -> dict[str, Any]:
        """Both tokens and when they end, in seconds since the epoch."""
        renewing, ends = secrets.token_urlsafe(32), now + REFRESH_S
        self._refresh[renewing] = ends
        return {
            "accessToken": self.access.issue(key, now),
            "tokenType": "Bearer",
            "expiresAt": int(now + self.access.life_s),
            "refreshToken": renewing,
            "refreshExpiresAt": int(ends),
        }

    def renewed(self, key: str, token: str, now: float) -> dict[str, Any] | None:
        """
        New tokens for a refresh token; None when it is unknown or over. One that was used
        before ends the whole session.
        """
        if token in self._used:
            self._refresh.clear()
            self.access.expire()
        if self._refresh.pop(token, 0.0) <= now:
            return None
        self._used.add(token)
        return self.begin(key, now)

"""Refusals that REST and the hub have in common."""

import time

from aiohttp import web

from services.simulator.serve.floor import Floor
from services.simulator.serve.rest import refused


def refusal(floor: Floor, request: web.Request) -> web.Response | None:
    """Why a request is not answered: 429, or 401 without a good access token; else None."""
    if floor.refuses():
        return too_many()
    if floor.tokens.good(bearer(request) or request.query.get("access_token", ""), time.time()):
        return None
    text = {"Message": "Authorization has been denied for this request."}
    return web.json_response(text, status=401)


def bearer(request: web.Request) -> str:
    """The token of its Authorization, empty without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def too_many() -> web.Response:
    """The answer 429."""
    answer = refused("Too many requests")
    return web.json_response(answer, status=429, headers={"Retry-After": "1"})

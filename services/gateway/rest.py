"""REST for what is not a stream: latest, history, names, health, documentation, a page."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi_offline import FastAPIOffline
from pydantic import StringConstraints
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from schemas.topics import TRADES_CLASSIFIED
from services.gateway.core.aliases import is_alias
from services.gateway.core.channels import BY_NAME, CHANNELS, Channel
from services.gateway.core.commands import SYMBOL
from services.gateway.core.hub import Hub
from services.gateway.core.wire import MAX_PART, MAX_SEQ, Position, is_position
from services.gateway.history import History, HistoryUnavailable, Span
from services.runtime.health import Health
from services.runtime.settings import Settings

MAX_LIMIT = 10_000
MAX_SYMBOLS = 200
MAX_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""
_LONGEST_NUMBER = 20  # digits; Python refuses to read thousands of them
_LOOPBACK_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
_KEPT_AS = {"trade": f"trades are kept as {TRADES_CLASSIFIED.name}"}
"""Channel without a table -> where what it says is found."""
_PAGE = Path(__file__).parent / "page.html"
_ABOUT = """
Latest values and history of one tape. Live data is on the WebSocket `/v1/stream`
(protocol `vntape.v1`: see services/gateway/README.md). Objects are the same in both.
"""
Symbol = Annotated[str, StringConstraints(pattern=f"^{SYMBOL}$")]


def rest(hub: Hub, history: History, health: Health, settings: Settings) -> FastAPI:
    """The application for everything but the stream."""
    app: FastAPI = FastAPIOffline(title="vntape gateway", version="1", description=_ABOUT)
    _guard(app, settings.gateway_host)
    _add_names(app, hub)
    _add_data(app, hub, history, health)
    _add_health(app, health)

    @app.get("/", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(_PAGE.read_text(encoding="utf-8"))

    return app


def _guard(app: FastAPI, host: str) -> None:
    """Pages of other sites cannot read us, nor reach us under a name of theirs."""
    if host not in {"0.0.0.0", "::"}:  # noqa: S104  compared, not bound
        app.add_middleware(
            TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]", host]
        )
    app.add_middleware(CORSMiddleware, allow_origin_regex=_LOOPBACK_ORIGIN, allow_methods=["GET"])

    @app.exception_handler(StarletteHTTPException)
    async def refused(_request: Request, e: StarletteHTTPException) -> JSONResponse:
        return JSONResponse({"error": e.detail, "status": e.status_code}, e.status_code)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, e: RequestValidationError) -> JSONResponse:
        text = "; ".join(f"{'.'.join(map(str, p['loc'][1:]))}: {p['msg']}" for p in e.errors())
        return JSONResponse({"error": text, "status": 422}, 422)


def _add_names(app: FastAPI, hub: Hub) -> None:
    @app.get("/v1/channels", tags=["names"])
    async def channels() -> list[dict[str, Any]]:
        """Every channel: class, key, whether history is kept, JSON Schema of its messages."""
        return [c.described() for c in CHANNELS]

    @app.get("/v1/aliases", tags=["names"])
    async def aliases() -> dict[str, str]:
        """Other names of symbols, such as VN30F1M, and the symbol each means now."""
        return hub.aliases.all()

    @app.get("/v1/symbols", tags=["names"])
    async def symbols() -> dict[str, list[str]]:
        """Symbols seen on the tape, each with the channels that have something of it."""
        found: dict[str, list[str]] = {}
        for (channel, symbol), stream in sorted(hub.streams.items()):
            if stream.chars:
                found.setdefault(symbol, []).append(channel)
        return found


def _add_data(app: FastAPI, hub: Hub, history: History, health: Health) -> None:
    @app.get("/v1/latest/{channel}", tags=["data"])
    async def latest(channel: str, symbols: str = "") -> Response:
        """
        The newest message of each stream (of each key of a state channel), as an array.

        `symbols`: comma-separated, also aliases such as VN30F1M; all when empty.
        """
        _need_ready(health)
        found = _channel(channel)
        names = [s for s in symbols.split(",") if s]
        if len(names) > MAX_SYMBOLS:
            raise HTTPException(422, f"at most {MAX_SYMBOLS} symbols, there were {len(names)}")
        wanted = dict.fromkeys(_symbol(hub, n) for n in names)
        streams = (
            [s for n in wanted if (s := hub.streams.get((found.name, n)))]
            if names
            else sorted(hub.of(found), key=lambda s: s.symbol)
        )
        return _json(f"[{','.join(t for s in streams for t in s.snapshot(1))}]")

    @app.get("/v1/history/{channel}/{symbol}", tags=["data"])
    async def read(
        channel: str,
        symbol: Symbol,
        since: Annotated[str, Query(alias="from")] = "",
        to: str = "",
        after: str = "",
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 1000,
    ) -> Response:
        """
        Stored messages, ascending: exchange time in [from, to), newer than `after`.

        Times are ms since the epoch or ISO 8601. `next_after` continues, null at the end.
        Messages of one position come together, so there may be some more than `limit`.
        The first `prev` is null unless `after` was given. An alias is what it means now.
        """
        span = Span(_time(since, "from"), _time(to, "to"))
        found = _kept(channel)
        if is_alias(symbol):
            _need_ready(health)
        symbol = _symbol(hub, symbol)
        try:
            items = await history.after(found, symbol, _after(after), limit, span)
        except HistoryUnavailable as e:
            raise HTTPException(503, str(e)) from e
        more = f'"{_cursor(items[-1][0])}"' if len(items) >= limit else "null"
        return _json(f'{{"items":[{",".join(t for _, t in items)}],"next_after":{more}}}')


def _add_health(app: FastAPI, health: Health) -> None:
    @app.get("/healthz", tags=["health"])
    async def alive() -> JSONResponse:
        """200 unless the process is stalled and should be restarted."""
        return JSONResponse(health.report(), 503 if health.state() == "stalled" else 200)

    @app.get("/readyz", tags=["health"])
    async def ready() -> JSONResponse:
        """200 when the tape is read in and clients may come."""
        return JSONResponse({"ready": health.ready}, 200 if health.ready else 503)


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")


def _need_ready(health: Health) -> None:
    if not health.ready:
        raise HTTPException(503, "the gateway reads its tape in, come back", {"Retry-After": "1"})


def _channel(name: str) -> Channel:
    if name not in BY_NAME:
        raise HTTPException(404, f"no channel {name!r}; there are {', '.join(BY_NAME)}")
    return BY_NAME[name]


def _symbol(hub: Hub, name: str) -> str:
    symbol = hub.resolve(name)
    if symbol is None:
        reason = f"no instrument of the tape is called {name}; /v1/aliases has all other names"
        raise HTTPException(404, reason)
    return symbol


def _kept(name: str) -> Channel:
    found = _channel(name)
    if found.table is not None:
        return found
    hint = _KEPT_AS.get(found.name, "it is only sent live")
    raise HTTPException(404, f"channel {found.name} has no history: {hint}")


def _time(text: str, name: str) -> int | None:
    if not text:
        return None
    reason = f"{name} must be ms since the epoch to the year 9999, or ISO 8601, was {text[:60]!r}"
    if text.isdecimal():
        if len(text) > _LONGEST_NUMBER or int(text) > MAX_MS:
            raise HTTPException(422, reason)
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as e:
        raise HTTPException(422, reason) from e
    if at.tzinfo is None:
        raise HTTPException(422, f"{name} needs a time zone, as in 2026-11-21T09:15:00+07:00")
    return round(at.timestamp() * 1000)


def _after(text: str) -> Position | None:
    if not text:
        return None
    seq, _, part = text.partition(".")
    if len(text) <= 2 * _LONGEST_NUMBER and seq.isdecimal() and (part or "0").isdecimal():
        at = int(seq), int(part or 0)
        if is_position(at):
            return at
    raise HTTPException(
        422,
        f"after must be a seq to {MAX_SEQ}, or seq.part with a part to {MAX_PART}, "
        f"was {text[:60]!r}",
    )


def _cursor(at: Position) -> str:
    return f"{at[0]}.{at[1]}" if at[1] else str(at[0])

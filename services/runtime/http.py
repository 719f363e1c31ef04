"""`/metrics` and `/health` of a process, on loopback unless a setting says otherwise."""

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from services.runtime.health import Health


async def serve(
    registry: CollectorRegistry, health: Health, port: int, host: str = "127.0.0.1"
) -> tuple[web.AppRunner, int]:
    """
    Start the server in this event loop.

    `/health` answers 200, or 503 when the process is starting or stalled: it is ready or not.
    `/health/live` answers 503 only when it is stalled, which is what a restart may mend.

    Returns:
        The runner, to be cleaned up by the caller, and the port it listens on.
    """

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    async def report(_request: web.Request) -> web.Response:
        status = 503 if health.state() in {"stalled", "starting"} else 200
        return web.json_response(health.report(), status=status)

    async def live(_request: web.Request) -> web.Response:
        status = 503 if health.state() == "stalled" else 200
        return web.json_response(health.report(), status=status)

    app = web.Application()
    app.add_routes(
        [
            web.get("/metrics", metrics),
            web.get("/health", report),
            web.get("/health/live", live),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    bound: int = runner.addresses[0][1]
    return runner, bound

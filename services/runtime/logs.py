"""Structured logs: an event name with fields, to stderr; repeats limited."""

import contextlib
import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog

REPEAT_S = 1.0
"""One line a second of one event: a broken dependency says the same thousands of times."""


class _LimitRepeats:
    """Drops an event said within REPEAT_S; the next one that passes says how many were."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, int]] = {}

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        key = f"{event.get('logger', '')}:{str(event.get('event', ''))[:60]}"
        now = time.monotonic()
        said, dropped = self._seen.get(key, (0.0, 0))
        if said and now - said < REPEAT_S:
            self._seen[key] = (said, dropped + 1)
            raise structlog.DropEvent
        if len(self._seen) > 1000:
            self._seen.clear()
        self._seen[key] = (now, 0)
        if dropped:
            event["repeated"] = dropped
        return event


def configure(service: str, level: str = "info") -> None:
    """
    Route our logs and those of the libraries to stderr: coloured on a terminal, JSON otherwise.

    Call once, at the start of a process.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render: Any = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = _DroppingHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                _LimitRepeats(),
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("aiokafka", "faust", "mode", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(service=service)


class _DroppingHandler(logging.StreamHandler[Any]):
    def emit(self, record: logging.LogRecord) -> None:
        """A line dropped by the limiter is no error: DropEvent must not reach who logged it."""
        # It is a BaseException, which StreamHandler lets through: a library's repeated
        # warning ended the library's task.
        with contextlib.suppress(structlog.DropEvent):
            super().emit(record)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger; give it an event name and fields: `log.info("snapshot_written", partition=3)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger

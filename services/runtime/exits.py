"""How a process ends on purpose, so that its supervisor knows what to do."""

import os
from typing import Final, NoReturn

from services.runtime import logs

log = logs.get(__name__)

EXIT_RESTART: Final = 70
"""Ended on purpose, to be restarted from what it has saved."""
EXIT_REFUSE: Final = 78
"""Ended for a reason that a restart does not mend; supervisors leave it down."""


def end(code: int, event: str, error: BaseException) -> NoReturn:
    """Say why, and end the process before anything else is sent or acknowledged."""
    log.error(event, error=str(error), exc_info=error if code == EXIT_RESTART else None)
    os._exit(code)

"""Foreign flow on the pump: `market` in, `foreign-flow` out."""

from schemas.foreign_flow import ForeignFlow
from schemas.topics import FOREIGN_FLOW, MARKET
from services.foreign.core.foreign import is_open, step
from services.foreign.core.state import VenueState, initial
from services.runtime.service import Service

VERSION = 1
"""Of the state's layout and of the results (design §6)."""

SERVICE: Service[VenueState] = Service(
    name="foreign",
    version=VERSION,
    input=MARKET,
    outputs={ForeignFlow: FOREIGN_FLOW},
    state=VenueState,
    initial=initial,
    step=step,
    # Not the symbol: a status of an exchange also concerns symbols that come after it.
    unit="venue",
    is_open=is_open,
)

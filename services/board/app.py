"""The board on the pump: `market` in; rows and the latest of everything a late reader needs out."""

from schemas.board import BoardRow
from schemas.market import Basket, Index, Instrument, Status
from schemas.topics import BOARD, INDEX_VALUES, INSTRUMENTS, MARKET, SESSIONS
from services.board.core.board import is_open, step
from services.board.core.state import VenueState, initial
from services.runtime.service import Service

VERSION = 1
"""Of the state's layout and of the results (design §6)."""

SERVICE: Service[VenueState] = Service(
    name="board",
    version=VERSION,
    input=MARKET,
    outputs={
        BoardRow: BOARD,
        Instrument: INSTRUMENTS,
        Basket: INSTRUMENTS,
        Status: SESSIONS,
        Index: INDEX_VALUES,
    },
    state=VenueState,
    initial=initial,
    step=step,
    # Not the symbol: a status of an exchange also concerns symbols that come after it.
    unit="venue",
    is_open=is_open,
)

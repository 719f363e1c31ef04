"""The classifier on the pump: `market` in, `trades-classified` and `session-flow` out."""

from operator import attrgetter

from schemas.session_flow import SessionFlow
from schemas.topics import MARKET, SESSION_FLOW, TRADES_CLASSIFIED
from schemas.trades_classified import TradeClassified
from services.classifier.core.classifier import step
from services.classifier.core.state import SymbolState, initial
from services.runtime.service import Service

VERSION = 2
"""Of the state's layout and of the results (design §6)."""

SERVICE: Service[SymbolState] = Service(
    name="classifier",
    version=VERSION,
    input=MARKET,
    outputs={TradeClassified: TRADES_CLASSIFIED, SessionFlow: SESSION_FLOW},
    state=SymbolState,
    initial=initial,
    step=step,
    is_open=attrgetter("is_open"),
)

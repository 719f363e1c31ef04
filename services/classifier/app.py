"""The classifier on the pump: `market` in, `trades-classified` out."""

from schemas.topics import MARKET, TRADES_CLASSIFIED
from schemas.trades_classified import TradeClassified
from services.classifier.core.classifier import step
from services.classifier.core.state import SymbolState, initial
from services.runtime.service import Service

VERSION = 1
"""Of the state's layout and of the results (design §6)."""

SERVICE: Service[SymbolState] = Service(
    name="classifier",
    version=VERSION,
    input=MARKET,
    outputs={TradeClassified: TRADES_CLASSIFIED},
    state=SymbolState,
    initial=initial,
    step=step,
)

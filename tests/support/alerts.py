"""Rules of every kind with low thresholds, and the analytics that they make."""

from typing import Any

from services.analytics import rules_file
from services.analytics.app import service
from services.analytics.core.alerts import Engine
from services.analytics.core.memory import VenueState
from services.runtime import yaml_file
from services.runtime.service import Service

EAGER = """
quiet: {first_s: 0, sessions: {stock: ["00:00-24:00"], future: ["00:00-24:00"]}}
rules:
  - {id: large, kind: large_trade, min_value: 1000, cooldown_s: 2, families: [stock, crypto]}
  - {id: large-futures, kind: large_trade, min_volume: 5, cooldown_s: 0, families: [future]}
  - {id: limit, kind: price_limit, cooldown_s: 1}
  - {id: surge, kind: volume_surge, ratio: 2, days: 3, min_days: 1, min_volume: 10, cooldown_s: 0}
  - {id: imbalance, kind: active_imbalance, window_s: 60, min_value: 1, cooldown_s: 5}
  - {id: level, kind: level, symbols: [HPG, VN30F1M, VN30], price_above: 50, price_below: 2}
  - {id: volume, kind: level, symbols: [HPG], volume_above: 500}
  - {id: gap, kind: feed_gap, min_seconds: 0, cooldown_s: 0, causes: [restart, silence]}
  - {id: bought, kind: expression, topic: session-flow, when: buy_volume > sell_volume * 2}
  - {id: seller, kind: expression, topic: trades-classified, when: side == "sell", cooldown_s: 3}
  - {id: burst, kind: foreign_burst, window: 1m, min_value: 1000}
  - {id: faster, kind: foreign_acceleration, window: 5m, min_value: 10, cooldown_s: 5}
  - {id: together, kind: foreign_correlation, min_correlation: 0.5, min_net_value: 1}
  - {id: z, kind: basis_zscore, min_z: 2, symbols: [VN30F1M], cooldown_s: 0}
  - {id: apart, kind: divergence, min_percent: 0.1, cooldown_s: 5}
  - {id: estimate, kind: index_error, min_bps: 1, cooldown_s: 0}
  - {id: row, kind: expression, topic: board, when: "last > 0", text_en: "last {last}"}
"""


def rules(text: str = EAGER) -> rules_file.RulesFile:
    return yaml_file.parse(text, rules_file.RulesFile, "alerts.yaml")


def engine(topic: str, text: str = EAGER, holidays: frozenset[int] = frozenset()) -> Engine:
    found = rules(text)
    return Engine(topic, tuple(found.compiled()), found.hours(holidays))


def analytics(topic: str, text: str = EAGER) -> Service[VenueState]:
    """The service over a topic, by rules written here."""
    return service(topic, engine(topic, text))


def only(**fields: Any) -> str:
    """A file with one rule, that speaks at any time."""
    import yaml

    return yaml.safe_dump({"rules": [{"id": "r", "anytime": True, **fields}]})

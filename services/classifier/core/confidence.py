"""
How often each situation's side is right: a fixed table, the published `confidence`.

PLACEHOLDER
"""

CONFIDENCE: dict[str, float] = {}

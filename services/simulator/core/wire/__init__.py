"""How vendors write what happens on the exchange."""

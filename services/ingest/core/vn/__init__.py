"""Vietnamese markets: what an instrument, a price and a trading day are."""

"""SSI FastConnect v3: REST and the JSON WebSocket of `ssi-sdk`, told from v2's messages."""

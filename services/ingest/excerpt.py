"""Ingest's engine when only a part of what it decodes goes on."""

from typing import Any

from services.ingest.batch import Decoder
from services.ingest.core.records import Decoded, Raw
from services.ingest.core.selection import Selection


class Excerpt:
    """Everything is decoded, so what is selected has the seqs that it has in the whole."""

    def __init__(self, decoder: Decoder, selection: Selection) -> None:
        self._decoder, self._selection = decoder, selection

    def decode(self, raw: Raw) -> Decoded:
        """See `Decoder`."""
        return self._selection.of(raw.venue, self._decoder.decode(raw))

    def state(self) -> Any:
        """See `Decoder`."""
        return self._decoder.state()

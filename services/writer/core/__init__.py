"""Pure parts of the writer: which table a message belongs to, and how it becomes a row."""

"""How far every service is behind the log, seen from outside of it."""

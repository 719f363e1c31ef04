"""Pure parts of the delivery: what is said where, when it is tried again, and how often."""

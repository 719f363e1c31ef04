"""Pure parts of the analytics: rules over one topic, and the alerts that they give."""

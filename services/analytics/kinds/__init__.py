"""The kinds of rules, one model each: their fields with bounds, and the measure they mean."""

"""Trades and quotes of a tape as Parquet, for analysts."""

"""Walls of a trading room, one a module."""

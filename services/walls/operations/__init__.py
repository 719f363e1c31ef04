"""Boards of those who run the pipeline, one a module."""

"""
The database of a tape against the truth that the simulated exchange wrote beside a day.

Nothing here is shown by ingest or made from raw records: the truth is read from its own files.
"""

"""Python's search for reference cycles, kept out of the way of messages."""

import gc


def settle() -> None:
    """
    Call once a process has started: what lives now is never searched again.

    Some 100,000 objects of modules and libraries cost each full search 60 to 100 ms, in which
    no message moves (measured in a classifier). Messages are in no cycle: search seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)

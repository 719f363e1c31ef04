"""The simulated exchange on loopback sockets: SSI FastConnect v2 and iBoard, faults included."""

"""Live clients: the sockets of vendors as one `Source`. They differ only in their protocol."""

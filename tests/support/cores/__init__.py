"""One example message through the pure core of each consumer of its topic."""

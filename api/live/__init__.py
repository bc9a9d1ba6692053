"""Live events: one subscription per process, one log per review, any number of sockets reading it."""

"""HTTP: two listeners, planned faults, the log of requests, and the sandbox's own paths."""

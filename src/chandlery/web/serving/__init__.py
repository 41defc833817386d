"""The server: requests as they arrive, threads that answer them, streams that need none."""

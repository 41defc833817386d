"""The programs that are measured or that measure, each run in a process of its own."""

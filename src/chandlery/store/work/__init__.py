"""What was done, is being done and shall be done: runs, jobs, tasks, permits, wanted series."""

"""When to collect, and by whom: the loop inside one process, or Celery's beat and workers.

It decides about time and hands out work only; what collecting means is in `collect`.
"""

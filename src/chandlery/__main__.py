"""`python -m chandlery` is the `chandlery` command."""

from chandlery.cli import main

main()

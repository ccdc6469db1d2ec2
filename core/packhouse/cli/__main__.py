"""`python -m packhouse.cli`: the command without its script."""

from packhouse.cli import main

main()

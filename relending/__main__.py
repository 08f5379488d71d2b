"""``python -m relending``: the command line."""

from relending.cli import main

main()

"""``python -m relending``: the command line."""

from relending.cli import main

main(prog_name="relending")

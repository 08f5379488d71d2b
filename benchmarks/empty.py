"""A click program that does nothing: what starting any click program costs."""

from __future__ import annotations

import click


@click.command()
def main() -> None:
    """Do nothing."""


if __name__ == "__main__":
    main()

"""The command line: one module per command; each command is a thin layer over a call into core."""

from console.cli.entry import main

__all__ = ["main"]

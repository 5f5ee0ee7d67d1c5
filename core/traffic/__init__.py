"""Scenarios, the patterns they are made of, and the importers that bring real traffic in."""

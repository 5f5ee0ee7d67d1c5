"""Stepping through the decisions of a run: what was seen, why it was decided, what if not."""

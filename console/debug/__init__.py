"""The parts of the debugger: one moment of a run, everything about it at once."""

"""Runs: the file, the engine that writes it, and the readers and commands around it."""

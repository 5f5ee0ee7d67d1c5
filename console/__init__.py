"""The terminal console: a reader of runs, and a sender of commands to their engines."""

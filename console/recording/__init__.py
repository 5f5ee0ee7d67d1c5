"""Recordings of runs: the console replays them on a terminal that only exists in memory."""

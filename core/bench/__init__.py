"""Benchmarks: policies on scenarios with several seeds, and what can be said of the figures."""

"""What other programs ask an engine: metrics for Prometheus, and probes."""

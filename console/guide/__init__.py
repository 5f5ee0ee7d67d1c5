"""Use my own traffic: from Prometheus's history to a judged shadow run, step by step."""

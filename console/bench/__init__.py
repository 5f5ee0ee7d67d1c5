"""The Benchmark screen's parts: what is listed, compared, drawn and started."""

"""Everything behind the console: traffic, clusters, environments, agents and runs."""

__version__ = "0.1.0"

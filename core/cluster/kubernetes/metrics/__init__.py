"""Where the measured values of a Deployment come from."""

"""Real HTTP traffic at the rate of a scenario."""

"""The parts of the Runs screen: what a run looks like in a list, and at a glance."""

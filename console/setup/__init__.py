"""The parts of the Setup screen: what can be chosen, how it is checked, what it starts."""

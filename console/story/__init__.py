"""A demo that runs itself: a script in YAML that steers the console as an operator would."""

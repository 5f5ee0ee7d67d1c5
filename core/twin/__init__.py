"""Digital twins: real traffic recorded, the service fitted, and advice judged in the twin."""

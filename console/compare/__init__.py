"""Two runs beside each other: curves on one axis, totals up to the same moment."""

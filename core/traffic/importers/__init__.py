"""Real traffic made into scenarios: CSV files and web server access logs."""

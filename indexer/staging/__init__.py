"""A run's works between reading and writing: checks, changes, the staging database and the report."""

"""The works of a run between reading and writing: changes, the staging file, the report."""

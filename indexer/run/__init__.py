"""One indexing run from beginning to end, and the commands that start it."""

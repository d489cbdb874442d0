"""What is in the index at a glance: how much of each, and where to begin."""

"""Works: search, similar works, and exports as citations and tables."""

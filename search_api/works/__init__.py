"""Works: search, one work, similar works."""

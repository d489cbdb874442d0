"""Topics: browse them, and read one with its works by year, researchers and related topics."""

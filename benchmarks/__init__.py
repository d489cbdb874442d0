"""Speed and ranking quality, measured on data that the caller names."""

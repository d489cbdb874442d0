"""Topics: browse them, and what one of them holds."""

"""Claims: a researcher's profile becomes a person's own, and what the owner says there."""

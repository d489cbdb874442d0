"""Researchers: by name, by what they work on, profile, works, collaborators, and who is like them."""

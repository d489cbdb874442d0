"""Blocks and reports: what an account can do about another, and what admins do about it."""

"""Follows: researchers, topics and searches that an account wants to hear of, and what is new there."""

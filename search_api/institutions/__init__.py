"""Institutions: browse them, and who works on what at one of them."""

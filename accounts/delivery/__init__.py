"""Delivery of people's states (claims, follows, profiles) from the database to the index."""

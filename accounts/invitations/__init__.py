"""Invitations to work together, and the conversations that they become."""

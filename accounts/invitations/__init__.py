"""Invitations to collaborate, the conversations that they become, and blocks between accounts."""

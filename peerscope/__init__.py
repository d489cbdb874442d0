"""Peerscope: discovery over research works, and what its parts share."""

"""What can be wrong with what is stored, or with how it is asked to be stored."""

from peerscope.errors import PeerscopeError


class StoreError(PeerscopeError):
    """What is stored does not fit what is asked for; the message says what to do."""

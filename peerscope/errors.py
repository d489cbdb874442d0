"""The root of every error that a user or an operator can cause and act on.

Each package derives its errors from `PeerscopeError`; the command line and the app handle that one class. An error that
is not a `PeerscopeError` is a defect of Peerscope and ends in a traceback.
"""

from __future__ import annotations


class PeerscopeError(Exception):
    """Base of all expected errors. Its text is complete and ready to be shown: what failed, and what to do about it."""


class SettingsError(PeerscopeError):
    """A setting has a value that cannot be used; the message names the variable."""

"""All tables; importing this module completes `Base.metadata`. Features import tables from their owners."""

from __future__ import annotations

from accounts.audit import Audit
from accounts.base import Base
from accounts.claims.models import Claim, InstitutionDomain, InstitutionEmail, OwnProfile, WorkStatement
from accounts.corrections.models import Correction
from accounts.delivery.models import Synced
from accounts.erasure import Erasure
from accounts.follows.models import Follow
from accounts.invitations.models import Block, Invitation, Message
from accounts.login.models import Account, ApiToken, EmailToken, Login
from accounts.moderation.models import Report
from accounts.notifications import Notification
from accounts.outbox import Mail, Outbox
from accounts.throttle import Throttle

__all__ = [
    "Account",
    "ApiToken",
    "Audit",
    "Base",
    "Block",
    "Claim",
    "Correction",
    "EmailToken",
    "Erasure",
    "Follow",
    "InstitutionDomain",
    "InstitutionEmail",
    "Invitation",
    "Login",
    "Mail",
    "Message",
    "Notification",
    "Outbox",
    "OwnProfile",
    "Report",
    "Synced",
    "Throttle",
    "WorkStatement",
]

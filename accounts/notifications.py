"""Notifications: items in an account's inbox, each also mailed unless the account has turned its kind off.

A row holds facts (ids, a status, the reason of a decision), of which `describe` makes the text. While a notification
about the same thing is unread, another event renews it without a further mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from accounts.base import Base, new_id, now, owner_column
from accounts.login.models import Account
from accounts.outbox import enqueue_mail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

#: Kinds whose mail can be turned off, with their labels.
KINDS = {
    "invitation": "Invitations, and answers to yours",
    "message": "Messages",
    "claim": "Decisions on your claim",
    "correction": "Decisions on problems that you reported, and changes to your profile",
    "report": "Decisions on messages that you reported",
    "waiting": "For administrators: what waits for a decision",
}
#: What waits for administrators, with the page that lists it.
QUEUES = {
    "claim": ("A claim waits for a decision.", "/admin"),
    "correction": ("A reported problem with a record waits for a decision.", "/admin/corrections"),
    "report": ("A reported message waits for a decision.", "/admin/reports"),
}
#: Notifications kept for an account, read or not.
KEPT = 500


class Notification(Base):
    """A notification; `about` is what it is about, such as the id of a claim."""

    __tablename__ = "notification"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = owner_column()
    kind: Mapped[str]
    about: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Description:
    """The text of a notification, and the path of the page that it leads to."""

    subject: str
    text: str
    path: str


def notify(session: Session, account_id: str | None, kind: str, about: str, **data: Any) -> None:
    """Notify an account, and mail it unless it has turned that off or has not read the last one about the same."""
    account = session.get(Account, account_id) if account_id else None
    if account is None or account.suspended_at:
        return
    unread = select(Notification).where(
        Notification.account_id == account.id,
        Notification.kind == kind,
        Notification.about == about,
        Notification.read_at.is_(None),
    )
    if existing := session.scalars(unread.limit(1)).first():
        is_same = existing.data == data
        existing.data, existing.created_at = data, now()
        if is_same:
            return
        session.flush()
        new = existing
    else:
        session.add(new := Notification(account_id=account.id, kind=kind, about=about, data=data))
        session.flush()
    if account.email and kind not in (account.muted or []):
        enqueue_mail(session, "notification", account_id=account.id, notification=new.id)


def notify_admins(session: Session, queue: str, but: str | None = None) -> None:
    """Notify every administrator, except for the account `but`, that something waits in a queue."""
    admins = select(Account.id).where(Account.is_admin, Account.suspended_at.is_(None))
    for admin_id in session.scalars(admins.order_by(Account.id)).all():
        if admin_id != but:
            notify(session, admin_id, "waiting", queue)


def list_notifications(
    session: Session, account_id: str, offset: int = 0, limit: int = 25
) -> tuple[int, Sequence[Notification]]:
    """Return the number of an account's notifications, and a page of them, newest first."""
    own = Notification.account_id == account_id
    count = session.scalar(select(func.count()).select_from(Notification).where(own)) or 0
    page = select(Notification).where(own).order_by(Notification.created_at.desc(), Notification.id)
    return min(count, KEPT), session.scalars(page.offset(offset).limit(min(limit, max(0, KEPT - offset)))).all()


def count_unread(session: Session, account_id: str, but: Sequence[str] = ()) -> int:
    """Return the number of unread notifications, except for those of the kinds `but`."""
    unread = Notification.account_id == account_id, Notification.read_at.is_(None), Notification.kind.not_in(but)
    return session.scalar(select(func.count()).select_from(Notification).where(*unread)) or 0


def mark_read(session: Session, account_id: str, about: str | None = None) -> None:
    """Mark an account's notifications as read; `about` limits it to those about one thing."""
    rows = update(Notification).where(Notification.account_id == account_id, Notification.read_at.is_(None))
    session.execute((rows.where(Notification.about == about) if about else rows).values(read_at=now()))


def describe(notification: Notification) -> Description:
    """Return the text of a notification."""
    data, about = notification.data, notification.about
    reason = f" Reason: {data['reason']}" if data.get("reason") else ""
    researcher = f"/researchers/{data['researcher']}" if data.get("researcher") else "/inbox"
    if notification.kind == "waiting":
        text, path = QUEUES[about]
        return Description("Something waits for your decision", text, path)
    if notification.kind == "claim":
        text = CLAIM_TEXTS[data["status"]] + reason
        return Description("Your claim on a profile", text, researcher)
    if notification.kind == "correction":
        if data.get("is_owner"):
            text = f"A reported problem with your profile was {data['status']}.{reason}"
        else:
            text = f"The problem that you reported was {data['status']}.{reason}"
        return Description("A reported problem was decided", text, researcher)
    if notification.kind == "report":
        return Description("Your report was decided", f"Your report was {data['status']}.", f"/inbox/{about}")
    if notification.kind == "message":
        return Description("New message", "You have a new message.", f"/inbox/{about}")
    text = "Your invitation was accepted. You can now write to each other."
    return Description("Your invitation was accepted", text, f"/inbox/{about}")


CLAIM_TEXTS = {
    "verified": "Your claim was verified: the profile is yours.",
    "rejected": "Your claim was rejected.",
    "released": "You no longer own this profile.",
    "pending": "Your profile has to be verified again by an administrator.",
}

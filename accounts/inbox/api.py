"""JSON routes of notifications."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint
from marshmallow import Schema, fields, validate

from accounts.notifications import KINDS, Notification, count_unread, describe, list_notifications, mark_read
from accounts.resources import database
from search_api.http.args import Args, PageArgs
from search_api.http.endpoint import endpoint
from search_api.http.paging import Pagination
from search_api.http.schemas import list_of
from search_api.retrieval.listing import envelope

if TYPE_CHECKING:
    from accounts.actors import Actor

blueprint = Blueprint("notifications", __name__, url_prefix="/api/v1")


class NotificationSchema(Schema):
    """A notification."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(KINDS)))
    text = fields.String(required=True)
    path = fields.String(required=True, metadata={"description": "Path of the page that it is about."})
    created_at = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)


NotificationList = list_of(NotificationSchema, "NotificationList")


class UnreadNotifications(Schema):
    """The number of unread notifications."""

    unread = fields.Integer(required=True)


class NotificationsArgs(PageArgs):
    """Arguments of the list of notifications."""


@blueprint.get("/me/notifications")
@endpoint(NotificationsArgs, NotificationList, "List your notifications", scope="read")
def notifications(args: dict[str, Any], actor: Actor) -> Any:
    """List your notifications, newest first: decisions, answers and messages; for administrators, what waits."""
    page = Pagination(args["page"], args["per_page"])
    with database().read() as session:
        count, rows = list_notifications(session, actor.account_id, page.offset, page.per_page)
        return envelope([_serialize(row) for row in rows], count=count, pagination=page)


@blueprint.post("/me/notifications/read")
@endpoint(Args, UnreadNotifications, "Mark your notifications as read", scope="read", status=HTTPStatus.OK)
def read(actor: Actor) -> Any:
    """Mark all your notifications as read."""
    with database().begin() as session:
        mark_read(session, actor.account_id)
        return {"unread": count_unread(session, actor.account_id)}


def _serialize(row: Notification) -> dict[str, Any]:
    described = describe(row)
    columns = {name: getattr(row, name) for name in ("id", "kind", "created_at", "read_at")}
    return {**columns, "text": described.text, "path": described.path}

"""Every route of accounts, and what each role gets. A route that is not in the table fails here.

The roles, in this order, all in one database:

- `anonymous`: nobody is logged in
- `unscoped`: an API token of the owner without the scope
- `user`: somebody else, with no claim
- `other`: somebody else, with a verified profile
- `admin`: an administrator
- `owner`: whose things the path names, with a verified profile

The owner comes last, since what it may end is gone then. To add a route, add a row; where its path needs an id, have
`World` make the thing for the owner.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from accounts.actors import SCOPES
from accounts.base import now
from accounts.claims.models import Claim
from accounts.cookies import LIFE
from accounts.corrections.models import Correction
from accounts.invitations.models import Invitation
from accounts.login.models import Account, ApiToken, Login
from accounts.moderation.models import Report
from accounts.secrets import digest, new_token
from tests.accounts.conftest import NoOpenSearch
from tests.people import accounts_of, browser, log_in, program

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from accounts.database import Database

ROLES = ("anonymous", "unscoped", "user", "other", "admin", "owner")
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True)
class Row:
    """What each role gets from a route, as statuses in the order of ROLES; `json` or `form` is what is sent."""

    method: str
    rule: str
    expected: str
    json: dict[str, Any] | None = None
    form: dict[str, Any] | None = None
    query: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"

    def send(self) -> dict[str, Any]:
        return {name: value for name, value in (("json", self.json), ("data", self.form)) if value is not None}


NEW_TOKEN: dict[str, Any] = {"name": "x", "scopes": ["read"]}
ALL_OWN = "401 403 200 200 200 200"
NO_BODY = "401 403 204 204 204 204"
ALL_WITH_PROFILE = "401 403 409 200 409 200"
ADMINS_ALONE = "401 403 403 403 200 403"
ADMIN_PAGE = "303 401 403 403 200 403"
OWNERS_ALONE = "401 403 404 404 404 204"
#: A page of one's account leads nobody to the log-in page. An API token is no browser: it opens no page of anybody, and
#: sends no form.
PAGE, FORM = "303 401 200 200 200 200", "303 400 303 303 303 303"
FORM_TO_ALL = "200 400 200 200 200 200"
#: A conversation of the owner with somebody who has no other role here.
INVITATION = "0" * 32
PARTICIPANT, PARTICIPANTS_FORM = "401 403 404 404 404 200", "303 400 404 404 404 303"
NEW_INVITATION: dict[str, Any] = {"purpose": "talk", "message": "Shall we?", "key": "k"}
NEW_CORRECTION: dict[str, Any] = {"kind": "name", "value": "Ada King", "reason": "Her own page."}
NEW_MESSAGE: dict[str, Any] = {"body": "Hello", "key": "k"}

TABLE = [
    # One's account, as JSON
    Row("GET", "/api/v1/me", ALL_OWN),
    Row("PATCH", "/api/v1/me", ALL_OWN, json={"name": "Another"}),
    Row("DELETE", "/api/v1/me", "401 403 400 400 400 204", query={"confirm": "{owner_id}"}),
    Row("GET", "/api/v1/me/export", ALL_OWN),
    Row("GET", "/api/v1/me/logins", ALL_OWN),
    Row("DELETE", "/api/v1/me/logins", NO_BODY),
    Row("DELETE", "/api/v1/me/logins/<login_id>", OWNERS_ALONE),
    Row("GET", "/api/v1/me/tokens", ALL_OWN),
    Row("POST", "/api/v1/me/tokens", "401 403 201 201 201 201", json=NEW_TOKEN),
    Row("DELETE", "/api/v1/me/tokens/<token_id>", OWNERS_ALONE),
    # In and out
    Row("GET", "/login", "200 200 303 303 303 303"),
    Row("POST", "/login", "403 400 403 403 403 403", form={"email": "x@example.org", "password": "not it at all"}),
    Row("POST", "/login/orcid", "503 400 503 503 503 503"),
    Row("GET", "/login/orcid/callback", "503 503 503 503 503 503"),
    Row("POST", "/logout", "303 400 303 303 303 303"),
    Row("GET", "/register", "200 200 200 200 200 200"),
    Row("POST", "/register", FORM_TO_ALL, form={"email": "x@example.org"}),
    Row("GET", "/confirm/<token>", "404 404 404 404 404 404"),
    Row("POST", "/confirm/<token>", "404 400 404 404 404 404", form={"name": "X", "password": "a good password"}),
    Row("GET", "/login/link", "200 200 200 200 200 200"),
    Row("POST", "/login/link", FORM_TO_ALL, form={"email": "x@example.org"}),
    Row("GET", "/login/link/<token>", "404 404 404 404 404 404"),
    Row("POST", "/login/link/<token>", "404 400 404 404 404 404", form={}),
    Row("GET", "/reset", "200 200 200 200 200 200"),
    Row("POST", "/reset", FORM_TO_ALL, form={"email": "x@example.org"}),
    Row("GET", "/reset/<token>", "404 404 404 404 404 404"),
    Row("POST", "/reset/<token>", "404 400 404 404 404 404", form={"password": "a good password"}),
    # The account's page
    Row("GET", "/account", PAGE),
    Row("POST", "/account", FORM, form={"name": "Another"}),
    Row("POST", "/account/password", FORM, form={"password": "a good password"}),
    Row("POST", "/account/address", FORM, form={"email": "x@example.org"}),
    Row("GET", "/account/address/<token>", "303 401 404 404 404 404"),
    Row("POST", "/account/address/<token>", "303 400 404 404 404 404", form={}),
    Row("POST", "/account/orcid", "303 400 503 503 503 503", form={}),
    Row("POST", "/account/orcid/unlink", FORM, form={}),
    Row("POST", "/account/tokens", "303 400 200 200 200 200", form=NEW_TOKEN),
    Row("POST", "/account/tokens/<token_id>/end", "303 400 404 404 404 303", form={}),
    Row("POST", "/account/logins/end", FORM, form={}),
    Row("POST", "/account/logins/<login_id>/end", "303 400 404 404 404 303", form={}),
    Row("POST", "/account/delete", FORM, form={"name": "Owner"}),
    # Claims, as JSON
    Row("POST", "/api/v1/researchers/<path:id_>/claim", "401 403 200 409 200 200", json={"statement": "It is me."}),
    Row("DELETE", "/api/v1/researchers/<path:id_>/claim", NO_BODY),
    Row("GET", "/api/v1/me/claim", "401 403 404 200 404 200"),
    Row("PATCH", "/api/v1/me/profile", ALL_WITH_PROFILE, json={"bio": "Me."}),
    Row("GET", "/api/v1/me/works", ALL_WITH_PROFILE),
    Row("PUT", "/api/v1/me/works/<path:work_id>", ALL_WITH_PROFILE, json={"is_mine": True}),
    Row("DELETE", "/api/v1/me/works/<path:work_id>", "401 403 409 204 409 204"),
    Row("GET", "/api/v1/me/institution-email", ALL_OWN),
    Row("POST", "/api/v1/me/institution-email", "401 403 409 409 409 409", json={"email": "x@example.org"}),
    # Problems with records
    Row("POST", "/api/v1/researchers/<path:id_>/corrections", "401 403 201 201 201 201", json=NEW_CORRECTION),
    Row("GET", "/api/v1/me/corrections", ALL_OWN),
    Row("GET", "/api/v1/admin/corrections", ADMINS_ALONE),
    Row("POST", "/api/v1/admin/corrections/<correction_id>/accept", ADMINS_ALONE, json={}),
    Row("POST", "/api/v1/admin/corrections/<correction_id>/reject", ADMINS_ALONE, json={}),
    Row("GET", "/researchers/<path:id_>/problem", PAGE),
    Row("POST", "/researchers/<path:id_>/problem", FORM, form=NEW_CORRECTION),
    Row("GET", "/admin/corrections", ADMIN_PAGE),
    Row("POST", "/admin/corrections/<correction_id>", "303 400 403 403 303 403", form={"decision": "reject"}),
    # Claims, as pages
    Row("GET", "/researchers/<path:id_>/claim", PAGE),
    Row("POST", "/researchers/<path:id_>/claim", "303 400 303 409 303 303", form={"statement": "It is me."}),
    Row("GET", "/account/profile", PAGE),
    Row("POST", "/account/profile", "303 400 409 303 409 303", form={"bio": "Me."}),
    Row("POST", "/account/profile/works", "303 400 409 303 409 303", form={"work": "arxiv:1", "saying": "mine"}),
    Row("POST", "/account/profile/release", FORM, form={"researcher": "ada-1"}),
    Row("POST", "/account/profile/email", "303 400 409 409 409 409", form={"email": "x@example.org"}),
    Row("POST", "/account/profile/email/forget", FORM, form={"email": "x@example.org"}),
    Row("GET", "/account/profile/email/<token>", "303 401 404 404 404 404"),
    Row("POST", "/account/profile/email/<token>", "303 400 404 404 404 404", form={}),
    # For administrators
    Row("GET", "/api/v1/admin/claims", ADMINS_ALONE),
    Row("POST", "/api/v1/admin/claims/<claim_id>/approve", ADMINS_ALONE, json={"reason": "Known to us."}),
    Row("POST", "/api/v1/admin/claims/<claim_id>/reject", ADMINS_ALONE, json={"reason": "Not known to us."}),
    Row("GET", "/api/v1/admin/audit", ADMINS_ALONE),
    Row("GET", "/admin", ADMIN_PAGE),
    Row("GET", "/admin/audit", ADMIN_PAGE),
    Row("POST", "/admin/claims/<claim_id>", "303 400 403 403 303 403", form={"decision": "reject", "reason": "No."}),
    # What one follows, and the feed
    Row("GET", "/api/v1/me/follows", ALL_OWN),
    Row("POST", "/api/v1/me/follows", "401 403 201 201 201 201", json={"kind": "search", "query": "q=x"}),
    Row("PUT", "/api/v1/me/follows/<kind>/<path:target_>", ALL_OWN),
    Row("DELETE", "/api/v1/me/follows/<kind>/<path:target_>", NO_BODY),
    Row("GET", "/api/v1/me/feed", ALL_OWN),
    Row("POST", "/api/v1/me/feed/address", "401 403 201 201 201 201"),
    Row("DELETE", "/api/v1/me/feed/address", NO_BODY),
    Row("GET", "/feeds/me/<token>.atom", "404 404 404 404 404 404"),
    Row("GET", "/feed", PAGE),
    Row("GET", "/welcome", PAGE),
    Row("GET", "/welcome/continue", "303 401 303 303 303 303"),
    Row("POST", "/follow", FORM, form={"kind": "topic", "target": "cs.LG"}),
    Row("POST", "/unfollow", FORM, form={"kind": "topic", "target": "cs.LG"}),
    Row("POST", "/feed/address", "303 400 200 200 200 200", form={}),
    Row("POST", "/feed/address/remove", FORM, form={}),
    # Invitations and conversations: the owner of a profile is invited by another, and by nobody without one
    Row("POST", "/api/v1/researchers/<path:id_>/invitations", "401 403 409 201 409 409", json=NEW_INVITATION),
    Row("GET", "/api/v1/me/invitations", ALL_OWN),
    Row("GET", "/api/v1/me/invitations/<invitation_id>", PARTICIPANT),
    Row("POST", "/api/v1/me/invitations/<invitation_id>/accept", PARTICIPANT),
    Row("POST", "/api/v1/me/invitations/<invitation_id>/decline", PARTICIPANT),
    Row("POST", "/api/v1/me/invitations/<invitation_id>/withdraw", "401 403 404 404 404 409"),
    Row("POST", "/api/v1/me/invitations/<invitation_id>/read", PARTICIPANT),
    Row("GET", "/api/v1/me/invitations/<invitation_id>/messages", PARTICIPANT),
    Row("POST", "/api/v1/me/invitations/<invitation_id>/messages", "401 403 404 404 404 201", json=NEW_MESSAGE),
    Row("GET", "/api/v1/me/unread", ALL_OWN),
    Row("GET", "/researchers/<path:id_>/invite", PAGE),
    Row("POST", "/researchers/<path:id_>/invite", "303 400 409 303 409 409", form=NEW_INVITATION),
    Row("GET", "/inbox", PAGE),
    Row("GET", "/inbox/<invitation_id>", "303 401 404 404 404 200"),
    Row("POST", "/inbox/<invitation_id>/<step>", PARTICIPANTS_FORM, form={}),
    Row("POST", "/inbox/<invitation_id>/messages", PARTICIPANTS_FORM, form=NEW_MESSAGE),
    Row("GET", "/api/v1/me/notifications", ALL_OWN),
    Row("POST", "/api/v1/me/notifications/read", ALL_OWN),
    Row("POST", "/inbox/read", FORM, form={}),
    # Blocks and reports
    Row("GET", "/api/v1/me/blocks", ALL_OWN),
    Row("POST", "/api/v1/me/blocks", "401 403 404 404 404 201", json={"invitation": INVITATION}),
    Row("DELETE", "/api/v1/me/blocks/<block_id>", NO_BODY),
    Row("GET", "/api/v1/me/reports", ALL_OWN),
    Row("POST", "/api/v1/me/reports", "401 403 404 404 404 201", json={"invitation": INVITATION, "reason": "x"}),
    Row("POST", "/inbox/<invitation_id>/block", PARTICIPANTS_FORM, form={}),
    Row("POST", "/inbox/<invitation_id>/report", PARTICIPANTS_FORM, form={"reason": "x"}),
    Row("POST", "/blocks/<block_id>/remove", FORM, form={}),
    Row("GET", "/api/v1/admin/reports", ADMINS_ALONE),
    Row("POST", "/api/v1/admin/reports/<report_id>/uphold", ADMINS_ALONE, json={"reason": "x"}),
    Row("POST", "/api/v1/admin/reports/<report_id>/dismiss", ADMINS_ALONE, json={"reason": "x"}),
    Row("GET", "/admin/reports", ADMIN_PAGE),
    Row("POST", "/admin/reports/<report_id>/<decision>", "303 400 403 403 303 403", form={"reason": "x"}),
]


class World:
    """One person of each role, and the things of the owner that paths can name."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        owner, other = log_in(app, "Owner", email="owner@example.org"), log_in(app, "Other")
        self.roles = {
            "anonymous": browser(app),
            "unscoped": program(app, owner.account_id),
            "user": log_in(app, "User"),
            "other": other,
            "admin": log_in(app, "Admin", admin=True),
            "owner": owner,
        }
        with accounts_of(app).begin() as session:
            verified = {"status": "verified", "proof": "admin"}
            claim = Claim(account_id=owner.account_id, researcher_id="ada-1", **verified)
            session.add_all([claim, Claim(account_id=other.account_id, researcher_id="bob-2", **verified)])
            token = ApiToken(account_id=owner.account_id, digest=digest(new_token()), name="its own", scopes=["read"])
            secret = digest(new_token())
            login = Login(account_id=owner.account_id, digest=secret, browser="its own", expires_at=now() + LIFE)
            session.add_all([token, login])
            problem = {"kind": "name", "value": "Ada", "reason": "x"}
            correction = Correction(reporter_id=owner.account_id, researcher_id="ada-1", **problem)
            session.add(correction)
            report = self._converse(session, owner.account_id)
        self.ids = {
            "owner_id": owner.account_id,
            "token_id": token.id,
            "login_id": login.id,
            "token": new_token(),
            "claim_id": claim.id,
            "correction_id": correction.id,
            "id_": "ada-1",
            "work_id": "arxiv:1",
        }
        self.ids |= {"kind": "topic", "target_": "cs.LG", "block_id": "0" * 32}
        self.ids |= {"invitation_id": INVITATION, "step": "accept", "report_id": report, "decision": "dismiss"}

    def _converse(self, session: Session, owner_id: str) -> str:
        """Have the owner in a conversation, of which it has reported the other side; gives the report's id."""
        session.add(friend := Account(name="Friend"))
        session.flush()
        sides = {"sender_id": friend.id, "recipient_id": owner_id}
        profiles = {"sender_researcher_id": "eve-3", "recipient_researcher_id": "ada-1"}
        talk = Invitation(id=INVITATION, **sides, **profiles, purpose="talk", message="Hello", status="accepted")
        session.add(talk)
        session.flush()
        session.add(report := Report(reporter_id=owner_id, invitation_id=INVITATION, reason="x"))
        session.flush()
        return report.id

    def path(self, row: Row) -> str:
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: self.ids[match[1]], row.rule)

    def ask(self, role: str, row: Row, **more: Any) -> Any:
        query = {name: value.format(**self.ids) for name, value in row.query.items()}
        return self.roles[role].open(self.path(row), method=row.method, query_string=query, **row.send(), **more)


class AFew(NoOpenSearch):
    """Holds the researchers who are claimed here, a work and a topic."""

    def get(self, index: str, id: str, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: A002
        bare = {"works_count": 1, "affiliations": [], "institutions": [], "orcid": None, "claimed": True}
        stored = {id_: {**bare, "id": id_, "name": id_, "title": id_} for id_ in ("ada-1", "bob-2", "arxiv:1", "cs.LG")}
        stored["arxiv:1"]["researchers"] = [{"id": id_, "name": id_} for id_ in ("ada-1", "bob-2")]
        return {"found": id in stored, "_source": stored.get(id)}


@pytest.fixture
def opensearch() -> AFew:
    return AFew()


@pytest.fixture
def world(app: Flask, database: Database) -> World:
    return World(app)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_each_role_gets_what_the_table_says(world: World, row: Row) -> None:
    found = {role: world.ask(role, row).status_code for role in ROLES}
    assert found == dict(zip(ROLES, map(int, row.expected.split()), strict=True))


def test_every_route_of_accounts_is_in_the_table(app: Flask) -> None:
    views = app.view_functions
    routes = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if views[rule.endpoint].__module__.startswith("accounts")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    listed = {(row.method, row.rule) for row in TABLE}
    assert routes == listed
    assert len(TABLE) == len(listed)


@pytest.mark.parametrize("row", [row for row in TABLE if row.method in UNSAFE], ids=str)
def test_nothing_changes_by_the_cookie_alone(world: World, row: Row) -> None:
    assert world.ask("owner", row, csrf=False).status_code == 400


@pytest.mark.parametrize("row", [row for row in TABLE if not row.rule.startswith("/api/")], ids=str)
def test_a_token_is_nobody_on_a_page_even_with_all_scopes_and_the_forms_token(world: World, row: Row) -> None:
    """A form knows no scopes: one taken from a token would make a log-in of it."""
    bearer = program(world.app, world.ids["owner_id"], *SCOPES).environ_base["HTTP_AUTHORIZATION"]
    world.roles["token"] = token = browser(world.app)
    token.environ_base["HTTP_AUTHORIZATION"] = bearer
    theirs, ours = world.ask("anonymous", row), world.ask("token", row)
    to_log_in = (theirs.location or "").startswith("/login?")
    assert ours.status_code == (401 if to_log_in else theirs.status_code)
    assert "Owner" not in ours.text


def test_no_answer_to_somebody_is_kept_by_a_cache(world: World) -> None:
    for row in TABLE:
        if row.method == "GET":
            assert world.ask("owner", row).headers["Cache-Control"] == "private, no-store", str(row)


@pytest.mark.parametrize("row", [row for row in TABLE if row.json], ids=str)
def test_no_body_sets_what_is_not_offered(world: World, row: Row) -> None:
    for extra in ("is_admin", "id", "account_id", "suspended_at", "digest"):
        body = {**(row.json or {}), extra: True}
        role = "admin" if row.expected == ADMINS_ALONE else "owner"
        answer = world.roles[role].open(world.path(row), method=row.method, json=body)
        assert answer.status_code == 422, extra
        assert extra in answer.get_json(force=True)["errors"]

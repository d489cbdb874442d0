"""Installs accounts into the app of `search_api`: actors, pages, API routes, and the delivery of people's states."""

from __future__ import annotations

import logging
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from flask import g, redirect, request, url_for
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from accounts import cookies, csrf, forms, resources
from accounts.actors import LoginRequired, current_actor, require_scope
from accounts.admin import pages as admin_pages
from accounts.admin.api import blueprint as admin
from accounts.blueprint import blueprint as pages
from accounts.claims import pages as claim_pages
from accounts.claims.api import blueprint as claims
from accounts.corrections import pages as correction_pages
from accounts.corrections.api import blueprint as corrections
from accounts.database import Database, is_damage, is_failure
from accounts.delivery.worker import Deliverer
from accounts.follows import pages as follow_pages
from accounts.follows import welcome
from accounts.follows.api import blueprint as follows
from accounts.follows.pages import atom_blueprint as my_feed
from accounts.inbox.api import blueprint as notifications
from accounts.invitations import pages as invitation_pages
from accounts.invitations.api import blueprint as invitations
from accounts.login import pages as login_pages
from accounts.mail.sender import MailSender
from accounts.me import pages as account_pages
from accounts.me.api import blueprint as me
from accounts.moderation import pages as moderation_pages
from accounts.moderation.api import blueprint as moderation
from accounts.smtp import Mailer
from accounts.tokens import pages as token_pages
from accounts.tokens.api import blueprint as tokens
from peerscope import engine
from peerscope.signing import Signer
from search_api.error_handlers import is_for_programs, respond
from search_api.http import actors
from search_api.http.errors import Problem, unavailable
from search_api.http.extensions import Extension
from search_api.http.services import KEY, Services

if TYPE_CHECKING:
    from flask import Flask, Response

    from peerscope.settings import Settings

#: Imported so that their routes are on the blueprint of pages.
PAGES = (
    admin_pages,
    claim_pages,
    correction_pages,
    follow_pages,
    welcome,
    invitation_pages,
    login_pages,
    account_pages,
    moderation_pages,
    token_pages,
)
BLUEPRINTS = (follows, my_feed, invitations, moderation, claims, corrections, notifications, admin, me, tokens, pages)
#: Seconds that OpenSearch may take for a batch of people's states; no request waits for it.
DELIVERY_TIMEOUT = 10.0
#: Seconds for which the result of a check of the database is kept: it reads all of a SQLite file.
CHECK_EVERY = 30.0
CONTROL_CHARACTERS = "The request contains control characters, which no id or text may have."

log = logging.getLogger(__name__)


class AccountsExtension(Extension):
    """Accounts as an extension of the app. Without a database or mailer, those of the settings are used."""

    security_schemes = {  # noqa: RUF012 (a constant)
        "token": {"type": "http", "scheme": "bearer"},
        "browser": {"type": "apiKey", "in": "cookie", "name": cookies.LOGIN},
    }

    def __init__(self, database: Database | None = None, mailer: Mailer | None = None) -> None:
        self._database, self._mailer = database, mailer
        self._checking, self._checked_at = threading.Lock(), float("-inf")
        self._problem: str | None = None

    def check(self, settings: Settings) -> None:
        """Raise SettingsError if the URL of the database cannot be used."""
        Database.from_settings(settings).close()

    def prepare(self, settings: Settings) -> None:
        """Bring the tables of the database up to date. With a damaged file, the service starts without accounts."""
        database = Database.from_settings(settings)
        try:
            database.migrate()
        except DatabaseError as error:
            if not is_damage(error):
                raise
            log.error("The service starts without accounts, because their database is damaged: %s", error.orig)
        finally:
            database.close()

    def install(self, app: Flask, settings: Settings) -> None:
        """Add the routes, the pages, and the checks of every request."""
        database, mailer = self._database or Database.from_settings(settings), self._mailer or Mailer(settings)
        app.extensions[resources.KEY] = resources.Resources(database, mailer, settings)
        app.session_interface = cookies.Forms()
        actors.register(app, actors.ActorProvider(current_actor, require_scope))
        app.after_request(_finish)
        csrf.install(app)
        app.jinja_env.globals.update(accounts_enabled=True, current_actor=current_actor, notices=forms.notices)
        app.jinja_env.globals.update(typed=forms.typed, typed_all=forms.typed_all, refused_here=forms.refused_here)
        app.jinja_env.globals.update(here_path=forms.here_path)
        for blueprint in BLUEPRINTS:
            app.register_blueprint(blueprint)
        app.register_error_handler(LoginRequired, _redirect_to_login)
        # PostgreSQL stores no control characters; a path or a field may bring one that no schema has checked.
        app.register_error_handler(DataError, lambda _: respond(Problem(HTTPStatus.BAD_REQUEST, CONTROL_CHARACTERS)))
        for kind in (DBAPIError, PoolTimeout):
            app.register_error_handler(kind, lambda error: respond(_unavailable(app, error)))

    def problems(self, app: Flask) -> dict[str, str]:
        """Return what is wrong with the database; it is checked at most every `CHECK_EVERY` seconds."""
        with self._checking:
            if time.monotonic() - self._checked_at > CHECK_EVERY:
                self._problem = resources.resources_of(app).database.problem()
                self._checked_at = time.monotonic()
        return {"accounts": self._problem} if self._problem else {}

    def start_worker(self, app: Flask, settings: Settings) -> None:
        """Deliver mail from a thread, and people's states to the index from another, unless another worker does."""
        services: Services = app.extensions[KEY]
        client = engine.follow(settings, timeout=DELIVERY_TIMEOUT)
        accounts, signer = resources.resources_of(app), Signer.from_settings(settings)
        Deliverer(accounts.database, client, services.names, signer, home=settings.home).start()
        MailSender(accounts.database, accounts.mailer, settings.public_url).start()


def _redirect_to_login(problem: LoginRequired) -> Response:
    """Send a browser to the log-in page, and a program the problem."""
    if is_for_programs() or "Authorization" in request.headers:
        return respond(problem)
    back = forms.here_path() if request.method == "GET" else url_for("accounts.account")
    return cast("Response", redirect(url_for("accounts.login", next=back), HTTPStatus.SEE_OTHER))


def _unavailable(app: Flask, error: DBAPIError | PoolTimeout) -> Problem:
    """Return the 503 for a database that does not answer, is locked for too long, or is damaged. Raise other errors."""
    if not is_failure(error):
        raise error
    app.logger.error("the database of accounts failed: %s", getattr(error, "orig", error))
    return unavailable("Accounts are temporarily unavailable.")


def _finish(response: Response) -> Response:
    if "actor" in g:
        # A response cached while logged out must not be reused after log-in.
        response.vary.add("Cookie")
    if g.get("renewed"):
        cookies.set_login(response, g.renewed)
    return response

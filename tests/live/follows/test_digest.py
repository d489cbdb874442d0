"""The digest: each work once to each account that wants it, whatever fails."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from accounts.follows import digest
from accounts.follows.digest import DigestEmail, due_emails, enqueue_digest
from accounts.follows.models import Follow
from accounts.login.models import Account
from accounts.mail.sender import deliver_due
from accounts.outbox import Mail
from peerscope.cli import main
from search_api.http.services import KEY, Services
from tests.live.conftest import SAMPLE
from tests.people import Mailbox, accounts_of, log_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

KORDING = "konrad-p-kording-4bafdee5"
MINE = {"term": {"researchers.id": KORDING}}


@pytest.fixture
def bob(app: Flask) -> str:
    """Return the id of an account that has followed a researcher for two hours."""
    person = log_in(app, "Bob", email="bob@example.org")
    person.put(f"/api/v1/me/follows/researcher/{KORDING}")
    with accounts_of(app).begin() as session:
        for one in session.scalars(select(Follow)):
            one.created_at -= timedelta(hours=2)
    return person.account_id


def due(app: Flask) -> list[DigestEmail]:
    services: Services = app.extensions[KEY]
    with app.test_request_context("/", base_url="https://peerscope.example"):
        return list(due_emails(services))


def ago(minutes: int) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


@pytest.mark.usefixtures("bob")
def test_a_digest_says_what_is_new_and_why_and_comes_once(app: Flask, arrive: Callable[..., list[str]]) -> None:
    assert due(app) == []
    ids = arrive(MINE, ago(30))
    (email,) = due(app)
    assert (email.address, email.subject) == ("bob@example.org", f"{len(ids)} new works in what you follow")
    named = [id_ for id_ in ids if f"\nhttps://peerscope.example/works/{id_}\n" in email.text]
    assert len(named) == min(len(ids), 20)
    assert "Because you follow Konrad P. Kording" in email.text
    mailbox = Mailbox()
    assert enqueue_digest(accounts_of(app), email)
    assert not enqueue_digest(accounts_of(app), email)
    assert deliver_due(accounts_of(app), mailbox).sent == 1
    assert mailbox.sent == [(email.address, email.subject, email.text)]
    assert due(app) == []


@pytest.mark.usefixtures("bob")
def test_what_comes_in_after_a_digest_is_in_the_next_one_alone(app: Flask, arrive: Callable[..., list[str]]) -> None:
    arrive(MINE, ago(30))
    (first,) = due(app)
    enqueue_digest(accounts_of(app), first)
    (later, *_) = arrive({"bool": {"filter": [MINE, {"term": {"topics.id": "q-bio.NC"}}]}}, ago(20))[:1]
    (second,) = due(app)
    assert later in second.text
    assert second.after == first.until


@pytest.mark.usefixtures("bob")
def test_what_came_in_this_minute_waits_and_is_not_lost(
    app: Flask, arrive: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(MINE)
    assert due(app) == []
    monkeypatch.setattr(digest, "MARGIN", timedelta())
    assert len(due(app)) == 1


@pytest.mark.parametrize("failure", [OSError("the mail server is away"), KeyboardInterrupt()])
@pytest.mark.usefixtures("bob")
def test_a_digest_that_cannot_be_sent_is_sent_later(
    app: Flask, arrive: Callable[..., list[str]], failure: BaseException
) -> None:
    """A KeyboardInterrupt is no Exception: nothing is put back, as when the process is gone."""

    class Broken(Mailbox):
        def send(self, *_: str) -> None:
            raise failure

    arrive(MINE, ago(30))
    (email,) = due(app)
    enqueue_digest(accounts_of(app), email)
    with suppress(KeyboardInterrupt):
        assert deliver_due(accounts_of(app), Broken()).failed == 1
    assert due(app) == []
    with accounts_of(app).begin() as session:
        session.execute(update(Mail).values(due_at=ago(1)))
    mailbox = Mailbox()
    assert deliver_due(accounts_of(app), mailbox).sent == 1
    assert mailbox.sent == [(email.address, email.subject, email.text)]


@pytest.mark.parametrize(
    "change", [{"wants_digest": False}, {"email": None}, {"suspended_at": datetime(2024, 1, 1, tzinfo=UTC)}]
)
def test_who_does_not_want_it_or_cannot_get_it_gets_none(
    app: Flask, bob: str, arrive: Callable[..., list[str]], change: dict[str, Any]
) -> None:
    arrive(MINE, ago(30))
    with accounts_of(app).begin() as session:
        for name, value in change.items():
            setattr(session.get_one(Account, bob), name, value)
    assert due(app) == []


@pytest.mark.usefixtures("bob")
def test_a_long_digest_names_twenty_works_and_counts_the_rest(app: Flask, arrive: Callable[..., list[str]]) -> None:
    log_in(app, "Eve", email="eve@example.org").put("/api/v1/me/follows/topic/cs.LG")
    with accounts_of(app).begin() as session:
        for one in session.scalars(select(Follow)):
            one.created_at -= timedelta(hours=2)
    count = len(arrive({"term": {"topics.id": "cs.LG"}}, ago(30)))
    (email,) = [one for one in due(app) if one.address == "eve@example.org"]
    assert f"And {count - 20} more." in email.text
    assert email.text.count("Because you follow Machine Learning") == 20


@pytest.mark.usefixtures("bob")
def test_the_command_prints_mails_when_dry_and_says_how_many_it_sent(
    app: Flask, arrive: Callable[..., list[str]], opensearch_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert opensearch_url
    arrive(MINE, ago(30))
    monkeypatch.setenv("PEERSCOPE_INDEX_PREFIX", SAMPLE.prefix)
    monkeypatch.setenv("PEERSCOPE_DATABASE_URL", accounts_of(app).url.render_as_string(hide_password=False))
    monkeypatch.setenv("PEERSCOPE_PUBLIC_URL", "https://peerscope.example")

    def run(*words: str) -> str:
        result = CliRunner().invoke(main, ["digest", *words])
        assert result.exit_code == 0, result.output
        return result.output

    for _ in range(2):
        dry = run("--dry-run")
        assert "--- bob@example.org: " in dry
        assert "https://peerscope.example/feed" in dry
        assert "1 would be sent." in dry
    assert "1 sent." in run()
    assert "0 sent." in run()

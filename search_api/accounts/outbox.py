"""What the index has to learn of people, noted in the very transaction that changes it: nothing is lost by a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_api.accounts.models import Outbox

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def touch(session: Session, researcher_id: str) -> None:
    """Note that this researcher's state has to be brought to the index, whatever it is by then."""
    session.add(Outbox(researcher_id=researcher_id))

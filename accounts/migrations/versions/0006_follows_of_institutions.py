"""Institutions can be followed."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KINDS = "kind IN ('researcher', 'topic', 'institution', 'search')"


def upgrade() -> None:
    """Apply this migration."""
    with op.batch_alter_table("follow") as batch:
        batch.drop_constraint(op.f("ck_follow_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_follow_kind"), KINDS)

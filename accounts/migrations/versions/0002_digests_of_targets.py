"""Follows are unique by a digest of their target: a long search is too large for an index of PostgreSQL."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FOLLOW = sa.table("follow", sa.column("id", sa.Text), sa.column("target", sa.Text), sa.column("target_digest", sa.Text))


def upgrade() -> None:
    """Apply this migration."""
    op.add_column("follow", sa.Column("target_digest", sa.Text(), nullable=True))
    connection = op.get_bind()
    for id_, target in connection.execute(sa.select(FOLLOW.c.id, FOLLOW.c.target)).all():
        digest = hashlib.sha256(target.encode("utf-8", "surrogatepass")).hexdigest()
        connection.execute(sa.update(FOLLOW).where(FOLLOW.c.id == id_).values(target_digest=digest))
    op.drop_index("ix_follow_account_id_kind_target", "follow")
    op.drop_index("ix_follow_kind_target", "follow")
    with op.batch_alter_table("follow") as batch:
        batch.alter_column("target_digest", existing_type=sa.Text(), nullable=False)
    unique = ["account_id", "kind", "target_digest"]
    op.create_index("ix_follow_account_id_kind_target_digest", "follow", unique, unique=True)
    where = sa.text("kind = 'researcher'")
    op.create_index("ix_follow_researcher", "follow", ["target"], sqlite_where=where, postgresql_where=where)

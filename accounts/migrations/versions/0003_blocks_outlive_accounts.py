"""A block outlives the account that is blocked, and holds for a later one that owns the same profile."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OLD = sa.table(
    "block",
    sa.column("account_id", sa.Text),
    sa.column("blocked_id", sa.Text),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
CLAIM = sa.table("claim", sa.column("account_id"), sa.column("researcher_id"), sa.column("status"))


def upgrade() -> None:
    """Apply this migration."""
    connection = op.get_bind()
    owned = sa.select(CLAIM.c.account_id, CLAIM.c.researcher_id).where(CLAIM.c.status == "verified")
    profiles = {row.account_id: row.researcher_id for row in connection.execute(owned)}
    rows = [row._asdict() for row in connection.execute(sa.select(OLD))]
    op.drop_table("block")
    new = op.create_table(
        "block",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("blocked_id", sa.Text(), nullable=True),
        sa.Column("blocked_researcher_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_block_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["blocked_id"], ["account.id"], name=op.f("fk_block_blocked_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block")),
    )
    op.create_index("ix_block_account_id_blocked_id", "block", ["account_id", "blocked_id"], unique=True)
    op.create_index("ix_block_blocked_id", "block", ["blocked_id"])
    more = [{"id": uuid4().hex, "blocked_researcher_id": profiles.get(row["blocked_id"])} for row in rows]
    if rows:
        connection.execute(sa.insert(new), [{**row, **other} for row, other in zip(rows, more, strict=True)])

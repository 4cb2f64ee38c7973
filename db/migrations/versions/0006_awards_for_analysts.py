"""What analysts ask of awards: their areas, series and twins, what registers say of suppliers; derived data"""

import sqlalchemy as sa
from alembic import op

from db.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "derived",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "award_area",
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("area", "award_id"),
    )
    op.create_index("ix_award_area_award_id", "award_area", ["award_id"], unique=False)
    # Columns are added one by one: rebuilding a table would be an hour's work on a large SQLite file.
    for name in ("folded", "prefecture", "city", "name_en"):
        op.add_column("supplier", sa.Column(name, sa.String(), nullable=True))
    op.add_column("supplier", sa.Column("company_id", sa.Uuid(), nullable=True))
    op.add_column("supplier", sa.Column("abroad", sa.Boolean(), nullable=True))
    op.add_column("supplier", sa.Column("looked_up_at", UtcDateTime(), nullable=True))
    for name in ("address", "series", "read_as"):
        op.add_column("award", sa.Column(name, sa.String(), nullable=True))
    for name in ("notice_id", "same_as"):
        op.add_column("award", sa.Column(name, sa.Uuid(), nullable=True))
    op.add_column("award", sa.Column("planned", sa.BigInteger(), nullable=True))
    op.add_column("tender", sa.Column("series", sa.String(), nullable=True))
    for table, column in (("supplier", "folded"), ("award", "series"), ("tender", "series")):
        op.create_index(f"ix_{table}_{column}", table, [column], unique=False)
    for table, column in (("supplier", "company_id"), ("award", "notice_id"), ("award", "same_as")):
        known = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_{table}_{column}", table, [column], sqlite_where=known, postgresql_where=known)

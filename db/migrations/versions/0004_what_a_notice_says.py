"""What is read out of notices (dates, money, access, English), and what makes several of them one tender"""

import sqlalchemy as sa
from alembic import op

from db.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_key",
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scheme", "value", "notice_id"),
    )
    op.create_table(
        "merge_decision",
        sa.Column("first", sa.Uuid(), nullable=False),
        sa.Column("second", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["first"], ["notice.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["second"], ["notice.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("first", "second"),
    )
    op.create_table(
        "translation",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("english", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    for name, column in (("notice_key", "notice_id"), ("merge_decision", "second"), ("translation", "at")):
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{name}_{column}"), [column], unique=False)
    # Columns are added one by one: rebuilding the table would be an hour's work on a large SQLite file.
    op.add_column("notice", sa.Column("link", sa.Text(), nullable=True))
    op.add_column("award", sa.Column("tender_id", sa.Uuid(), nullable=True))
    op.create_index("ix_award_tender_id", "award", ["tender_id"], unique=False)
    # Where tenders become one their matches go along.
    op.create_index("ix_match_tender_id", "match", ["tender_id"], unique=False)
    for name in ("title_en_origin", "method_en", "qualification"):
        op.add_column("tender", sa.Column(name, sa.String(), nullable=True))
    for name in ("deadline_clock", "response_clock"):
        op.add_column("tender", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true()))
    for name in ("dates", "money", "requirements", "said"):
        op.add_column("tender", sa.Column(name, sa.Text(), nullable=False, server_default="[]"))
    op.add_column("tender", sa.Column("access", sa.Text(), nullable=False, server_default="{}"))
    for name in ("access_gpa", "access_epa"):
        op.add_column("tender", sa.Column(name, sa.String(), nullable=False, server_default="unknown"))
    op.add_column("tender", sa.Column("value", sa.BigInteger(), nullable=True))
    op.add_column("tender", sa.Column("awarded", sa.Date(), nullable=True))
    op.execute("UPDATE tender SET title_en_origin = 'official' WHERE title_en IS NOT NULL")

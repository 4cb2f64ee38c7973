"""Choices of subscribers, letters of several kinds, reminders, webhooks, and who is never written to"""

import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op

from db.types import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _subscribers()
    _searches()
    _letters()
    _webhooks()
    op.create_table(
        "sign_up",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sign_up_at", "sign_up", ["at"], unique=False)
    op.create_table(
        "suppression",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("address"),
    )
    _feeds()


def _subscribers() -> None:
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("state", sa.String(), nullable=False, server_default="active"),
        sa.Column("time_zone", sa.String(), nullable=False, server_default="Asia/Tokyo"),
        sa.Column("digest_at", sa.Time(), nullable=False, server_default="08:00:00.000000"),
        sa.Column("weekday", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("alerts", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("reminders", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column("consent", sa.String(), nullable=False, server_default=""),
        sa.Column("consent_at", UtcDateTime(), nullable=True),
    )
    for column in columns:
        op.add_column("subscriber", column)
    op.execute(sa.text("UPDATE subscriber SET state = 'unsubscribed' WHERE NOT active"))
    op.execute(sa.text("UPDATE subscriber SET consent = 'operator', consent_at = created_at"))
    op.drop_column("subscriber", "active")
    op.create_index("ix_subscriber_address", "subscriber", [sa.text("lower(email)")], unique=False)


def _searches() -> None:
    op.add_column("saved_search", sa.Column("frequency", sa.String(), nullable=False, server_default="daily"))
    op.add_column("saved_search", sa.Column("feed_token", sa.String(), nullable=False, server_default=""))
    op.add_column("saved_search", sa.Column("confirmed_at", UtcDateTime(), nullable=True))
    search = sa.table("saved_search", sa.column("id"), sa.column("feed_token"))
    connection = op.get_bind()
    for (id,) in connection.execute(sa.select(search.c.id)).all():
        connection.execute(search.update().where(search.c.id == id).values(feed_token=secrets.token_urlsafe(16)))
    op.execute(sa.text("UPDATE saved_search SET confirmed_at = created_at"))
    op.create_index("ix_saved_search_feed_token", "saved_search", ["feed_token"], unique=True)


def _letters() -> None:
    for name in ("at_once", "waiting"):
        op.add_column("match", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(sa.text("UPDATE match SET waiting = digest_id IS NULL"))
    op.create_index(
        "ix_match_waiting",
        "match",
        ["saved_search_id", "matched_at"],
        unique=False,
        sqlite_where=sa.text("waiting"),
        postgresql_where=sa.text("waiting"),
    )
    # The kind of a letter belongs to its unique key, which SQLite can only change by making the table anew; and a
    # table that is dropped there takes along what points to it.
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        op.execute(sa.text("CREATE TEMP TABLE kept_digest AS SELECT * FROM digest"))
        op.execute(sa.text("CREATE TEMP TABLE kept_delivery AS SELECT * FROM delivery"))
        op.execute(
            sa.text(
                "CREATE TEMP TABLE kept_match AS SELECT saved_search_id, tender_id, sequence, digest_id FROM match "
                "WHERE digest_id IS NOT NULL"
            )
        )
        op.drop_table("digest")
        op.create_table(
            "digest",
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("subscriber_id", sa.Uuid(), nullable=False),
            sa.Column("kind", sa.String(), nullable=False, server_default="digest"),
            sa.Column("window_start", UtcDateTime(), nullable=False),
            sa.Column("window_end", UtcDateTime(), nullable=False),
            sa.Column("message_id", sa.String(), nullable=False),
            sa.Column("state", sa.String(), nullable=False),
            sa.Column("due_at", UtcDateTime(), nullable=False),
            sa.Column("backlog", sa.Boolean(), nullable=False),
            sa.Column("unread", sa.Text(), nullable=False, server_default="[]"),
            sa.Column("saved_search_id", sa.Uuid(), nullable=True),
            sa.Column("note", sa.Text(), nullable=True),
            sa.Column("bounce", sa.String(), nullable=True),
            sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], ondelete="CASCADE"),
            sa.ForeignKeyConstraint(["saved_search_id"], ["saved_search.id"], ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("id"),
            sa.UniqueConstraint("subscriber_id", "kind", "window_end"),
        )
        same = "id, subscriber_id, window_start, window_end, message_id, state, due_at, backlog"
        op.execute(sa.text(f"INSERT INTO digest ({same}) SELECT {same} FROM kept_digest"))
        op.execute(sa.text("INSERT INTO delivery SELECT * FROM kept_delivery"))
        op.execute(
            sa.text(
                "UPDATE match SET digest_id = kept_match.digest_id FROM kept_match "
                "WHERE match.saved_search_id = kept_match.saved_search_id "
                "AND match.tender_id = kept_match.tender_id AND match.sequence = kept_match.sequence"
            )
        )
        for kept in ("digest", "delivery", "match"):
            op.execute(sa.text(f"DROP TABLE kept_{kept}"))
        op.create_index("ix_digest_due", "digest", ["state", "due_at"], unique=False)
    else:
        op.add_column("digest", sa.Column("kind", sa.String(), nullable=False, server_default="digest"))
        op.add_column("digest", sa.Column("unread", sa.Text(), nullable=False, server_default="[]"))
        op.add_column("digest", sa.Column("saved_search_id", sa.Uuid(), nullable=True))
        op.add_column("digest", sa.Column("note", sa.Text(), nullable=True))
        op.add_column("digest", sa.Column("bounce", sa.String(), nullable=True))
        op.create_foreign_key(None, "digest", "saved_search", ["saved_search_id"], ["id"], ondelete="CASCADE")
        op.drop_constraint("digest_subscriber_id_window_end_key", "digest", type_="unique")
        op.create_unique_constraint(None, "digest", ["subscriber_id", "kind", "window_end"])
    op.create_index("ix_digest_saved_search_id", "digest", ["saved_search_id"], unique=False)
    op.create_table(
        "reminder",
        sa.Column("subscriber_id", sa.Uuid(), nullable=False),
        sa.Column("tender_id", sa.Uuid(), nullable=False),
        sa.Column("deadline", UtcDateTime(), nullable=False),
        sa.Column("digest_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscriber_id", "tender_id", "deadline"),
    )
    op.create_index("ix_reminder_tender_id", "reminder", ["tender_id"], unique=False)
    op.create_index("ix_reminder_digest_id", "reminder", ["digest_id"], unique=False)


def _webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("saved_search_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["saved_search_id"], ["saved_search.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_saved_search_id", "webhook", ["saved_search_id"], unique=False)
    op.create_table(
        "webhook_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("tender_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("webhook_id", "tender_id", "sequence"),
    )
    op.create_index("ix_webhook_call_tender_id", "webhook_call", ["tender_id"], unique=False)
    op.create_index("ix_webhook_call_due", "webhook_call", ["state", "due_at"], unique=False)


def _feeds() -> None:
    op.create_index("ix_tender_deadline", "tender", ["deadline"], unique=False)
    op.create_index("ix_tender_buyer", "tender", [sa.text("substr(buyer, 1, 200)")], unique=False)
    op.create_index(
        "ix_tender_event_news",
        "tender_event",
        ["at", "tender_id", "sequence"],
        unique=False,
        sqlite_where=sa.text("alerts = 1"),
        postgresql_where=sa.text("alerts"),
    )

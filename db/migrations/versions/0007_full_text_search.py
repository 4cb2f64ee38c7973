"""The index of full-text search; what is there already is put into it when the upgrade derives it"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("document", "digest"):
        op.add_column("tender", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_index("ix_tender_document", "tender", ["document"], unique=True)
    if op.get_bind().dialect.name == "sqlite":
        # The tokens come cut and folded: of ASCII only small letters and digits, which this tokeniser leaves alone.
        op.execute(
            "CREATE VIRTUAL TABLE search USING fts5"
            "(words, content = '', columnsize = 0, detail = none, tokenize = 'ascii')"
        )
        # Written once for a transaction of hundreds of texts, not a dozen times.
        op.execute("INSERT INTO search (search, rank) VALUES ('hashsize', 16777216)")
        op.execute("CREATE TABLE search_day (day INTEGER PRIMARY KEY, last INTEGER NOT NULL)")
    else:
        op.execute("CREATE TABLE search (number BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
        # Its index is made when what is there has been put into it.
        op.execute("CREATE SEQUENCE search_number")

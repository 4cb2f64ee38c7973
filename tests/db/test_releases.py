"""Which tenders have more to tell than before."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from db import releases
from db.award import Award
from db.bulk import table
from db.engine import Database
from db.notice import Notice
from tests.db import small_record


def test_tenders_come_in_the_order_in_which_their_histories_grew_whatever_a_page_holds(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_record.fill(database)
    with database.reading() as session:
        rows = [
            row
            for model in (Notice, Award)
            for row in session.connection().execute(select(table(model).c.tender_id, table(model).c.changed_at))
        ]
        last: dict[UUID, datetime] = {}
        for id, at in rows:
            if id is not None:
                last[id] = max(at, last.get(id, at))
        for since in (small_record.NOW - timedelta(days=days) for days in (10, 30, 1_000)):
            expected = sorted((at, id.hex) for id, at in last.items() if at >= since)
            assert expected
            for page in (3, 50_000):
                monkeypatch.setattr(releases, "PAGE", page)
                assert [id.hex for id in releases.told_since(session, since)] == [id for _, id in expected]

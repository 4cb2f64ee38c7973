"""The schema: from nothing to this version on both databases, and the same as the models."""

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select
from sqlmodel import Session

from db import deliveries, migrations, opening, subscribers
from db.bulk import table
from db.card import card
from db.engine import Database
from db.errors import RecordError
from db.history import Delivery, Digest, Match, SourceLease
from db.migrate import head, ready, upgrade
from db.models import metadata
from db.subscriber import SavedSearch, Subscriber
from db.tender import Tender, TenderArea
from db.types import UtcDateTime
from db.vocabulary.delivery import LetterKind
from db.vocabulary.reading import NO_VERDICT


def tables(database: Database) -> set[str]:
    """The tables of models; the index of full-text search is none: each engine has its own (``db.documents``)."""
    return {name for name in inspect(database.engine).get_table_names() if not OF_THE_INDEX.match(name)}


OF_THE_INDEX = re.compile(r"(ix_)?search(_|$)")


def is_of_a_model(_object: object, name: str | None, *_more: object) -> bool:
    return not OF_THE_INDEX.match(name or "")


# An index of the beginning of a text: SQLite has it, and SQLAlchemy cannot read it back from there.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_an_empty_database_gets_the_schema_of_the_models(empty_database: Database) -> None:
    upgrade(empty_database)
    with empty_database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": is_of_a_model})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == head()


COLUMNS_OF_0001 = (
    "id",
    "title",
    "title_en",
    "kind",
    "published",
    "sources",
    "sequence",
    "first_seen_at",
    "updated_at",
)


@pytest.mark.parametrize("version", ["0001", "0002", "0003"])
def test_a_record_of_a_version_before_is_brought_up_to_date_with_all_it_holds(
    empty_database: Database, version: str
) -> None:
    tender, lease = table(Tender), table(SourceLease)
    id, now = UUID(int=7), datetime(2026, 6, 1, tzinfo=UTC)

    def as_before(session: Session) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = session.connection()
        command.upgrade(config, version)
        session.connection().execute(
            lease.insert().values(source="kkj", owner="elsewhere:1", run_id=UUID(int=1), until=now)
        )
        # By the columns that there were: those of today have values of their own.
        old = sa.table("tender", *(sa.column(name, tender.c[name].type) for name in COLUMNS_OF_0001))
        session.connection().execute(
            old.insert().values(
                id=id,
                title="水素ステーション整備工事",
                title_en="Hydrogen station",
                kind="tender",
                published=date(2026, 6, 1),
                sources=(),
                sequence=1,
                first_seen_at=now,
                updated_at=now,
            )
        )
        session.connection().execute(
            table(TenderArea).insert().values(area="mobility", tender_id=id, score=1.0, evidence=())
        )

    empty_database.write(as_before)
    assert "translation" not in tables(empty_database)
    upgrade(empty_database)
    assert tables(empty_database) == {*metadata.tables, "alembic_version"}
    with empty_database.reading() as session:
        assert session.connection().execute(select(lease.c.source)).scalars().all() == ["kkj"]
        kept = card(session, id)
    assert kept is not None
    assert [found.area for found in kept.areas] == ["mobility"]
    assert (kept.title, kept.venues, kept.cpv) == ("水素ステーション整備工事", (), ())
    assert (kept.title_en_origin, kept.dates, kept.access, kept.value) == ("official", (), NO_VERDICT, None)


SUBSCRIBER, GONE, SEARCH, DIGEST, OTHER = (UUID(int=number) for number in range(20, 25))
EIGHT = datetime(2026, 6, 1, 23, tzinfo=UTC)
DAY = timedelta(days=1)


def rows_of_0004() -> list[tuple[sa.TableClause, list[dict[str, Any]]]]:
    """Subscribers, searches, letters, attempts and matches, in the columns that there were."""
    moment = UtcDateTime()
    subscriber = sa.table(
        "subscriber",
        *(sa.column(name) for name in ("email", "language", "token", "active")),
        sa.column("id", sa.Uuid()),
        sa.column("created_at", moment),
        sa.column("unsubscribed_at", moment),
    )
    search = sa.table(
        "saved_search",
        *(sa.column(name) for name in ("name", "query")),
        sa.column("id", sa.Uuid()),
        sa.column("subscriber_id", sa.Uuid()),
        sa.column("created_at", moment),
    )
    digest = sa.table(
        "digest",
        *(sa.column(name) for name in ("message_id", "state", "backlog")),
        *(sa.column(name, sa.Uuid()) for name in ("id", "subscriber_id")),
        *(sa.column(name, moment) for name in ("window_start", "window_end", "due_at")),
    )
    delivery = sa.table(
        "delivery",
        *(sa.column(name) for name in ("number", "state", "error")),
        sa.column("digest_id", sa.Uuid()),
        *(sa.column(name, moment) for name in ("started_at", "finished_at")),
    )
    match = sa.table(
        "match",
        *(sa.column(name) for name in ("sequence", "why")),
        *(sa.column(name, sa.Uuid()) for name in ("saved_search_id", "tender_id", "digest_id")),
        sa.column("matched_at", moment),
    )
    people = [
        (SUBSCRIBER, "anna@example.org", "secret", True, None),
        (GONE, "bert@example.org", "other", False, EIGHT),
    ]
    letters = [(DIGEST, "sent", True, EIGHT), (OTHER, "unknown", False, EIGHT + DAY)]
    return [
        (
            subscriber,
            [
                {
                    "id": id,
                    "email": email,
                    "language": "ja",
                    "token": token,
                    "active": active,
                    "created_at": EIGHT - DAY,
                    "unsubscribed_at": gone,
                }
                for id, email, token, active, gone in people
            ],
        ),
        (
            search,
            [{"id": SEARCH, "subscriber_id": SUBSCRIBER, "name": "水", "query": "水素", "created_at": EIGHT - DAY}],
        ),
        (
            digest,
            [
                {
                    "id": id,
                    "subscriber_id": SUBSCRIBER,
                    "window_start": end - DAY,
                    "window_end": end,
                    "message_id": f"<{id}@example.org>",
                    "state": state,
                    "due_at": end,
                    "backlog": backlog,
                }
                for id, state, backlog, end in letters
            ],
        ),
        (
            delivery,
            [
                {
                    "digest_id": id,
                    "number": 1,
                    "started_at": end,
                    "finished_at": end,
                    "state": state,
                    "error": None if state == "sent" else "the line broke",
                }
                for id, state, _, end in letters
            ],
        ),
        (
            match,
            [
                {
                    "saved_search_id": SEARCH,
                    "tender_id": UUID(int=7),
                    "sequence": sequence,
                    "matched_at": EIGHT - DAY,
                    "why": '["水素"]',
                    "digest_id": letter,
                }
                for sequence, letter in enumerate((DIGEST, OTHER, None), 1)
            ],
        ),
    ]


def test_what_people_subscribed_to_and_were_told_comes_through_the_change_of_letters_unharmed(
    empty_database: Database,
) -> None:
    def as_before(session: Session) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "0004")
        for old, rows in rows_of_0004():
            session.connection().execute(old.insert(), rows)

    empty_database.write(as_before)
    upgrade(empty_database)
    with empty_database.reading() as session:
        anna, bert = session.get_one(Subscriber, SUBSCRIBER), session.get_one(Subscriber, GONE)
        assert (anna.email, anna.language, anna.token, anna.state) == ("anna@example.org", "ja", "secret", "active")
        assert (anna.time_zone, anna.digest_at, anna.weekday) == ("Asia/Tokyo", time(8), 0)
        assert (anna.alerts, anna.reminders, anna.paused_until) == (True, True, None)
        assert (anna.consent, anna.consent_at) == ("operator", EIGHT - DAY)
        assert (bert.state, bert.unsubscribed_at) == ("unsubscribed", EIGHT)
        (search,) = subscribers.searches_of(session, SUBSCRIBER)
        assert (search.id, search.name, search.query, search.frequency) == (SEARCH, "水", "水素", "daily")
        assert search.confirmed_at == search.created_at == EIGHT - DAY
        assert len(search.feed_token) == 22
        sent, unknown = session.get_one(Digest, DIGEST), session.get_one(Digest, OTHER)
        assert (sent.kind, sent.state, sent.backlog, sent.window_start) == ("digest", "sent", True, EIGHT - DAY)
        assert (unknown.state, unknown.window_end, unknown.due_at) == ("unknown", EIGHT + DAY, EIGHT + DAY)
        assert (sent.unread, sent.note, sent.bounce, sent.saved_search_id) == ((), None, None, None)
        assert sent.message_id == f"<{DIGEST}@example.org>"
        assert session.get_one(Delivery, (DIGEST, 1)).finished_at == EIGHT
        assert session.get_one(Delivery, (OTHER, 1)).error == "the line broke"
        told = [session.get_one(Match, (SEARCH, UUID(int=7), sequence)) for sequence in (1, 2, 3)]
        assert [(one.digest_id, one.waiting) for one in told] == [(DIGEST, False), (OTHER, False), (None, True)]
        assert [(one.at_once, one.why, one.matched_at) for one in told] == [(False, ("水素",), EIGHT - DAY)] * 3
        assert deliveries.due(session, now=EIGHT + 2 * DAY) == [OTHER]

    def go_on(session: Session) -> None:
        """The new keys hold, and what belongs together goes together."""
        deliveries.add_letter(session, SUBSCRIBER, LetterKind.ALERT, now=EIGHT, domain="example.org")
        (new,) = opening.open_digests(session, now=EIGHT + 2 * DAY, domain="example.org")
        assert (new.subscriber_id, new.backlog) == (SUBSCRIBER, True)
        assert subscribers.forget(session, "anna@example.org")

    empty_database.write(go_on)
    with empty_database.reading() as session:
        for model in (SavedSearch, Match, Digest, Delivery):
            assert session.connection().execute(select(table(model))).all() == []
    empty_database.check()


def test_upgrading_twice_is_harmless(empty_database: Database) -> None:
    upgrade(empty_database)
    before = tables(empty_database)
    upgrade(empty_database)
    assert tables(empty_database) == before


def test_the_embedded_database_is_made_ready_without_being_asked(
    tmp_path: Path, opened: Callable[[str], Database]
) -> None:
    database = opened(f"sqlite:///{tmp_path}/monitor.db")
    ready(database)
    assert "tender" in tables(database)


def test_a_server_is_upgraded_only_when_its_operator_says_so(
    request: pytest.FixtureRequest, opened: Callable[[str], Database]
) -> None:
    server = request.getfixturevalue("postgresql")
    database = opened(server.url(server.create()))
    with pytest.raises(RecordError, match="run: monitor db upgrade"):
        ready(database)
    assert tables(database) == set()
    upgrade(database)
    ready(database)


def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(RecordError, match=r"written by a newer version of the monitor \(schema 9999\)"):
        ready(database)


def test_processes_that_find_the_same_empty_database_do_no_harm(
    empty_url: str, opened: Callable[[str], Database]
) -> None:
    program = (
        "import sys; from db.engine import Database; from db.migrate import upgrade\n"
        "database = Database(sys.argv[1]); print('ready', flush=True); sys.stdin.readline(); upgrade(database)"
    )
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", program, empty_url],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    cwd=Path(__file__).parents[2],
                )
            )
            for _ in range(3)
        ]
        started = [process.stdout.readline() for process in processes if process.stdout]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        ended = [(process.communicate(timeout=60)[0], process.returncode) for process in processes]
    assert (started, ended) == (["ready\n"] * 3, [("", 0)] * 3)
    ready(opened(empty_url))
    assert tables(opened(empty_url)) == {*metadata.tables, "alembic_version"}

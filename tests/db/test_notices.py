"""Recording what was scraped: new, changed field by field, or the same; and finding it again."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlmodel import Session

from db import notices
from db.bulk import table
from db.engine import Database
from db.notice import Notice, NoticeReading, NoticeVersion
from db.notices import Outcome, Recorded, written
from db.vocabulary.notice import Attachment, Category, FieldChange, NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.reading import AreaScore, Evidence, Place, Reading

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
TOKYO = timezone(timedelta(hours=9))
RUN = UUID(int=7)
HYDROGEN = Reading((AreaScore("decarbonization", 1.5, (Evidence("水素", "hydrogen", Place.TITLE, 1.5),)),))


def notice(key: str = "1", **more: Any) -> ScrapedNotice:
    given: dict[str, Any] = {
        "source": "kkj",
        "key": key,
        "title": "水素ステーション整備工事",
        "kind": NoticeKind.TENDER,
        "published": date(2026, 4, 1),
        "url": f"https://example.jp/{key}",
    }
    return ScrapedNotice(**(given | more))


def record(database: Database, *found: ScrapedNotice, now: datetime = NOW) -> list[Recorded]:
    return database.write(lambda session: notices.record(session, found, run_id=RUN, now=now))


def rows(database: Database, model: Any) -> Sequence[Any]:
    with database.reading() as session:
        return session.connection().execute(select(table(model)).order_by(*table(model).primary_key)).all()


def texts(database: Database, *ids: UUID) -> list[str]:
    with database.reading() as session:
        found = notices.contents(session, ids)
        return [found[id].text if id in found else "" for id in ids]


def test_a_notice_seen_for_the_first_time_is_new_and_a_tender_of_its_own(database: Database) -> None:
    (one,) = record(database, notice())
    assert one == Recorded(notice_id("kkj", "1"), notice_id("kkj", "1"), 1, Outcome.NEW, notice(), NOW)
    (row,) = rows(database, Notice)
    assert (row.version, row.published, row.first_seen_at, row.changed_at) == (1, date(2026, 4, 1), NOW, NOW)


def test_recording_the_same_again_changes_nothing(database: Database) -> None:
    record(database, notice("1"), notice("2"))
    before = rows(database, Notice), rows(database, NoticeVersion)
    again = record(database, notice("1"), notice("2"), now=LATER)
    assert [one.outcome for one in again] == [Outcome.SAME, Outcome.SAME]
    assert (rows(database, Notice), rows(database, NoticeVersion)) == before


def test_a_change_says_which_fields_moved_from_what_to_what(database: Database) -> None:
    first = notice(buyer="経済産業省", deadline=datetime(2026, 4, 20, 17, 0, tzinfo=TOKYO))
    record(database, first)
    second = replace(
        first,
        deadline=datetime(2026, 4, 27, 12, 0, tzinfo=TOKYO),
        category=Category.WORKS,
        published=date(2026, 4, 2),
        buyer=None,
        text="変更あり",
        attachments=(Attachment("仕様書", "https://example.jp/a.pdf"),),
        text_cut=True,
    )
    (one,) = record(database, second, now=LATER)
    assert (one.outcome, one.version) == (Outcome.CHANGED, 2)
    assert one.changes == (
        FieldChange("published", "2026-04-01", "2026-04-02"),
        FieldChange("buyer", "経済産業省", None),
        FieldChange("category", None, "works"),
        FieldChange("deadline", "2026-04-20T17:00:00+09:00", "2026-04-27T12:00:00+09:00"),
        FieldChange("attachments", "[]", '[{"name":"仕様書","url":"https://example.jp/a.pdf"}]'),
        FieldChange("text", None, "変更あり"),
        FieldChange("text_cut", "false", "true"),
    )
    (row,) = rows(database, Notice)
    assert (row.version, row.published, row.first_seen_at, row.changed_at) == (2, date(2026, 4, 2), NOW, LATER)


def test_versions_keep_the_history_of_a_notice(database: Database) -> None:
    for number, title in enumerate(["水素", "水素（訂正）", "水素"]):
        record(database, notice(title=title), now=NOW + timedelta(days=number))
    assert [
        (row.number, row.recorded_at, row.run_id, row.content.title) for row in rows(database, NoticeVersion)
    ] == [
        (1, NOW, RUN, "水素"),
        (2, NOW + timedelta(days=1), RUN, "水素（訂正）"),
        (3, NOW + timedelta(days=2), RUN, "水素"),
    ]
    assert [row.changes for row in rows(database, NoticeVersion)] == [
        (),
        (FieldChange("title", "水素", "水素（訂正）"),),
        (FieldChange("title", "水素（訂正）", "水素"),),
    ]


def test_of_two_contents_with_one_key_in_a_batch_the_later_counts(database: Database) -> None:
    recorded = record(database, notice("1", title="draft"), notice("2"), notice("1", title="final"))
    assert [(one.notice.key, one.notice.title) for one in recorded] == [("1", "final"), ("2", notice().title)]
    assert [row.content.title for row in rows(database, NoticeVersion)].count("draft") == 0
    assert len(rows(database, Notice)) == 2


def test_one_key_at_two_sources_is_two_notices(database: Database) -> None:
    first, second = record(database, notice(source="kkj"), notice(source="pportal"))
    assert first.id != second.id
    assert (first.outcome, second.outcome) == (Outcome.NEW, Outcome.NEW)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"title": "水素 ステーション"}, {"title": "水素　ステーション"}),
        ({"title": "仕様書"}, {"title": "仕様書（PDF：152KB）"}),
        ({"text": "公告\n  入札は１０時"}, {"text": "公告 入札は10時"}),
        ({"title_original": "ＬＥＤ"}, {"title_original": None}),
    ],
)
def test_what_differs_only_in_spacing_width_or_size_marks_is_no_change(
    database: Database, before: dict[str, Any], after: dict[str, Any]
) -> None:
    record(database, notice(**before))
    (one,) = record(database, notice(**after), now=LATER)
    assert (one.outcome, one.version, one.changes) == (Outcome.SAME, 1, ())


def test_an_address_that_differs_in_case_is_a_change(database: Database) -> None:
    record(database, notice(url="https://example.jp/A"))
    (one,) = record(database, notice(url="https://example.jp/a"))
    assert one.changes == (FieldChange("url", "https://example.jp/A", "https://example.jp/a"),)


def test_the_same_moment_with_another_offset_is_no_change(database: Database) -> None:
    deadline = datetime(2026, 4, 20, 17, 0, tzinfo=TOKYO)
    record(database, notice(deadline=deadline))
    for _ in range(2):
        (one,) = record(database, notice(deadline=deadline.astimezone(UTC)), now=LATER)
        assert (one.outcome, one.version, one.changes) == (Outcome.SAME, 1, ())
    assert len(rows(database, NoticeVersion)) == 1


def test_fifteen_hundred_notices_are_recorded_in_one_call(database: Database) -> None:
    many = [notice(str(number), text=f"第{number}号") for number in range(1500)]
    assert {one.outcome for one in record(database, *many)} == {Outcome.NEW}
    changed = [replace(one, text=one.text + "（訂正）") if index % 2 else one for index, one in enumerate(many)]
    again = record(database, *changed, now=LATER)
    assert [one.outcome for one in again] == [Outcome.SAME, Outcome.CHANGED] * 750
    assert [one.notice.key for one in again] == [one.key for one in many]
    with database.reading() as session:
        read = list(notices.read_notices(session, [one.tender_id for one in again]))
        assert session.connection().execute(select(func.count()).select_from(table(NoticeVersion))).scalar() == 2250
    assert len(read) == 1500
    assert texts(database, again[1].id) == ["第1号（訂正）"]


@pytest.mark.parametrize(
    "text",
    ["NUL \x00 in the middle", "𠮷野家 𩸽 😀", "\ufeff\u200b", "\r\n\t\x0b", "漢" * 1_000_000],
    ids=["NUL", "astral", "invisible", "controls", "3 MB"],
)
def test_whatever_a_source_writes_is_kept_as_it_is(database: Database, text: str) -> None:
    (one,) = record(database, notice(title=text[:200], text=text))
    assert record(database, notice(title=text[:200], text=text))[0].outcome is Outcome.SAME
    assert texts(database, one.id) == [text]


def test_a_notice_that_is_not_there_has_no_text(database: Database) -> None:
    (one,) = record(database, notice(text=""))
    assert texts(database, one.id, uuid4()) == ["", ""]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("水素", "水素"),
        (NoticeKind.TENDER, "tender"),
        (date(2026, 4, 1), "2026-04-01"),
        (datetime(2026, 4, 1, 17, 0, tzinfo=TOKYO), "2026-04-01T17:00:00+09:00"),
        (datetime(2026, 4, 1, 8, 0, tzinfo=UTC), "2026-04-01T17:00:00+09:00"),
        (False, "false"),
        ((("a", "b"),), '[["a","b"]]'),
    ],
)
def test_values_are_written_out_as_the_plan_spells_them(value: object, expected: str | None) -> None:
    assert written(value) == expected


# Readings ----------------------------------------------------------------------------------------------


def store(database: Database, ids: Iterable[UUID], reading: Reading, revision: str, version: int = 1) -> None:
    found = {(id, version): reading for id in ids}
    database.write(lambda session: notices.store_readings(session, found, revision=revision, now=NOW))


def readings(database: Database, *tenders: UUID) -> list[Reading]:
    with database.reading() as session:
        return [one.reading for one in notices.read_notices(session, tenders)]


def unread(session: Session, revision: str | None, *, size: int = 2) -> list[list[UUID]]:
    """All pages of what is to be read."""
    pages: list[list[UUID]] = []
    after: UUID | None = None
    while page := notices.unread(session, revision, after=after, limit=size):
        pages.append([one.id for one in page])
        after = page[-1].id
    return pages


def test_a_notice_that_was_not_read_yet_has_an_empty_reading(database: Database) -> None:
    (one,) = record(database, notice())
    assert readings(database, one.tender_id) == [Reading()]


def test_what_was_read_out_of_a_notice_comes_back_typed(database: Database) -> None:
    (one,) = record(database, notice())
    store(database, [one.id], HYDROGEN, "r1")
    assert readings(database, one.tender_id) == [HYDROGEN]


def test_reading_again_replaces_what_an_earlier_reader_found(database: Database) -> None:
    (one,) = record(database, notice())
    store(database, [one.id], HYDROGEN, "r1")
    store(database, [one.id], Reading(), "r2")
    assert readings(database, one.tender_id) == [Reading()]
    assert [row.revision for row in rows(database, NoticeReading)] == ["r2"]


def test_a_new_version_is_read_anew_and_the_old_reading_stays_with_the_old_version(database: Database) -> None:
    (one,) = record(database, notice())
    store(database, [one.id], HYDROGEN, "r1")
    record(database, notice(title="事務用品"))
    assert readings(database, one.tender_id) == [Reading()]
    with database.reading() as session:
        assert unread(session, "r1") == [[one.id]]
    assert [(row.version, row.value) for row in rows(database, NoticeReading)] == [(1, HYDROGEN)]


def test_what_is_unread_at_a_revision_is_found_page_by_page(database: Database) -> None:
    ids = sorted(one.id for one in record(database, *(notice(str(number)) for number in range(5))))
    with database.reading() as session:
        assert unread(session, "r1") == [ids[:2], ids[2:4], ids[4:]]
    store(database, ids[:3], HYDROGEN, "r1")
    with database.reading() as session:
        assert unread(session, "r1") == [ids[3:]]
        assert unread(session, "r2") == [ids[:2], ids[2:4], ids[4:]]
        assert unread(session, None, size=5) == [ids]
    store(database, ids, HYDROGEN, "r2")
    with database.reading() as session:
        assert unread(session, "r2") == []


def test_the_notices_of_a_tender_come_oldest_first(database: Database) -> None:
    (first,) = record(database, notice("z"))
    (second,) = record(database, notice("a"), now=LATER)

    def merge(session: Session) -> None:
        row = table(Notice)
        session.connection().execute(row.update().where(row.c.id == second.id).values(tender_id=first.id))

    database.write(merge)
    with database.reading() as session:
        assert [one.notice.key for one in notices.read_notices(session, [first.id])] == ["z", "a"]
    assert record(database, notice("a"))[0].tender_id == first.id


def test_a_notice_that_its_source_does_not_date_keeps_the_day_on_which_it_was_first_seen(database: Database) -> None:
    seen = notice(published=date(2026, 4, 1), undated=True)
    record(database, seen)
    (again,) = record(database, replace(seen, published=date(2026, 4, 2)), now=LATER)
    assert (again.outcome, again.notice.published) == (Outcome.SAME, date(2026, 4, 1))
    (changed,) = record(database, replace(seen, published=date(2026, 4, 3), status="終了"), now=LATER)
    assert (changed.outcome, [change.field for change in changed.changes]) == (Outcome.CHANGED, ["status"])
    (dated,) = record(database, notice(published=date(2026, 3, 30), status="終了"), now=LATER)
    assert (dated.outcome, dated.notice.published) == (Outcome.CHANGED, date(2026, 3, 30))

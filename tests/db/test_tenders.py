"""Composing tenders from their notices, and the events that readers are told of."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session

from db import notices, tenders
from db.composing import compose
from db.engine import Database
from db.notices import ReadNotice
from db.tender import Tender, TenderAlias, TenderEvent
from db.vocabulary.notice import Category, FieldChange, NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.reading import AreaScore, CpvCode, DateKind, Evidence, FoundDate, Origin, Place, Reading
from db.vocabulary.tender import ComposedTender, EventKind, Said, TenderChange, TenderSource

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
TOKYO = timezone(timedelta(hours=9))
DEADLINE = datetime(2026, 4, 20, 17, 0, tzinfo=TOKYO)
RUN = UUID(int=7)


def area(name: str, score: float = 1.5) -> AreaScore:
    return AreaScore(name, score, (Evidence("水素", "hydrogen", Place.TITLE, score),))


def part(key: str = "1", *areas: AreaScore, **more: Any) -> ReadNotice:
    given: dict[str, Any] = {
        "source": "kkj",
        "key": key,
        "title": "水素ステーション整備工事",
        "kind": NoticeKind.TENDER,
        "published": date(2026, 4, 1),
        "url": f"https://example.jp/{key}",
    }
    notice = ScrapedNotice(**(given | more))
    id = notice_id(notice.source, notice.key)
    return ReadNotice(id, id, 1, notice, Reading(areas))


def composed(*parts: ReadNotice) -> ComposedTender:
    return compose(parts[0].id, parts)


def store(database: Database, *composed: ComposedTender, day: int = 0, alerts: bool = True) -> list[TenderChange]:
    now = NOW + timedelta(days=day)
    return database.write(
        lambda session: tenders.store(session, composed, run_id=RUN, now=now, alerts=lambda change: alerts)
    )


def row(database: Database, id: UUID) -> Tender:
    with database.reading() as session:
        return session.get_one(Tender, id)


def events(database: Database, id: UUID) -> Sequence[TenderEvent]:
    with database.reading() as session:
        return tenders.events_of(session, id)


# Composing ---------------------------------------------------------------------------------------------


def test_a_tender_of_one_notice_says_what_the_notice_says() -> None:
    one = part(
        "1", area("decarbonization"), buyer="経済産業省", deadline=DEADLINE, text="本文", document_url="https://d"
    )
    written = "2026-04-20T17:00:00+09:00"
    assert composed(one) == ComposedTender(
        id=one.id,
        title="水素ステーション整備工事",
        kind=NoticeKind.TENDER,
        published=date(2026, 4, 1),
        buyer="経済産業省",
        deadline=DEADLINE,
        dates=(FoundDate(DateKind.DEADLINE, date(2026, 4, 20), written, Origin.FIELD, time(17)),),
        said=(Said("deadline", written, "kkj", one.id, Origin.FIELD, written),),
        text="本文",
        areas=(area("decarbonization"),),
        sources=(
            TenderSource(
                "kkj", "1", "https://example.jp/1", NoticeKind.TENDER, date(2026, 4, 1), one.id, "https://d"
            ),
        ),
    )


def test_each_field_comes_from_the_first_notice_that_has_it() -> None:
    first = part("1", buyer="経済産業省", text="一", category=Category.WORKS)
    second = part("2", buyer="経産省", prefecture="東京都", deadline=DEADLINE, title="別の題")
    third = part("3", prefecture="大阪府", text="三")
    tender = composed(first, second, third)
    assert (tender.title, tender.buyer, tender.prefecture, tender.category, tender.deadline, tender.text) == (
        "水素ステーション整備工事",
        "経済産業省",
        "東京都",
        Category.WORKS,
        DEADLINE,
        "一\n三",
    )
    assert [source.key for source in tender.sources] == ["1", "2", "3"]


def test_an_area_counts_as_strong_as_in_the_notice_where_it_is_strongest() -> None:
    tender = composed(part("1", area("mobility", 1.0), area("renewables", 1.2)), part("2", area("mobility", 2.0)))
    assert [(found.area, found.score) for found in tender.areas] == [("mobility", 2.0), ("renewables", 1.2)]


def test_composing_again_from_the_same_gives_the_same() -> None:
    parts = (part("1", area("mobility"), area("renewables")), part("2", area("smart-city"), deadline=DEADLINE))
    assert composed(*parts) == composed(*parts)


def test_a_tender_without_notices_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no notice to be composed from"):
        compose(uuid4(), [])


# Events ------------------------------------------------------------------------------------------------


def test_a_tender_seen_for_the_first_time_was_published(database: Database) -> None:
    tender = composed(part())
    assert store(database, tender) == [TenderChange(tender, EventKind.PUBLISHED)]
    (event,) = events(database, tender.id)
    assert (event.sequence, event.kind, event.changes, event.at, event.run_id, event.alerts) == (
        1,
        "published",
        (),
        NOW,
        RUN,
        True,
    )


def test_storing_the_same_again_is_no_event_and_leaves_the_moment_of_the_last(database: Database) -> None:
    tender = composed(part("1", area("mobility"), deadline=DEADLINE, response_deadline=DEADLINE, text="x"))
    store(database, tender)
    assert store(database, tender, day=1) == []
    assert len(events(database, tender.id)) == 1
    found = row(database, tender.id)
    assert (found.sequence, found.first_seen_at, found.updated_at) == (1, NOW, NOW)


def test_a_deadline_that_moves_is_an_event_that_says_from_when_to_when(database: Database) -> None:
    store(database, composed(part(deadline=DEADLINE)))
    moved = composed(part(deadline=DEADLINE + timedelta(days=7)))
    (change,) = store(database, moved, day=1)
    assert change == TenderChange(
        moved,
        EventKind.CHANGED,
        (FieldChange("deadline", "2026-04-20T17:00:00+09:00", "2026-04-27T17:00:00+09:00", "kkj"),),
        2,
    )
    found = row(database, moved.id)
    assert (found.deadline, found.sequence, found.first_seen_at, found.updated_at) == (
        DEADLINE + timedelta(days=7),
        2,
        NOW,
        NOW + timedelta(days=1),
    )


def test_the_same_deadline_with_another_offset_is_no_event(database: Database) -> None:
    store(database, composed(part(deadline=DEADLINE)))
    assert store(database, composed(part(deadline=DEADLINE.astimezone(UTC)))) == []
    assert row(database, part().id).deadline == DEADLINE


def test_a_deadline_that_appears_or_vanishes_is_an_event(database: Database) -> None:
    store(database, composed(part()))
    (appeared,) = store(database, composed(part(deadline=DEADLINE)))
    (vanished,) = store(database, composed(part()))
    assert appeared.changes == (FieldChange("deadline", None, "2026-04-20T17:00:00+09:00", "kkj"),)
    assert vanished.changes == (FieldChange("deadline", "2026-04-20T17:00:00+09:00", None, "kkj"),)


def test_a_title_that_changes_only_in_spacing_is_no_event_and_is_shown_as_it_is_now(database: Database) -> None:
    store(database, composed(part(title="水素 ステーション ＬＥＤ")))
    assert store(database, composed(part(title="水素　ステーション LED"))) == []
    assert row(database, part().id).title == "水素　ステーション LED"


def test_an_english_title_that_comes_later_is_shown_and_no_event(database: Database) -> None:
    store(database, composed(part()))
    assert store(database, composed(part(title_en="Hydrogen station"))) == []
    assert row(database, part().id).title_en == "Hydrogen station"
    (change,) = store(database, composed(part(title_en="Hydrogen filling station")))
    assert [one.field for one in change.changes] == ["title_en"]


def test_what_readers_are_not_told_of_is_no_event(database: Database) -> None:
    store(database, composed(part(city="千代田区", text="一")))
    assert store(database, composed(part(city="港区", text="二", buyer_en="METI"))) == []
    assert row(database, part().id).city == "港区"


def test_a_tender_that_is_cancelled_is_told_as_cancelled_once(database: Database) -> None:
    store(database, composed(part()))
    cancelled = part(kind=NoticeKind.CANCELLATION)
    (change,) = store(database, composed(cancelled))
    assert (change.kind, change.changes) == (
        EventKind.CANCELLED,
        (FieldChange("kind", "tender", "cancellation", "kkj"),),
    )
    assert store(database, composed(cancelled)) == []
    (later,) = store(database, composed(replace(cancelled, notice=replace(cancelled.notice, status="取消"))))
    assert later.kind is EventKind.CHANGED


def test_a_tender_first_heard_of_by_its_cancellation_is_told_as_cancelled(database: Database) -> None:
    (change,) = store(database, composed(part(kind=NoticeKind.CANCELLATION)))
    assert (change.kind, change.sequence) == (EventKind.CANCELLED, 1)


def test_the_events_of_a_tender_are_numbered_and_come_oldest_first(database: Database) -> None:
    for day, title in enumerate(["一", "二", "二", "三", "四"]):
        store(database, composed(part(title=title), part("2")), composed(part("other", title=title)), day=day)
    assert [(event.sequence, event.kind, event.at) for event in events(database, part().id)] == [
        (1, "published", NOW),
        (2, "changed", NOW + timedelta(days=1)),
        (3, "changed", NOW + timedelta(days=3)),
        (4, "changed", NOW + timedelta(days=4)),
    ]


def test_whether_anybody_is_to_be_told_is_kept_with_the_event(database: Database) -> None:
    store(database, composed(part()), alerts=False)
    store(database, composed(part(title="別の題")), alerts=True)
    assert [event.alerts for event in events(database, part().id)] == [False, True]


def test_fifteen_hundred_tenders_are_stored_in_one_call(database: Database) -> None:
    many = [composed(part(str(number), area("mobility"))) for number in range(1500)]
    assert len(store(database, *many)) == 1500
    assert store(database, *many) == []


def test_a_tender_keeps_no_nul_and_every_other_character(database: Database) -> None:
    odd = composed(part(title="\x00水\x00素 𠮷 😀", buyer="省\x00", method="\x00"))
    store(database, odd)
    assert store(database, odd) == []
    found = row(database, odd.id)
    assert (found.title, found.buyer) == ("水素 𠮷 😀", "省")


def test_the_sources_of_a_tender_come_back_typed(database: Database) -> None:
    tender = composed(part("1", document_url="https://d"), part("2"))
    store(database, tender)
    assert row(database, tender.id).sources == tender.sources


# Areas -------------------------------------------------------------------------------------------------


def areas(database: Database, *ids: UUID) -> dict[UUID, list[AreaScore]]:
    with database.reading() as session:
        return tenders.areas_of(session, ids)


def test_areas_come_back_with_their_evidence_strongest_first(database: Database) -> None:
    tender = composed(part("1", area("mobility", 1.0), area("smart-city", 3.0), area("aging-society", 1.0)))
    store(database, tender, composed(part("2")))
    assert areas(database, tender.id, part("2").id) == {
        tender.id: [area("smart-city", 3.0), area("aging-society", 1.0), area("mobility", 1.0)],
        part("2").id: [],
    }


def test_a_new_version_may_move_the_areas(database: Database) -> None:
    store(database, composed(part("1", area("mobility"))))
    store(database, composed(part("1", area("renewables"), title="太陽光発電")))
    assert areas(database, part().id) == {part().id: [area("renewables")]}


def test_reading_again_moves_areas_and_is_no_event(database: Database) -> None:
    moved, same, weaker = (composed(part(key, area("mobility"))) for key in "123")
    store(database, moved, same, weaker)
    again = [
        replace(moved, areas=(area("renewables"),)),
        same,
        replace(weaker, areas=(area("mobility", 1.1),)),
    ]
    assert database.write(lambda session: tenders.store_quietly(session, again, now=NOW)) == [
        tenders.Moved(moved.id, moved.title, ("renewables",), ("mobility",))
    ]
    assert areas(database, moved.id, same.id, weaker.id) == {
        moved.id: [area("renewables")],
        same.id: [area("mobility")],
        weaker.id: [area("mobility", 1.1)],
    }
    assert len(events(database, moved.id)) == 1
    assert row(database, moved.id).updated_at == NOW


# Venues and codes ----------------------------------------------------------------------------------------


def test_the_place_of_one_notice_gives_way_to_the_subject_of_another(database: Database) -> None:
    one = replace(part("1"), reading=Reading(venues=(area("mobility", 0.5), area("renewables", 0.5))))
    tender = composed(one, part("2", area("mobility")))
    assert (tender.areas, tender.venues) == ((area("mobility"),), (area("renewables", 0.5),))
    store(database, tender)
    with database.reading() as session:
        assert tenders.venues_of(session, [tender.id]) == {tender.id: [area("renewables", 0.5)]}


def test_the_codes_of_all_notices_are_kept_with_their_terms(database: Database) -> None:
    readings = [
        Reading(cpv=(CpvCode("72000000", ("システム",)),)),
        Reading(cpv=(CpvCode("48000000", ("ソフト",)), CpvCode("72000000", ("クラウド", "システム")))),
    ]
    tender = composed(*(replace(part(str(number)), reading=one) for number, one in enumerate(readings)))
    store(database, tender)
    store(database, tender)
    with database.reading() as session:
        assert tenders.cpv_of(session, [tender.id]) == {
            tender.id: [CpvCode("48000000", ("ソフト",)), CpvCode("72000000", ("システム", "クラウド"))]
        }


# Aliases -----------------------------------------------------------------------------------------------


def test_an_id_from_before_a_merge_leads_to_the_tender_of_today(database: Database) -> None:
    tender, old = composed(part()), uuid4()
    store(database, tender)
    database.write(lambda session: session.add(TenderAlias(alias_id=old, tender_id=tender.id)))
    with database.reading() as session:
        assert tenders.resolve(session, old) == tender.id
        assert tenders.resolve(session, tender.id) == tender.id
        unknown = uuid4()
        assert tenders.resolve(session, unknown) == unknown


def test_a_tender_is_composed_again_from_the_record_as_it_was_composed_at_first(database: Database) -> None:
    scraped = part("1", deadline=DEADLINE, text="本文").notice

    def work(session: Session) -> None:
        (recorded,) = notices.record(session, [scraped], run_id=RUN, now=NOW)
        reading = Reading((area("mobility"),))
        fresh = ReadNotice(recorded.id, recorded.tender_id, 1, scraped, reading)
        notices.store_readings(session, {(recorded.id, 1): reading}, revision="r1", now=NOW)
        tenders.store(session, [compose(recorded.id, [fresh])], run_id=RUN, now=NOW, alerts=lambda change: True)

    database.write(work)
    id = part("1").id
    with database.reading() as session:
        again = compose(id, list(notices.read_notices(session, [id])))
    assert again == composed(part("1", area("mobility"), deadline=DEADLINE, text="本文"))
    assert store(database, again) == []

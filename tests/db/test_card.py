"""The one view of a tender that page, mail, feed and export show."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session

from db import notices, tenders
from db.card import Card, card, cards, extract, notices_of
from db.composing import compose
from db.engine import Database
from db.notices import ReadNotice
from db.tender import TenderAlias
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.reading import AreaScore, DateKind, Evidence, FoundDate, Origin, Place, Reading
from db.vocabulary.tender import Said, TenderSource

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
DEADLINE = datetime(2026, 4, 20, 17, 0, tzinfo=timezone(timedelta(hours=9)))
AREA = AreaScore("decarbonization", 1.5, (Evidence("水素", "hydrogen", Place.TITLE, 1.5),))


def add(database: Database, key: str = "1", **more: Any) -> UUID:
    given: dict[str, Any] = {
        "source": "kkj",
        "key": key,
        "title": "水素ステーション整備工事",
        "kind": NoticeKind.TENDER,
        "published": date(2026, 4, 1),
        "url": f"https://example.jp/{key}",
    }

    def work(session: Session) -> UUID:
        notice = ScrapedNotice(**(given | more))
        (one,) = notices.record(session, [notice], run_id=uuid4(), now=NOW)
        read = ReadNotice(one.id, one.tender_id, one.version, notice, Reading((AREA,)))
        tenders.store(session, [compose(one.id, [read])], run_id=uuid4(), now=NOW, alerts=lambda change: True)
        return one.id

    return database.write(work)


def show(database: Database, id: UUID) -> Card:
    with database.reading() as session:
        found = card(session, id)
    assert found is not None
    return found


def test_a_card_shows_what_is_known_of_a_tender(database: Database) -> None:
    id = add(
        database, category=Category.WORKS, deadline=DEADLINE, buyer="経済産業省", buyer_en="METI", prefecture="東京都"
    )
    written = "2026-04-20T17:00:00+09:00"
    assert show(database, id) == Card(
        id=id,
        title="水素ステーション整備工事",
        title_en=None,
        buyer="経済産業省",
        buyer_en="METI",
        prefecture="東京都",
        city=None,
        category=Category.WORKS,
        kind=NoticeKind.TENDER,
        method=None,
        status=None,
        published=date(2026, 4, 1),
        deadline=DEADLINE,
        response_deadline=None,
        dates=(FoundDate(DateKind.DEADLINE, date(2026, 4, 20), written, Origin.FIELD, time(17)),),
        said=(Said("deadline", written, "kkj", id, Origin.FIELD, written),),
        areas=(AREA,),
        sources=(TenderSource("kkj", "1", "https://example.jp/1", NoticeKind.TENDER, date(2026, 4, 1), id),),
        first_seen_at=NOW,
        updated_at=NOW,
        sequence=1,
    )


def test_a_cancelled_tender_shows_it(database: Database) -> None:
    assert not show(database, add(database)).cancelled
    assert show(database, add(database, kind=NoticeKind.CANCELLATION)).cancelled


def test_a_card_is_found_under_an_id_from_before_a_merge(database: Database) -> None:
    id, old = add(database), uuid4()
    database.write(lambda session: session.add(TenderAlias(alias_id=old, tender_id=id)))
    assert show(database, old).id == id


def test_there_is_no_card_of_what_is_not_there(database: Database) -> None:
    with database.reading() as session:
        assert card(session, uuid4()) is None


def test_cards_come_in_the_order_they_are_asked_for(database: Database) -> None:
    ids = [add(database, str(number)) for number in range(20)]
    wanted = [*reversed(ids), uuid4()]
    with database.reading() as session:
        assert [one.id for one in cards(session, wanted)] == wanted[:-1]
        assert cards(session, []) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("  \n ", ""),
        ("本文\n", "本文"),
        ("あ" * 600, "あ" * 600),
        ("あ" * 601, "あ" * 600 + "…"),
        ("あ" * 590 + " " * 20 + "い", "あ" * 590 + "…"),
    ],
)
def test_an_extract_is_the_beginning_of_the_first_text_and_no_more(text: str, shown: str) -> None:
    assert extract(["", text, "another"]) == (shown or "another")


def test_the_notices_of_a_tender_come_in_the_order_of_its_sources(database: Database) -> None:
    silent, speaking = add(database, "1"), add(database, "2", text="本文あり")
    parts = [
        ReadNotice(
            notice_id("kkj", key),
            silent,
            1,
            ScrapedNotice(
                source="kkj",
                key=key,
                title="水素",
                kind=NoticeKind.TENDER,
                published=date(2026, 4, 1),
                url="https://example.jp",
            ),
            Reading(),
        )
        for key in "12"
    ]
    merged = compose(silent, parts)
    database.write(
        lambda session: tenders.store(session, [merged], run_id=uuid4(), now=NOW, alerts=lambda change: False)
    )
    with database.reading() as session:
        assert [notice.text for notice in notices_of(session, show(database, silent))] == ["", "本文あり"]
    assert speaking != silent

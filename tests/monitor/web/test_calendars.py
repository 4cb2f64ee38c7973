"""Calendars over HTTP: of a tender, and of what a saved search found, as calendar programs fetch them."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import icalendar
import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from db import deliveries, merges, subscribers
from db.deliveries import NewMatch
from db.subscriber import SavedSearch
from db.tender import Tender
from db.vocabulary.notice import NoticeKind

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web


def saved(web: "Web") -> SavedSearch:
    """A saved search, without any finds yet."""

    def work(session: Session) -> SavedSearch:
        owner = subscribers.add(session, "anna@example.org", now=web.now)
        return subscribers.save_search(session, owner, "Hydrogen", "水素", now=web.now)

    return web.database.write(work)


def found(web: "Web", search: SavedSearch, *tenders: UUID, days_ago: int = 0) -> None:
    at = web.now - timedelta(days=days_ago)
    new = [NewMatch(search.id, id, 1, ("水素",), waiting=False) for id in tenders]
    web.database.write(lambda session: deliveries.add_matches(session, new, now=at))


def events(web: "Web", path: str, **params: str) -> list[Any]:
    answer = web.client.get(path, params=params, follow_redirects=False)
    assert answer.status_code == 200, answer.text
    calendar = icalendar.Calendar.from_ical(answer.content)
    assert not any(one.errors for one in calendar.walk())
    return [*calendar.walk("VEVENT")]


def test_the_calendar_of_a_tender_has_the_dates_that_its_notice_names(web: "Web") -> None:
    id = web.story()
    titles = {
        str(one["uid"]).split("@")[0].removeprefix(f"{id}-"): str(one["summary"])
        for one in events(web, f"/tenders/{id}.ics")
    }
    assert titles.keys() == {"meeting", "questions", "application", "deadline", "opening"}
    assert titles["meeting"].startswith("Explanatory meeting, taking part is required: ")
    (deadline,) = [one for one in events(web, f"/tenders/{id}.ics") if "-deadline@" in one["uid"]]
    assert deadline["dtstart"].dt.isoformat() == "2026-12-15T03:00:00+00:00", "the correction's"


def test_it_is_sent_as_what_it_is(web: "Web") -> None:
    id = web.keep(web.notice(title_en="Hydrogen station"))
    answer = web.get(f"/tenders/{id}.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=900"
    assert answer.headers["content-language"] == "en"
    assert "x-wr-calname:tender monitor: hydrogen station" in answer.text.lower()
    head = web.client.head(f"/tenders/{id}.ics")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == answer.headers["etag"]


def test_the_address_decides_the_language(web: "Web") -> None:
    id = web.keep(web.notice(title_en="Hydrogen station"))
    (deadline,) = events(web, f"/tenders/{id}.ics", lang="ja")
    assert "Hydrogen" not in deadline["summary"]
    assert deadline["url"] == f"https://monitor.example.org/tenders/{id}?lang=ja"


def test_a_program_that_has_it_already_gets_304(web: "Web") -> None:
    id = web.keep(web.notice())
    search = saved(web)
    found(web, search, id)
    for path in (f"/tenders/{id}.ics", f"/calendar/{search.feed_token}.ics"):
        tag = web.get(path).headers["etag"]
        for known in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
            assert web.get(path, headers={"if-none-match": known}).status_code == 304
    web.keep(web.notice(title="水素ステーション改修工事"))
    assert web.get(f"/tenders/{id}.ics", headers={"if-none-match": tag}).status_code == 200


@pytest.mark.parametrize("id", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_of_a_tender_that_is_not_there_there_is_no_calendar(web: "Web", id: str) -> None:
    assert web.get(f"/tenders/{id}.ics").status_code == 404


def test_a_tender_that_became_part_of_another_has_its_calendar_there_with_a_higher_sequence(web: "Web") -> None:
    kept = web.keep(web.notice(), at=web.now - timedelta(days=3))
    old = web.keep(web.notice(key="2", title="蓄電池の調達", buyer="別の県"), at=web.now - timedelta(days=2))
    search = saved(web)
    found(web, search, kept, old)
    private = f"/calendar/{search.feed_token}.ics"
    assert len(events(web, private)) == 2
    before = {str(one["uid"]): one["sequence"] for id in (kept, old) for one in events(web, f"/tenders/{id}.ics")}
    web.database.write(lambda session: merges.absorb(session, {old: kept}))
    moved = web.client.get(f"/tenders/{old}.ics", params={"lang": "ja"}, follow_redirects=False)
    assert moved.status_code == 301
    assert moved.headers["location"] == f"https://monitor.example.org/tenders/{kept}.ics?lang=ja"
    (deadline,) = events(web, f"/tenders/{kept}.ics")
    assert deadline["uid"] in before
    assert deadline["sequence"] > max(before.values())
    assert [one["uid"] for one in events(web, private)] == [deadline["uid"]]


def test_a_deadline_that_moves_is_the_same_event_and_a_cancellation_stays_in_the_calendar(web: "Web") -> None:
    id = web.keep(web.notice(), at=web.now - timedelta(days=2))
    (first,) = events(web, f"/tenders/{id}.ics")
    web.keep(web.notice(deadline=web.now + timedelta(days=30)), at=web.now - timedelta(days=1))
    (moved,) = events(web, f"/tenders/{id}.ics")
    web.keep(web.notice(deadline=web.now + timedelta(days=30), kind=NoticeKind.CANCELLATION))
    (cancelled,) = events(web, f"/tenders/{id}.ics")
    assert first["uid"] == moved["uid"] == cancelled["uid"]
    assert [first["sequence"], moved["sequence"], cancelled["sequence"]] == [1, 2, 3]
    assert first["dtstamp"].dt < moved["dtstamp"].dt < cancelled["dtstamp"].dt
    assert moved["dtstart"].dt == web.now + timedelta(days=30)
    assert (first["status"], cancelled["status"]) == ("CONFIRMED", "CANCELLED")


def test_a_text_that_changes_without_an_event_gives_the_dates_a_later_stamp(web: "Web") -> None:
    id = web.keep(web.notice(), at=web.now - timedelta(days=2))
    (before,) = events(web, f"/tenders/{id}.ics")
    web.keep(web.notice(text="入札説明会 令和8年11月27日 14時00分"), at=web.now)
    after = {str(one["uid"]).split("@")[0][37:]: one for one in events(web, f"/tenders/{id}.ics")}
    assert after.keys() == {"deadline", "meeting"}
    assert after["deadline"]["sequence"] == before["sequence"]
    assert after["deadline"]["dtstamp"].dt > before["dtstamp"].dt


def test_a_searchs_calendar_has_what_it_found_told_or_not_and_nothing_else(web: "Web") -> None:
    here = web.keep(web.notice())
    web.keep(web.notice(key="2", title="封筒の購入", text=""))
    search = saved(web)
    assert events(web, f"/calendar/{search.feed_token}.ics") == []
    found(web, search, here)
    answer = web.get(f"/calendar/{search.feed_token}.ics")
    assert str(here) in answer.text
    assert "X-WR-CALNAME:Tender Monitor: Hydrogen" in answer.text
    assert answer.headers["cache-control"] == "private, max-age=900"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert len(events(web, f"/calendar/{search.feed_token}.ics")) == 1


def test_what_has_long_been_over_leaves_a_searchs_calendar(web: "Web") -> None:
    search = saved(web)
    old, recent = (
        web.keep(
            web.notice(
                key=str(days),
                title=f"調査業務{days}",
                published=(web.now - timedelta(days=days + 20)).date(),
                deadline=web.now - timedelta(days=days),
            ),
            at=web.now - timedelta(days=days + 20),
        )
        for days in (91, 89)
    )
    found(web, search, old, recent)
    assert [str(one["uid"])[:36] for one in events(web, f"/calendar/{search.feed_token}.ics")] == [str(recent)]
    assert len(events(web, f"/tenders/{old}.ics")) == 1, "a tender's own calendar keeps them"


@pytest.mark.parametrize("token", ["nobody-has-this-one", "%00", "..", "水素"])
def test_an_address_that_nobody_was_given_is_not_there(web: "Web", token: str) -> None:
    assert web.get(f"/calendar/{token}.ics").status_code == 404


def test_a_search_that_was_not_confirmed_has_no_calendar(web: "Web") -> None:
    search = saved(web)

    def forget_confirmation(session: Session) -> None:
        session.get_one(SavedSearch, search.id).confirmed_at = None

    web.database.write(forget_confirmation)
    assert web.get(f"/calendar/{search.feed_token}.ics").status_code == 404


def test_the_calendar_of_somebody_who_unsubscribed_is_gone(web: "Web") -> None:
    search = saved(web)

    def leave(session: Session) -> None:
        owner = subscribers.by_email(session, "anna@example.org")
        assert owner is not None
        subscribers.unsubscribe(session, owner.token, now=web.now)

    web.database.write(leave)
    answer = web.get(f"/calendar/{search.feed_token}.ics")
    assert answer.status_code == 410
    assert "remove this calendar" in answer.text


def test_a_busy_search_asks_the_record_a_few_times_only(web: "Web") -> None:
    web.many(60)
    search = saved(web)
    with web.database.reading() as session:
        found(web, search, *session.exec(select(Tender.id)).all())
    asked: list[str] = []
    event.listen(web.database.engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
    assert len(events(web, f"/calendar/{search.feed_token}.ics")) == 60
    assert len(asked) < 15

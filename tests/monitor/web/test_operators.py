"""The operator's page: who was told of a tender, and when."""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session

from alerts.links import Purpose
from db import deliveries, merges, subscribers
from db.deliveries import NewMatch
from db.history import Delivery, Digest, Match
from db.vocabulary.delivery import DeliveryState, LetterKind
from monitor.web import operators

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web


def path(web: "Web", id: UUID) -> str:
    return f"/told/{web.context.links.token(Purpose.TOLD, id, now=web.now)}"


def told(web: "Web", id: UUID, *, sent: bool) -> None:
    """A search that found the tender, and its letter, if ``sent``."""

    def work(session: Session) -> None:
        anna = subscribers.add(session, "anna@example.org", now=web.now)
        search = subscribers.save_search(session, anna, "Hydrogen", "水素", now=web.now)
        deliveries.add_matches(session, [NewMatch(search.id, id, 1, ("水素",))], now=web.now)
        if sent:
            at = web.now + timedelta(minutes=5)
            letter = Digest(
                id=uuid4(), subscriber_id=anna.id, kind=LetterKind.ALERT, window_start=at, window_end=at,
                message_id="<1@example.org>", state=DeliveryState.SENT, due_at=at,
            )  # fmt: skip
            session.add(letter)
            session.flush()
            session.add(
                Delivery(digest_id=letter.id, number=1, started_at=at, finished_at=at, state=DeliveryState.SENT)
            )
            match = session.get_one(Match, (search.id, id, 1))
            match.digest_id, match.waiting = letter.id, False

    web.database.write(work)


def test_it_says_who_was_told_of_what_and_when_by_which_letter(web: "Web") -> None:
    id = web.keep(web.notice())
    told(web, id, sent=True)
    page = web.page(path(web, id))
    (row,) = page.select("tbody tr")
    text = row.get_text(" ", strip=True)
    for expected in ("anna@example.org", "Hydrogen", "announced", "alert", "Mon 23 Nov 2026, 09:05"):
        assert expected in text


def test_what_still_waits_is_said_to_wait(web: "Web") -> None:
    id = web.keep(web.notice())
    told(web, id, sent=False)
    (row,) = web.page(path(web, id)).select("tbody tr")
    assert "none yet" in row.get_text()


def test_of_a_tender_that_alerted_nobody_it_says_so(web: "Web") -> None:
    id = web.keep(web.notice())
    assert "Nobody was told of it" in web.page(path(web, id)).get_text()


def test_a_tender_that_became_part_of_another_is_found_there(web: "Web") -> None:
    kept = web.keep(web.notice())
    old = web.keep(web.notice(key="2", title="蓄電池の調達", buyer="別の県"))
    token = path(web, old)
    told(web, kept, sent=True)
    web.database.write(lambda session: merges.absorb(session, {old: kept}))
    assert len(web.page(token).select("tbody tr")) == 1


def test_a_page_ends_somewhere_and_says_so(web: "Web", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operators, "MOST_TELLINGS", 0)
    id = web.keep(web.notice())
    told(web, id, sent=True)
    assert web.get(path(web, id)).status_code == 200


def test_nobody_gets_in_without_a_link_that_holds(web: "Web") -> None:
    id = web.keep(web.notice())
    told(web, id, sent=True)
    links = web.context.links
    for token in (
        str(id),
        links.token(Purpose.CHOICES, id, now=web.now),
        links.token(Purpose.TOLD, id, now=web.now - timedelta(days=1, seconds=1)),
        links.token(Purpose.TOLD, uuid4(), now=web.now),
    ):
        answer = web.get(f"/told/{token}")
        assert answer.status_code == 410
        assert "anna" not in answer.text
    for headers in (web.get(path(web, id)).headers, web.get("/told/x").headers):
        assert (headers["cache-control"], headers["x-robots-tag"]) == ("no-store", "noindex")
        assert headers["referrer-policy"] == "no-referrer"

"""The page of one's choices, behind the link that every letter has: all that may be done there, and all that may not."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from bs4 import BeautifulSoup, Tag
from httpx import Response
from sqlalchemy import event
from sqlmodel import Session, select

from alerts.links import Purpose
from db import calling, deliveries, subscribers
from db.deliveries import NewMatch
from db.history import Digest, WebhookCall
from db.subscriber import SavedSearch, Subscriber, Webhook
from db.subscribers import MOST_SEARCHES
from db.vocabulary.delivery import (
    DeliveryState,
    Frequency,
    LetterKind,
    SubscriberState,
    SuppressionReason,
    WebhookForm,
)
from db.vocabulary.messages import Told

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web

EMAIL = "anna@example.org"


class Anna:
    """Somebody with a saved search, and what she does on her page."""

    def __init__(self, web: "Web") -> None:
        self.web = web

        def work(session: Session) -> tuple[UUID, UUID]:
            anna = subscribers.add(session, EMAIL, now=web.now)
            return anna.id, subscribers.save_search(session, anna, "Hydrogen", "水素", now=web.now).id

        self.id, self.search_id = web.database.write(work)
        self.path = f"/choices/{web.context.links.token(Purpose.CHOICES, self.id, now=web.now)}"

    def does(self, do: str, **fields: str | UUID) -> Response:
        return self.web.client.post(
            self.path, data={"do": do, **{name: str(value) for name, value in fields.items()}}
        )

    def done(self, do: str, **fields: str | UUID) -> BeautifulSoup:
        """What the page says after a deed that leads back to it."""
        answer = self.does(do, **fields)
        assert answer.status_code == 303, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return self.web.page(answer.headers["location"].partition("#")[0])

    def refused(self, do: str, **fields: str | UUID) -> BeautifulSoup:
        answer = self.does(do, **fields)
        assert answer.status_code == 422, answer.text
        return BeautifulSoup(answer.text, "lxml")

    @property
    def row(self) -> Subscriber:
        with self.web.database.reading() as session:
            return session.get_one(Subscriber, self.id)

    @property
    def searches(self) -> list[SavedSearch]:
        with self.web.database.reading() as session:
            return subscribers.searches_of(session, self.id)

    @property
    def webhooks(self) -> list[Webhook]:
        with self.web.database.reading() as session:
            return subscribers.webhooks_of(session, self.search_id)

    def letters(self) -> list[str]:
        with self.web.database.reading() as session:
            return [one.kind for one in session.exec(select(Digest)).all()]


@pytest.fixture
def anna(web: "Web") -> Anna:
    return Anna(web)


def said(page: BeautifulSoup) -> str:
    (notice,) = page.select(".notice[role=status]")
    return notice.get_text()


def field(page: BeautifulSoup, selector: str) -> Tag:
    (found,) = page.select(selector)
    return found


# What it shows ----------------------------------------------------------------------------------------


def test_the_page_has_every_search_with_its_finds_and_private_addresses(anna: Anna, web: "Web") -> None:
    found = [NewMatch(anna.search_id, uuid4(), 1, ("水素",)) for _ in range(3)]
    web.database.write(lambda session: deliveries.add_matches(session, found, now=web.now - timedelta(days=3)))
    page = web.page(anna.path)
    (search,) = page.select("article.saved")
    assert search.select("h3")[0].get_text() == "Hydrogen"
    assert "水素" in search.get_text()
    assert "3 tenders" in search.get_text()
    assert "every day at 08:00 (Tokyo)" in search.get_text()
    (row,) = anna.searches
    links = [str(link["href"]) for link in search.select(".addresses a")]
    site = web.context.site
    assert site.search_feed_url(row.feed_token, "atom") in links
    assert site.search_feed_url(row.feed_token, "rss") in links
    assert site.search_calendar_url(row.feed_token) in links


def test_the_address_is_shown_so_that_only_its_owner_knows_it_and_cannot_be_changed(anna: Anna, web: "Web") -> None:
    page = web.page(anna.path)
    assert "a…@example.org" in page.get_text()
    assert EMAIL not in str(page)
    assert not page.select("input[name=email], input[type=email]")
    anna.done("letters", email="eve@example.com")
    assert anna.row.email == EMAIL


def test_opening_the_page_changes_nothing(anna: Anna, web: "Web") -> None:
    before = anna.row.model_dump()
    web.page(anna.path)
    web.client.head(anna.path)
    assert anna.row.model_dump() == before


@pytest.mark.parametrize("token", ["nonsense", "%00", "a.b.c"])
def test_a_link_that_does_not_hold_offers_a_fresh_one(anna: Anna, web: "Web", token: str) -> None:
    for answer in (web.get(f"/choices/{token}"), web.client.post(f"/choices/{token}", data={"do": "stop"})):
        assert answer.status_code == 410
        form = field(BeautifulSoup(answer.text, "lxml"), "main form")
        assert (form["method"], form["action"]) == ("post", "/choices")
    assert anna.row.active


def test_the_link_ends_after_thirty_days_and_those_of_another_secret_or_purpose_never_hold(
    anna: Anna, web: "Web"
) -> None:
    links = web.context.links
    for token in (
        links.token(Purpose.CHOICES, anna.id, now=web.now - timedelta(days=30, seconds=1)),
        links.token(Purpose.FORGET, anna.id, now=web.now),
        links.token(Purpose.CHOICES, uuid4(), now=web.now),
        type(links)(b"another").token(Purpose.CHOICES, anna.id, now=web.now),
    ):
        assert web.get(f"/choices/{token}").status_code == 410
    token = links.token(Purpose.CHOICES, anna.id, now=web.now - timedelta(days=29))
    assert web.get(f"/choices/{token}").status_code == 200


def test_somebody_who_never_confirmed_has_no_page(web: "Web") -> None:
    def work(session: Session) -> UUID:
        choices = subscribers.Choices()
        asked = subscribers.ask(
            session, EMAIL, choices=choices, name="x", query="", frequency=Frequency.DAILY, now=web.now
        )
        return asked.subscriber_id

    id = web.database.write(work)
    assert web.get(f"/choices/{web.context.links.token(Purpose.CHOICES, id, now=web.now)}").status_code == 410


# Searches ---------------------------------------------------------------------------------------------


def test_a_search_is_added_without_another_confirmation(anna: Anna) -> None:
    page = anna.done("add", q="風力 OR 太陽光", name="Wind & sun", frequency="weekly")
    assert "has begun" in said(page)
    added = {one.name: one for one in anna.searches}["Wind & sun"]
    assert (added.query, added.frequency, added.confirmed_at) == ("風力 OR 太陽光", Frequency.WEEKLY, anna.web.now)
    assert anna.letters() == []


def test_a_second_search_of_the_same_name_does_not_take_the_place_of_the_first(anna: Anna) -> None:
    anna.done("add", q="燃料電池", name="Hydrogen")
    assert {one.name: one.query for one in anna.searches} == {"Hydrogen": "水素", "Hydrogen (2)": "燃料電池"}


def test_a_search_is_changed_and_keeps_its_feed(anna: Anna) -> None:
    (before,) = anna.searches
    page = anna.done("change", search=anna.search_id, q="水素 -kind:award", name="H2", frequency="at-once")
    assert "changed" in said(page)
    (after,) = anna.searches
    assert (after.name, after.query, after.frequency) == ("H2", "水素 -kind:award", Frequency.AT_ONCE)
    assert after.feed_token == before.feed_token


def test_a_search_can_be_tried_before_it_is_kept(anna: Anna, web: "Web") -> None:
    web.keep(web.notice(title="風力発電の調査", text=""))
    for fields in ({"search": str(anna.search_id)}, {}):
        answer = anna.does("try", q="風力", name="Wind", frequency="weekly", **fields)
        assert answer.status_code == 200
        page = BeautifulSoup(answer.text, "lxml")
        assert "would have found 1 tender" in field(page, ".lately").get_text()
        form = field(page, ".lately").find_parent("form")
        assert form is not None
        assert form.select("[name=q]")[0]["value"] == "風力"
        assert form.select("[name=frequency][checked]")[0]["value"] == "weekly"
    assert [one.query for one in anna.searches] == ["水素"]


@pytest.mark.parametrize("do", ["add", "change", "try"])
def test_a_mistake_in_a_search_is_shown_at_its_place(anna: Anna, do: str) -> None:
    page = anna.refused(do, search="" if do == "add" else str(anna.search_id), q="水素 area:nowhere")
    (marked,) = page.select(".mistake mark")
    assert marked.get_text() == "area:nowhere"
    assert [one.query for one in anna.searches] == ["水素"]


def test_there_is_an_end_to_the_number_of_searches(anna: Anna, web: "Web") -> None:
    def fill(session: Session) -> None:
        for number in range(MOST_SEARCHES - 1):
            subscribers.save_search(session, session.get_one(Subscriber, anna.id), f"s{number}", "", now=web.now)

    web.database.write(fill)
    page = anna.refused("add", q="one more")
    assert not page.select("#q-new"), "there is no form for another one"
    assert "delete one first" in page.get_text()
    assert len(anna.searches) == MOST_SEARCHES


def test_the_page_of_somebody_with_many_searches_asks_the_record_a_few_times_only(anna: Anna, web: "Web") -> None:
    def fill(session: Session) -> None:
        for number in range(MOST_SEARCHES - 1):
            search = subscribers.save_search(
                session, session.get_one(Subscriber, anna.id), f"s{number}", "", now=web.now
            )
            calling.add_webhook(session, search.id, "https://example.org/hook", WebhookForm.JSON, now=web.now)

    web.database.write(fill)
    asked: list[str] = []
    event.listen(web.database.engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
    web.page(anna.path)
    assert len(asked) < 10


def test_deleting_a_search_names_it_and_takes_its_webhooks_along(anna: Anna) -> None:
    anna.done("webhook-add", search=anna.search_id, url="https://example.org/slack", form="slack")
    page = anna.web.page(anna.path)
    assert "Delete “Hydrogen”" in [button.get_text() for button in page.select("button")]
    assert "deleted" in said(anna.done("delete", search=anna.search_id))
    assert (anna.searches, anna.webhooks) == ([], [])


def test_nobody_changes_what_is_somebody_elses(anna: Anna, web: "Web") -> None:
    def other(session: Session) -> tuple[UUID, UUID]:
        eve = subscribers.add(session, "eve@example.org", now=web.now)
        search = subscribers.save_search(session, eve, "Eve's", "風力", now=web.now)
        return search.id, calling.add_webhook(
            session, search.id, "https://example.org/x", WebhookForm.JSON, now=web.now
        ).id

    search_id, webhook_id = web.database.write(other)
    for strange in (search_id, uuid4(), "nonsense", ""):
        anna.refused("delete", search=strange)
        anna.refused("webhook-add", search=strange, url="https://example.org/y", form="json")
        if strange:
            anna.refused("change", search=strange, q="x")
    for deed in ("webhook-remove", "webhook-enable", "webhook-try"):
        anna.refused(deed, webhook=webhook_id)
    with web.database.reading() as session:
        assert session.get_one(SavedSearch, search_id).query == "風力"
        assert len(subscribers.webhooks_of(session, search_id)) == 1


def test_a_button_that_there_is_not_does_nothing(anna: Anna) -> None:
    anna.refused("everything")


# Letters ----------------------------------------------------------------------------------------------


def test_language_zone_hour_weekday_alerts_and_reminders_can_be_chosen(anna: Anna, web: "Web") -> None:
    anna.done(
        "letters", language="ja", time_zone="Europe/Paris", hour="06:00", weekday="4", reminders="1",
    )  # fmt: skip
    row = anna.row
    assert (row.language, row.time_zone, row.digest_at, row.weekday) == ("ja", "Europe/Paris", time(6), 4)
    assert (row.alerts, row.reminders) == (False, True)
    page = web.page(anna.path)
    for name, value in (("language", "ja"), ("time_zone", "Europe/Paris"), ("hour", "06:00"), ("weekday", "4")):
        assert field(page, f"#{name} option[selected]")["value"] == value
    assert (page.select("#alerts[checked]"), len(page.select("#reminders[checked]"))) == ([], 1)


def test_a_zone_or_an_hour_that_an_operator_gave_stays_though_it_is_in_no_list(anna: Anna, web: "Web") -> None:
    chosen = subscribers.Choices(time_zone="Asia/Calcutta", digest_at=time(7, 30))
    web.database.write(lambda session: subscribers.choose(session, anna.id, chosen))
    page = web.page(anna.path)
    zone, hour = field(page, "#time_zone option[selected]")["value"], field(page, "#hour option[selected]")["value"]
    assert (zone, hour) == ("Asia/Calcutta", "07:30")
    anna.done("letters", time_zone=str(zone), hour=str(hour))
    assert (anna.row.time_zone, anna.row.digest_at) == ("Asia/Calcutta", time(7, 30))


def test_letters_pause_until_a_day_and_go_on(anna: Anna) -> None:
    page = anna.done("pause", until="2026-12-24")
    assert anna.row.paused_until == date(2026, 12, 24)
    assert "No letter comes before Thu 24 Dec 2026" in page.get_text()
    anna.done("letters", alerts="1", reminders="1", hour="09:00")
    assert anna.row.paused_until == date(2026, 12, 24), "other choices leave the pause"
    assert "go on" in said(anna.done("go-on"))
    assert anna.row.paused_until is None


@pytest.mark.parametrize("until", ["", "tomorrow", "2026-11-23", "2025-01-01", "2028-01-01"])
def test_a_pause_ends_on_a_day_to_come_within_a_year(anna: Anna, until: str) -> None:
    assert "within a year" in field(anna.refused("pause", until=until), "#page-problem").get_text()
    assert anna.row.paused_until is None


# Leaving ----------------------------------------------------------------------------------------------


def test_stopping_all_letters_says_that_feeds_and_calendars_end_too(anna: Anna, web: "Web") -> None:
    page = anna.done("stop")
    assert anna.row.state == SubscriberState.UNSUBSCRIBED
    text = page.select("main")[0].get_text()
    assert "private feeds, calendars and webhooks" in text
    assert page.select("main a[href='/subscribe']")
    assert not page.select("article.saved")


def test_who_has_left_does_not_come_back_by_an_old_link(anna: Anna) -> None:
    anna.done("stop")
    for do in ("letters", "add", "go-on", "change"):
        assert anna.does(do, q="x", search=anna.search_id).status_code == 200
    assert anna.row.state == SubscriberState.UNSUBSCRIBED
    assert len(anna.web.database.write(lambda session: subscribers.searches_of(session, anna.id))) == 1


def test_deleting_everything_takes_a_letter_to_the_address_itself(anna: Anna, web: "Web") -> None:
    page = anna.done("forget")
    assert "on its way to your address" in said(page)
    assert anna.letters() == [LetterKind.FAREWELL]
    assert anna.row.active, "nothing is deleted by the link that may have been passed on"
    again = anna.does("forget")
    assert again.status_code == 429
    assert "a short while ago" in again.text
    assert anna.letters() == [LetterKind.FAREWELL]


def test_the_link_of_that_letter_asks_once_more_and_then_deletes_everything(anna: Anna, web: "Web") -> None:
    path = f"/forget/{web.context.links.token(Purpose.FORGET, anna.id, now=web.now)}"
    page = web.page(path)
    web.client.head(path)
    assert anna.row.active
    assert "Delete everything of a…@example.org" in field(page, "main button").get_text()
    for _ in range(2):
        answer = web.client.post(path)
        assert answer.status_code == 200
        assert "Everything is deleted" in answer.text
    with web.database.reading() as session:
        assert subscribers.by_email(session, EMAIL) is None
        assert session.exec(select(SavedSearch)).all() == []
    assert web.get(anna.path).status_code == 410
    assert web.get(path).status_code == 410


def test_a_link_to_ones_choices_deletes_nothing(anna: Anna, web: "Web") -> None:
    for token in (anna.path.rpartition("/")[2], "nonsense"):
        assert web.client.post(f"/forget/{token}").status_code == 410
        assert web.client.get(f"/forget/{token}").status_code == 410
    old = web.context.links.token(Purpose.FORGET, anna.id, now=web.now - timedelta(days=1, seconds=1))
    assert web.client.post(f"/forget/{old}").status_code == 410
    assert anna.row.active


# A fresh link -----------------------------------------------------------------------------------------


def test_a_fresh_link_is_sent_to_whoever_is_known_and_the_answer_is_the_same_for_all(anna: Anna, web: "Web") -> None:
    def work(session: Session) -> None:
        subscribers.add(session, "barred@example.org", now=web.now)
        subscribers.suppress(session, "barred@example.org", SuppressionReason.COMPLAINT, now=web.now)

    web.database.write(work)
    answers = set()
    for email in (EMAIL, EMAIL, "nobody@example.org", "barred@example.org"):
        answer = web.client.post("/choices", data={"email": email})
        answers.add((answer.status_code, answer.text.replace(email, "…")))
    assert len(answers) == 1
    assert anna.letters() == [LetterKind.CHOICES], "and only one within ten minutes"


def test_who_has_left_may_ask_for_the_link_to_delete_what_is_kept(anna: Anna, web: "Web") -> None:
    anna.done("stop")
    web.client.post("/choices", data={"email": EMAIL})
    assert anna.letters() == [LetterKind.CHOICES]


def test_a_program_that_fills_in_every_field_is_sent_nothing(anna: Anna, web: "Web") -> None:
    assert web.client.post("/choices", data={"email": EMAIL, "comment": "x"}).status_code == 200
    assert anna.letters() == []


def test_what_is_no_address_is_told(web: "Web") -> None:
    answer = web.client.post("/choices", data={"email": "anna"})
    assert answer.status_code == 422
    assert "name@example.org" in answer.text


# Webhooks ---------------------------------------------------------------------------------------------


def test_the_key_of_a_webhook_is_shown_once(anna: Anna, web: "Web") -> None:
    answer = anna.does("webhook-add", search=anna.search_id, url="https://example.org/hook/s3cret", form="json")
    assert answer.status_code == 200
    (added,) = anna.webhooks
    assert added.secret in answer.text
    page = web.page(anna.path)
    assert added.secret not in str(page)
    assert "s3cret" not in str(page), "the address may be a secret, too"
    assert "example.org/…cret" in page.get_text()


@pytest.mark.parametrize("form", ["slack", "teams"])
def test_slack_and_teams_need_no_key(anna: Anna, form: str) -> None:
    assert "added" in said(anna.done("webhook-add", search=anna.search_id, url="https://example.org/x", form=form))
    assert [one.form for one in anna.webhooks] == [form]


@pytest.mark.parametrize("url", ["", "http://example.org/x", "https://127.0.0.1/", "https://a:b@example.org/", "x"])
def test_an_address_that_is_never_called_is_refused_at_its_field(anna: Anna, url: str) -> None:
    page = anna.refused("webhook-add", search=anna.search_id, url=url, form="json")
    assert page.select("[name=url][aria-invalid]")
    assert anna.webhooks == []


def test_a_search_has_a_few_webhooks_at_most(anna: Anna) -> None:
    for _ in range(calling.MOST_WEBHOOKS):
        anna.done("webhook-add", search=anna.search_id, url="https://example.org/x", form="slack")
    page = anna.refused("webhook-add", search=anna.search_id, url="https://example.org/x", form="slack")
    assert not page.select("[name=url]")
    assert len(anna.webhooks) == calling.MOST_WEBHOOKS


def test_a_webhook_that_was_turned_off_says_why_and_is_turned_on_or_removed(anna: Anna, web: "Web") -> None:
    anna.done("webhook-add", search=anna.search_id, url="https://example.org/x", form="slack")
    (webhook,) = anna.webhooks

    def turn_off(session: Session) -> None:
        row = session.get_one(Webhook, webhook.id)
        row.disabled_at, row.failures = web.now, 20
        session.add(
            WebhookCall(
                id=uuid4(), webhook_id=row.id, tender_id=uuid4(), sequence=1, why=(), state=DeliveryState.FAILED,
                due_at=web.now, finished_at=web.now, error="example.org: answered 500",
            )
        )  # fmt: skip

    web.database.write(turn_off)
    text = web.page(anna.path).get_text()
    assert "turned off" in text
    assert "example.org: answered 500" in text
    anna.done("webhook-enable", webhook=webhook.id)
    assert anna.webhooks[0].disabled_at is None
    anna.done("webhook-remove", webhook=webhook.id)
    assert anna.webhooks == []


@pytest.fixture
def trying(serving: "Callable[..., Web]") -> tuple[Anna, list[UUID]]:
    """Anna on a site that calls webhooks; what is tried a second time is not taken."""
    tried: list[UUID] = []

    def call(id: UUID) -> None:
        tried.append(id)
        if len(tried) > 1:
            raise Told("{host}: answered {status} “{said}”", host="example.org", status=500, said="no")

    return Anna(serving(try_webhook=call)), tried


def test_a_test_says_whether_it_was_taken(trying: tuple[Anna, list[UUID]]) -> None:
    anna, tried = trying
    anna.done("webhook-add", search=anna.search_id, url="https://example.org/x", form="slack")
    (webhook,) = anna.webhooks
    assert "taken" in said(anna.done("webhook-try", webhook=webhook.id))
    page = anna.refused("webhook-try", webhook=webhook.id)
    assert "answered 500" in field(page, "#hook-problem").get_text()
    assert tried == [webhook.id] * 2


def test_where_nothing_is_called_no_test_is_offered(anna: Anna, web: "Web") -> None:
    anna.done("webhook-add", search=anna.search_id, url="https://example.org/x", form="slack")
    assert not web.page(anna.path).select("button[value=webhook-try]")

"""Subscribing on the page: trying a search, asking for it, and confirming it from the mail."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from alerts.links import Purpose
from db import signups, subscribers
from db.history import Digest
from db.subscriber import SavedSearch, SignUp, Subscriber
from db.subscribers import MOST_SEARCHES
from db.vocabulary.delivery import Frequency, LetterKind, SubscriberState, SuppressionReason
from db.vocabulary.japanese import TOKYO
from db.vocabulary.query import And, Or, Query, parse
from monitor.web import subscribing
from monitor.web.filters import Filters

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web

EMAIL = "anna@example.org"
ASKED = {"do": "ask", "email": EMAIL, "q": "水素"}


def ask(web: "Web", status: int = 200, /, **fields: str) -> BeautifulSoup:
    answer = web.client.post("/subscribe", data={**ASKED, **fields})
    assert answer.status_code == status, answer.text
    return BeautifulSoup(answer.text, "lxml")


def letters(web: "Web") -> list[Digest]:
    with web.database.reading() as session:
        return list(session.exec(select(Digest).order_by(Digest.window_end)).all())  # type: ignore[arg-type]


def searches(web: "Web") -> list[SavedSearch]:
    with web.database.reading() as session:
        return list(session.exec(select(SavedSearch)).all())


def owner(web: "Web", email: str = EMAIL) -> Subscriber:
    with web.database.reading() as session:
        found = subscribers.by_email(session, email)
    assert found is not None
    return found


def confirm_path(web: "Web") -> str:
    (search,) = searches(web)
    return f"/confirm/{web.context.links.token(Purpose.CONFIRM, search.id, now=web.context.clock())}"


class Ticking:
    """A clock that the test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Ticking:
    return Ticking(datetime(2026, 11, 23, 9, 0, tzinfo=TOKYO))


@pytest.fixture
def ticking(serving: "Callable[..., Web]", clock: Ticking) -> "Web":
    return serving(clock=clock)


# The form ---------------------------------------------------------------------------------------------


def test_the_list_leads_to_the_form_and_takes_its_filters_along(web: "Web") -> None:
    web.keep(web.notice())
    page = web.page("/", q="水素", area="renewables", prefecture="Tokyo")
    (link,) = [one for one in page.select("main a") if one.get_text() == "Be told of new ones"]
    form = BeautifulSoup(web.get(str(link["href"])).text, "lxml")
    assert form.select("#q")[0]["value"] == "水素"
    assert form.select("#area option[selected]")[0]["value"] == "renewables"
    assert form.select("#prefecture option[selected]")[0]["value"] == "Tokyo"


def test_a_tender_leads_to_its_calendar_and_to_a_search_for_its_buyer(web: "Web") -> None:
    id = web.keep(web.notice(buyer='例示県 "水道"局'))
    links = {one.get_text(): str(one["href"]) for one in web.page(f"/tenders/{id}").select(".follow a")}
    assert links["Its dates for your calendar"] == f"https://monitor.example.org/tenders/{id}.ics"
    feed = links["Feed of this buyer"].removeprefix("https://monitor.example.org")
    assert web.client.get(feed).status_code == 200
    form = BeautifulSoup(web.get(links["Be told of new ones of this buyer"]).text, "lxml")
    assert not form.select("#q-error")
    assert form.select("#q")[0]["value"] == 'buyer:"例示県 水道 局"'


def test_trying_a_search_shows_what_it_would_have_found_and_keeps_nothing(web: "Web") -> None:
    web.keep(web.notice(title_en="Hydrogen station"), web.notice(key="2", title="水素の調査", buyer="別の県"))
    web.keep(web.notice(key="3", title="水素の運搬", published=date(2026, 10, 1)))
    page = ask(web, do="try")
    assert "In the last 30 days this would have found 2 tenders" in page.get_text()
    assert len(page.select(".titles a")) == 2
    assert page.select("#email")[0]["value"] == EMAIL, "what was entered stays"
    assert (letters(web), searches(web)) == ([], [])


def test_a_search_that_finds_nothing_says_so_and_what_to_try(web: "Web") -> None:
    page = ask(web, do="try", q="存在しない語")
    assert "would have found nothing" in page.get_text()
    assert "Take something away" in page.get_text()
    assert "Japanese word" in page.get_text()


def test_a_search_for_everything_that_finds_nothing_is_told_of_nothing_to_take_away(web: "Web") -> None:
    page = ask(web, do="try", q="").get_text()
    assert "would have found nothing" in page
    assert "Take something away" not in page
    assert "It looks for everything" in page


@pytest.mark.parametrize(
    ("name", "shown"), [("", ["Looks for", "Letters"]), ("Mine", ["Name", "Looks for", "Letters"])]
)
def test_the_page_that_confirms_says_once_what_a_search_looks_for(web: "Web", name: str, shown: list[str]) -> None:
    ask(web, q="", name=name)
    assert [one.get_text() for one in web.page(confirm_path(web)).select("dt")] == shown


def test_a_search_that_finds_very_much_is_questioned(web: "Web", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.web.searching.OFTEN", 1)
    web.keep(*(web.notice(key=str(n), title=f"水素調査{n:03}") for n in range(30)))
    assert "about 1 a day" in ask(web, do="try").get_text()


def test_a_preview_that_takes_too_long_says_how_many_at_least(web: "Web", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.web.searching.PREVIEW_SECONDS", 0)
    web.keep(web.notice())
    assert "more than 0 tenders" in ask(web, do="try").get_text()


def test_while_many_people_search_the_form_is_there_without_a_preview(
    serving: "Callable[..., Web]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.web.searching.SEARCHES", 0)
    monkeypatch.setattr("monitor.web.searching.SEARCH_SECONDS", 0)
    web = serving()
    page = web.page("/subscribe", q="水素")
    assert "many people are searching" in page.select("#try-error")[0].get_text()
    ask(web)
    assert len(letters(web)) == 1


@pytest.mark.parametrize("deed", ["try", "ask"])
def test_a_mistake_is_shown_at_its_place_and_nothing_is_sent(web: "Web", deed: str) -> None:
    page = ask(web, 200 if deed == "try" else 422, do=deed, q="水素 (wind")
    assert page.select("#q-error mark")[0].get_text() == "(wind"
    assert "at character 4" in page.select("#q-error")[0].get_text()
    assert page.select("#q")[0]["aria-invalid"] == "true"
    assert letters(web) == []


@pytest.mark.parametrize(
    "email", ["", "anna", "anna@example", "a b@example.org", "anna@example.org\r\nBcc: x@y.z", "ä@x.org"]
)
def test_what_is_no_address_is_told_at_its_field(web: "Web", email: str) -> None:
    page = ask(web, 422, email=email)
    assert page.select("#email-error")
    assert page.select("#q")[0]["value"] == "水素"
    assert letters(web) == []


@pytest.mark.parametrize(
    "fields",
    [{"frequency": "hourly"}, {"language": "fr"}, {"time_zone": "Europe/Nowhere"}, {"hour": "25:00"}, {"area": "x"},
     {"hour": "08:00+09:00"}, {"weekday": "7"}],
)  # fmt: skip
def test_what_nobody_can_choose_is_refused(web: "Web", fields: dict[str, str]) -> None:
    ask(web, 422, **fields)
    assert letters(web) == []


def test_a_form_of_any_size_is_not_read_to_its_end(web: "Web") -> None:
    assert web.client.post("/subscribe", data={**ASKED, "q": "x" * 30_000}).status_code == 413


# Asking -----------------------------------------------------------------------------------------------


def test_asking_keeps_the_search_and_sends_one_letter(web: "Web") -> None:
    page = ask(
        web, area="renewables", prefecture="Tokyo", name="Hydrogen in Tokyo", frequency="weekly",
        language="ja", time_zone="Europe/Paris", hour="07:00",
    )  # fmt: skip
    assert page.select("h1")[0].get_text() == "Look into your mailbox"
    (search,), (letter,), anna = searches(web), letters(web), owner(web)
    assert (search.name, search.query) == ("Hydrogen in Tokyo", "area:renewables prefecture:東京都 水素")
    assert (search.frequency, search.confirmed_at) == (Frequency.WEEKLY, None)
    assert (letter.kind, letter.saved_search_id) == (LetterKind.CONFIRMATION, search.id)
    assert (anna.language, anna.time_zone, anna.digest_at) == ("ja", "Europe/Paris", time(7))
    assert anna.state == SubscriberState.PENDING


@pytest.mark.parametrize(
    ("fields", "name"),
    [({}, "水素"), ({"area": "renewables"}, "Renewable energy: 水素"), ({"q": "", "kind": "award"}, "kind:award"),
     ({"q": ""}, "Everything"), ({"name": " \0Wind\r\nBcc: x "}, "Wind Bcc: x")],
)  # fmt: skip
def test_a_search_has_a_name_in_one_line(web: "Web", fields: dict[str, str], name: str) -> None:
    ask(web, **fields)
    assert [one.name for one in searches(web)] == [name]


def test_the_answer_is_the_same_whether_an_address_is_known_or_barred_or_was_asked_before(
    web: "Web", monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(session: Session) -> None:
        subscribers.add(session, "known@example.org", now=web.now)
        gone = subscribers.add(session, "left@example.org", now=web.now)
        subscribers.unsubscribe(session, gone.token, now=web.now)
        subscribers.suppress(session, "barred@example.org", SuppressionReason.BOUNCE, now=web.now)

    web.database.write(prepare)
    answers = set()
    for local in ("new", "new", "known", "left", "barred"):
        email = f"{local}@example.org"
        answer = web.client.post("/subscribe", data={**ASKED, "email": email})
        headers = tuple(sorted((name, value) for name, value in answer.headers.items() if name != "date"))
        answers.add((answer.status_code, answer.text.replace(email, "…"), headers))
    assert len({(status, text) for status, text, _ in answers}) == 1
    told = [one.subscriber_id for one in letters(web)]
    assert len(told) == 3, "one to each of new, known and left"
    with web.database.reading() as session:
        assert subscribers.by_email(session, "barred@example.org") is None


def test_an_address_in_other_spellings_of_the_same_mailbox_is_one_address(web: "Web") -> None:
    for email in ("anna@example.org", "Anna@Example.org", "anna+1@example.org", "anna+2@EXAMPLE.org"):
        ask(web, email=email)
    assert len(letters(web)) == 1
    ask(web, email="b.e.a@gmail.com")
    ask(web, email="bea@gmail.com")
    assert len(letters(web)) == 2


def test_an_address_is_asked_again_after_ten_minutes(ticking: "Web", clock: Ticking) -> None:
    ask(ticking)
    ask(ticking)
    assert len(letters(ticking)) == 1
    clock.now += timedelta(minutes=10)
    ask(ticking)
    assert len(letters(ticking)) == 2
    assert len(searches(ticking)) == 1, "the same search still waits"


def test_a_network_that_asks_for_very_many_is_told_so(web: "Web", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signups, "OF_A_NETWORK", 2)
    for number in range(2):
        ask(web, email=f"a{number}@example.org")
    answer = web.client.post("/subscribe", data={**ASKED, "email": "b@example.org"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")
    assert "from your network" in answer.text
    assert 'value="水素"' in answer.text
    assert len(letters(web)) == 2


def test_neither_addresses_nor_networks_can_be_read_out_of_what_cooldowns_keep(web: "Web") -> None:
    ask(web)
    with web.database.reading() as session:
        (kept,) = session.exec(select(SignUp)).all()
    assert all(re.fullmatch("[0-9a-f]{8,32}", one) for one in (kept.address, kept.domain, kept.network))


def test_a_program_that_fills_in_every_field_gets_the_same_answer_and_nothing_happens(web: "Web") -> None:
    trapped = ask(web, comment="buy now")
    assert trapped.get_text() == ask(web).get_text()
    assert len(letters(web)) == 1
    field = web.page("/subscribe").select("[name=comment]")[0]
    assert field["tabindex"] == "-1"
    assert field.find_parent(attrs={"aria-hidden": "true"})


def test_another_site_cannot_make_a_browser_ask(web: "Web") -> None:
    answer = web.client.post("/subscribe", data=ASKED, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert letters(web) == []


def test_when_many_ask_at_once_the_rest_of_the_site_stays_quick(
    serving: "Callable[..., Web]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribing, "WRITING", 0)
    web = serving()
    answer = web.client.post("/subscribe", data=ASKED)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert letters(web) == []


# Confirming -------------------------------------------------------------------------------------------


def test_opening_the_link_shows_the_search_and_changes_nothing(web: "Web") -> None:
    ask(web, name="Hydrogen <b>")
    path = confirm_path(web)
    page = web.page(path)
    web.client.head(path)
    text = page.select("main")[0].get_text()
    assert "Hydrogen <b>" in text
    assert "水素" in text
    assert "a…@example.org" in text
    assert EMAIL not in text
    assert owner(web).state == SubscriberState.PENDING
    assert searches(web)[0].confirmed_at is None


def test_the_button_begins_the_search_and_leads_to_ones_choices(web: "Web") -> None:
    ask(web)
    answer = web.client.post(confirm_path(web))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/choices/")
    anna = owner(web)
    assert (anna.state, anna.consent) == (SubscriberState.ACTIVE, "confirmed by mail")
    assert searches(web)[0].confirmed_at is not None
    page = web.client.get(answer.headers["location"]).text
    assert "Confirmed: your search has begun" in page


def test_confirming_twice_is_confirming_once(web: "Web") -> None:
    ask(web)
    path = confirm_path(web)
    assert [web.client.post(path).status_code for _ in range(2)] == [303, 303]
    first = searches(web)[0].confirmed_at
    assert web.page(path).select("h1")[0].get_text() == "This search is confirmed"
    assert searches(web)[0].confirmed_at == first


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_has_expired_offers_to_ask_again(ticking: "Web", clock: Ticking, method: str) -> None:
    ask(ticking)
    path = confirm_path(ticking)
    clock.now += timedelta(days=7, seconds=1)
    answer = ticking.client.request(method, path)
    assert answer.status_code == 410
    assert BeautifulSoup(answer.text, "lxml").select("main a[href='/subscribe']")
    assert searches(ticking)[0].confirmed_at is None


def test_a_link_for_something_else_confirms_nothing(web: "Web") -> None:
    ask(web)
    (search,) = searches(web)
    for token in (
        "nonsense",
        "%00",
        web.context.links.token(Purpose.CHOICES, search.id, now=web.now),
        web.context.links.token(Purpose.CONFIRM, owner(web).id, now=web.now),
    ):
        assert web.client.get(f"/confirm/{token}").status_code == 410
        assert web.client.post(f"/confirm/{token}").status_code == 410
    assert searches(web)[0].confirmed_at is None


def test_an_old_mail_does_not_bring_back_who_has_left(web: "Web") -> None:
    ask(web)

    def leave(session: Session) -> None:
        anna = subscribers.by_email(session, EMAIL)
        assert anna is not None
        subscribers.unsubscribe(session, anna.token, now=web.now + timedelta(minutes=1))

    web.database.write(leave)
    path = confirm_path(web)
    assert web.client.get(path).status_code == 410
    assert web.client.post(path).status_code == 410
    assert owner(web).state == SubscriberState.UNSUBSCRIBED


def test_who_has_too_many_searches_is_led_to_them(web: "Web") -> None:
    def fill(session: Session) -> None:
        anna = subscribers.add(session, EMAIL, now=web.now)
        for number in range(MOST_SEARCHES):
            subscribers.save_search(session, anna, str(number), "", now=web.now)

    web.database.write(fill)
    ask(web, name="one more")
    more = next(search for search in searches(web) if search.name == "one more")
    answer = web.client.post(f"/confirm/{web.context.links.token(Purpose.CONFIRM, more.id, now=web.now)}")
    assert answer.status_code == 409
    page = BeautifulSoup(answer.text, "lxml")
    assert "50" in page.select("#confirm-error")[0].get_text()
    assert web.client.get(str(page.select("main a[href^='/choices/']")[0]["href"])).status_code == 200


@pytest.mark.parametrize("kind", ["confirm", "choices", "forget", "told", "u"])
def test_secret_pages_are_kept_by_nobody_and_named_to_nobody(web: "Web", kind: str) -> None:
    ask(web)
    web.client.post(confirm_path(web))
    id = web.keep(web.notice())
    tokens = {
        "confirm": lambda: confirm_path(web),
        "choices": lambda: f"/choices/{web.context.links.token(Purpose.CHOICES, owner(web).id, now=web.now)}",
        "forget": lambda: f"/forget/{web.context.links.token(Purpose.FORGET, owner(web).id, now=web.now)}",
        "told": lambda: f"/told/{web.context.links.token(Purpose.TOLD, id, now=web.now)}",
        "u": lambda: f"/u/{owner(web).token}",
    }
    for path in (tokens[kind](), f"/{kind}/forged"):
        answer = web.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert '<meta name="robots" content="noindex">' in answer.text
        assert "hreflang" not in str(BeautifulSoup(answer.text, "lxml").select("head")[0])


@pytest.mark.parametrize(
    "path", ["/subscribe?q=x", "/choices", "/choices/x", "choices", "/confirm/x", "/told/x", "/u/x"]
)
def test_no_page_of_subscribers_needs_what_the_policy_forbids(web: "Web", path: str) -> None:
    ask(web)
    if path == "choices":
        path = web.client.post(confirm_path(web)).headers["location"]
    answer = web.get(path)
    assert "content-security-policy" in answer.headers
    page = BeautifulSoup(answer.text, "lxml")
    assert not page.select("script, style, [style], iframe, object, img[src^=http]")
    assert not [name for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")]
    assert web.client.head(path).content == b""


# Filters as a query -----------------------------------------------------------------------------------


def flat(query: Query) -> list[Query]:
    return [one for part in query.parts for one in flat(part)] if isinstance(query, And) else [query]


@given(
    q=st.sampled_from(
        ["", "水素", "水素 OR 蓄電池", "a OR b c", "(a OR b)", '"燃料 電池" -x', "NOT a", "title:調査"]
    ),
    area=st.sampled_from(["", "renewables"]),
    venue=st.booleans(),
    prefecture=st.sampled_from(["", "Tokyo", "北海道"]),
    kind=st.sampled_from(["", "award"]),
    category=st.sampled_from(["", "works"]),
)
def test_filters_written_as_a_query_find_what_the_list_shows(
    q: str, area: str, venue: bool, prefecture: str, kind: str, category: str
) -> None:
    filters = Filters.read(
        q=q, area=area, prefecture=prefecture, kind=kind, category=category,
        venue="1" if venue else "", areas=["renewables"],
    )  # fmt: skip
    shown, mistake = filters.query({})
    assert mistake is None
    kept = parse(filters.written)
    assert sorted(map(repr, flat(kept))) == sorted(map(repr, flat(shown)))
    assert not isinstance(kept, Or) or not filters.params.keys() - {"q", "area", "venue"}

"""What every page owes to those who do not see it as it was drawn."""

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from sqlmodel import Session

from alerts.links import Purpose
from db import calling, deliveries, subscribers
from db.deliveries import NewMatch
from db.subscriber import Webhook
from db.vocabulary.award import supplier_id
from db.vocabulary.delivery import Frequency, WebhookForm
from db.vocabulary.notice import notice_id
from monitor.web.pages import STATIC

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web

PAGES = [
    "/",
    "/?q=(",
    "/?area=renewables&lang=ja",
    "/?area=renewables&venue=1",
    "/tenders/{id}",
    "/tenders/{id}?marked=mobility",
    "/feeds",
    "/sources",
    "/queries",
    "/queries/notice-periods?lang=ja",
    "/u/token",
    "/nowhere",
    "/tenders/x",
]


EVENTFUL = [
    "/tenders/{id}",
    "/tenders/{id}?lang=ja",
    "/?q=水素",
    "/partners",
    "/partners?area=renewables&buyer=経済&lang=ja",
    "/companies/{company}",
    "/renewals?area=renewables",
    "/statistics",
    "/statistics?by=supplier&lang=ja",
    "/statistics?area=mobility&buyer=Digital+Agency",
    "/statistics?since=x",
]
"""Pages with everything that can be known of a tender."""
OF_READERS = [
    "/subscribe",
    "/subscribe?q=(&area=renewables&venue=1",
    "/subscribe?q=水素&lang=ja",
    "/choices",
    "/choices/x",
    "/choices/{choices}",
    "/choices/{choices}?lang=ja&done=letters",
    "/choices/{left}",
    "/confirm/{confirm}",
    "/confirm/{confirm}?lang=ja",
    "/confirm/{confirmed}",
    "/confirm/x",
    "/forget/{forget}",
    "/forget/x",
    "/told/{told}",
    "/told/{told}?lang=ja",
    "/told/x",
    "/u/{u}",
]
"""Pages of and for subscribers; the words stand for the tokens of their links."""
POSTED = [
    ("/subscribe", {"do": "try", "q": "水素", "email": "anna@例え.jp"}),
    ("/subscribe", {"do": "ask", "q": "(", "email": "例え"}),
    ("/subscribe", {"do": "ask", "q": "水素", "email": "anna@例え.jp"}),
    ("/choices", {"email": "x"}),
    ("/choices/{choices}", {"do": "try", "search": "{search}", "q": "水素"}),
    ("/choices/{choices}", {"do": "change", "search": "{search}", "q": "水素 ("}),
    ("/choices/{choices}", {"do": "try", "q": "水素"}),
    ("/choices/{choices}", {"do": "webhook-add", "search": "{search}", "url": "http://例え.jp", "form": "json"}),
    ("/choices/{choices}", {"do": "pause", "until": ""}),
    ("/u/nobody", {"instead": "pause"}),
    ("/u/nobody", {}),
]
"""Pages that answer a form, with mistakes and without."""


@pytest.fixture(scope="module")
def tokens(calm: "Web") -> dict[str, str]:
    """The links of two readers and an operator; what the first one has saved is named in Japanese."""
    tender_id = notice_id("kkj", "1")

    def work(session: Session) -> dict[str, str]:
        anna = subscribers.add(session, "anna@example.org", now=calm.now)
        search = subscribers.save_search(session, anna, "水素の調達", "area:renewables 水素", now=calm.now)
        hook = calling.add_webhook(session, search.id, "https://例え.jp/鍵", WebhookForm.JSON, now=calm.now)
        session.get_one(Webhook, hook.id).disabled_at = calm.now
        deliveries.add_matches(session, [NewMatch(search.id, tender_id, 1, ("水素",))], now=calm.now)
        asked = subscribers.ask(
            session,
            "bea@example.org",
            choices=subscribers.Choices(),
            name="蓄電池",
            query="蓄電池",
            frequency=Frequency.WEEKLY,
            now=calm.now,
        )
        left = subscribers.add(session, "left@example.org", now=calm.now)
        subscribers.unsubscribe(session, left.token, now=calm.now)

        def token(purpose: Purpose, id: UUID) -> str:
            return calm.context.links.token(purpose, id, now=calm.now)

        return {
            "choices": token(Purpose.CHOICES, anna.id),
            "left": token(Purpose.CHOICES, left.id),
            "confirm": token(Purpose.CONFIRM, asked.id),
            "confirmed": token(Purpose.CONFIRM, search.id),
            "forget": token(Purpose.FORGET, anna.id),
            "told": token(Purpose.TOLD, tender_id),
            "u": anna.token,
            "search": str(search.id),
        }

    return calm.database.write(work)


@pytest.fixture(
    params=[
        *PAGES,
        *(f"eventful {page}" for page in EVENTFUL),
        *(f"readers {page}" for page in OF_READERS),
        *(f"posted {number}" for number in range(len(POSTED))),
    ]
)
def page(request: pytest.FixtureRequest, calm: "Web", eventful: "Web", tokens: dict[str, str]) -> BeautifulSoup:
    if request.param.startswith("eventful "):
        path = request.param.removeprefix("eventful ").format(
            id=eventful.tender_id, company=supplier_id("株式会社例示エンジニアリング")
        )
        return BeautifulSoup(eventful.get(path).text, "lxml")
    if request.param.startswith("readers "):
        return BeautifulSoup(calm.get(request.param.removeprefix("readers ").format(**tokens)).text, "lxml")
    if request.param.startswith("posted "):
        path, form = POSTED[int(request.param.removeprefix("posted "))]
        data = {name: value.format(**tokens) for name, value in form.items()}
        answer = calm.client.post(path.format(**tokens), data=data)
        assert answer.status_code in (200, 422)
        return BeautifulSoup(answer.text, "lxml")
    id = notice_id("kkj", "1")
    return BeautifulSoup(calm.get(request.param.format(id=id)).text, "lxml")


def test_landmarks_and_one_heading_of_the_first_order(page: BeautifulSoup) -> None:
    for landmark in ("main", "header.top", "footer", "h1", "title"):
        assert len(page.select(landmark)) == 1, landmark
    assert all(nav.get("aria-label") for nav in page.select("nav"))


def test_headings_skip_no_order(page: BeautifulSoup) -> None:
    orders = [int(found.name[1]) for found in page.select("h1, h2, h3, h4")]
    assert orders[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(orders))


def test_a_heading_is_a_heading_and_nothing_else(page: BeautifulSoup) -> None:
    assert [heading for heading in page.select("h1, h2, h3, h4") if heading.get("role")] == []


def test_the_first_link_skips_to_the_content(page: BeautifulSoup) -> None:
    first = page.select("a")[0]
    assert first["href"] == "#main"
    assert page.select("#main")


def test_every_control_has_a_name(page: BeautifulSoup) -> None:
    for control in page.select("input:not([type=hidden]), select"):
        assert len(page.select(f"label[for={control['id']}]")) == 1, control
    for one in page.select("button, a, summary"):
        assert one.get_text(strip=True), one


def test_every_id_is_there_once_and_every_reference_leads_to_one(page: BeautifulSoup) -> None:
    ids = [str(tag["id"]) for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))
    for tag in page.select("[aria-labelledby], [aria-describedby]"):
        wanted = f"{tag.get('aria-labelledby', '')} {tag.get('aria-describedby', '')}".split()
        assert set(wanted) <= set(ids)


def test_tables_have_captions_and_headers(page: BeautifulSoup) -> None:
    for table in page.select("table"):
        assert table.select("caption")[0].get_text(strip=True)
        assert table.select("thead th[scope=col]")


def test_japanese_text_says_that_it_is_japanese(page: BeautifulSoup) -> None:
    """Nothing on an English page is in kanji or kana outside of lang="ja"."""
    if page.select("html")[0]["lang"] == "ja":
        return
    for tag in page.select('[lang="ja"], input, title'):
        tag.extract()
    assert not re.findall("[ぁ-んァ-ヶ一-龠]+", page.get_text())


def test_what_is_in_error_is_described_by_its_error(page: BeautifulSoup) -> None:
    for control in page.select("[aria-invalid]"):
        described = str(control["aria-describedby"]).split()
        assert any(page.select(f"#{id}.mistake[role=alert]") for id in described), control


def test_every_form_and_group_of_choices_says_what_it_is_for(page: BeautifulSoup) -> None:
    for group in page.select("fieldset"):
        assert group.select("legend")[0].get_text(strip=True)
    for form in page.select("form"):
        described = all(one.get("aria-describedby") for one in form.select("button"))
        assert form.get("aria-label") or form.get("aria-labelledby") or len(form.select("button")) == 1 or described


def test_links_are_no_riddles_to_a_screen_reader(page: BeautifulSoup) -> None:
    for current in page.select("[aria-current]"):
        assert current["aria-current"] in ("page", "true")
    assert not page.select("a:not([href])")


# Colours


def colours() -> list[dict[str, str]]:
    css = (STATIC / "style.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    given = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part)) for part in (light, dark)]
    return [given[0], {**given[0], **given[1]}]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, ground) for ink in ("ink", "quiet", "accent", "bad", "warn") for ground in ("paper", "surface")),
        *((ink, f"{ink}-soft") for ink in ("accent", "bad", "warn", "good")),
        ("on-accent", "accent"), ("on-mark", "mark"), ("ink", "bad-soft"),
    ],
)  # fmt: skip
def test_text_stands_out_as_wcag_aa_asks(theme: int, ink: str, ground: str) -> None:
    assert contrast(colours()[theme][ink], colours()[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_edges_of_fields_can_be_seen(theme: int) -> None:
    assert contrast(colours()[theme]["field"], colours()[theme]["surface"]) >= 3


def test_a_button_that_names_an_address_or_a_search_is_never_wider_than_a_phone() -> None:
    css = (STATIC / "style.css").read_text(encoding="utf-8")
    (rule,) = re.findall(r"button\.grave \{([^}]*)\}", css)
    said = {one.strip() for one in rule.split(";")}
    assert {"max-width: 100%", "overflow-wrap: anywhere", "white-space: normal"} <= said

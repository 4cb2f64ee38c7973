"""What every page owes to those who do not see it as it was drawn."""

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup

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
    "/u/token",
    "/nowhere",
    "/tenders/x",
]


EVENTFUL = ["/tenders/{id}", "/tenders/{id}?lang=ja", "/?q=水素"]
"""Pages with everything that can be known of a tender."""


@pytest.fixture(params=[*PAGES, *(f"eventful {page}" for page in EVENTFUL)])
def page(request: pytest.FixtureRequest, calm: "Web", eventful: "Web") -> BeautifulSoup:
    if request.param.startswith("eventful "):
        path = request.param.removeprefix("eventful ").format(id=eventful.tender_id)
        return BeautifulSoup(eventful.get(path).text, "lxml")
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


def test_the_first_link_skips_to_the_content(page: BeautifulSoup) -> None:
    first = page.select("a")[0]
    assert first["href"] == "#main"
    assert page.select("#main")


def test_every_control_has_a_name(page: BeautifulSoup) -> None:
    for control in page.select("input:not([type=hidden]), select"):
        assert page.select(f"label[for={control['id']}]"), control
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

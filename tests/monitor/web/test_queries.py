"""The page of questions, and what the record answers there."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup

from db import views
from db.engine import Database
from monitor.questions import EXAMPLES
from tests.db.small_record import NOW, fill

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web


@pytest.fixture
def web(serving: "Callable[..., Web]", tmp_path: Path, empty_record: Path) -> "Web":
    copyfile(empty_record, tmp_path / "monitor.db")
    database = Database.at(tmp_path / "monitor.db")
    fill(database)
    database.close()
    return serving()


def rows(page: BeautifulSoup) -> list[list[str]]:
    return [[cell.get_text(strip=True) for cell in row.select("td")] for row in page.select("table.answer tbody tr")]


def test_every_question_leads_to_its_answer(web: "Web") -> None:
    index = web.page("/queries")
    links = {link.get_text(): str(link["href"]) for link in index.select("main a")}
    assert links == {one.question: f"/queries/{one.name}" for one in EXAMPLES}
    for one in EXAMPLES:
        page = web.page(links[one.question])
        assert page.select("h1")[0].get_text() == one.question
        assert rows(page), one.name
    assert [code.get_text() for code in index.select("summary code")] == [view.name for view in views.VIEWS]


def test_an_answer_shows_the_sql_its_rows_and_where_they_lead(web: "Web") -> None:
    page = web.page("/queries/closing-next-week-tokyo")
    assert "BETWEEN '2026-11-30' AND '2026-12-06'" in page.select("pre")[0].get_text()
    headings = [one.get_text() for one in page.select("table.answer th")]
    assert headings[:3] == ["deadline_day", "deadline", "title"]
    assert all("2026-11-30" <= row[0] <= "2026-12-06" for row in rows(page))
    tenders = [str(link["href"]) for link in page.select("table.answer a") if link.get_text() == "Tender"]
    assert len(tenders) == len(rows(page))
    assert web.get(tenders[0]).status_code == 200


def test_an_answer_is_shown_again_for_an_hour_and_then_asked_anew(
    serving: "Callable[..., Web]", tmp_path: Path, empty_record: Path
) -> None:
    class Clock:
        now: datetime = NOW

        def __call__(self) -> datetime:
            return self.now

    clock = Clock()
    web = serving(clock=clock)
    asked = "/queries/suppliers-from-abroad"
    assert "no such rows yet" in web.page(asked).get_text()
    fill(web.database)
    clock.now += timedelta(minutes=59)
    assert rows(web.page(asked)) == []
    clock.now += timedelta(minutes=1)
    assert rows(web.page(asked))


def test_a_question_that_cannot_be_answered_is_told_with_another_way(web: "Web") -> None:
    web.database.write(views.drop)
    page = web.page("/queries/new-buyers")
    assert "monitor sql --example new-buyers" in page.get_text()
    assert "v_tenders" not in page.select(".notice")[0].get_text()


def test_a_question_that_nobody_knows_is_not_found(web: "Web") -> None:
    assert web.get("/queries/nothing").status_code == 404
    assert web.get("/queries/hydrogen-winners'--").status_code == 404


def test_the_page_is_in_the_readers_language_and_linked_from_everywhere(web: "Web") -> None:
    footer = web.page("/sources").select('footer a[href="/queries"]')
    assert footer
    assert web.page("/queries/hydrogen-winners", lang="ja").select("html")[0]["lang"] == "ja"

"""A published copy in Datasette, as whoever installs it sees it."""

import asyncio
import json
from datetime import date
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from datasette.app import Datasette

from alerts.site import Site
from db.engine import Database
from db.publishing import publish
from db.views import VIEWS
from monitor.datasette import metadata
from monitor.i18n import language
from monitor.questions import EXAMPLES
from tests.db.small_record import AWARDS, TENDERS, TODAY, fill

SITE = Site("Tender Monitor", "https://monitor.example.org", "example.org,2026", "us@example.org")


def said(code: str = "en", day: date = TODAY) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(metadata("tenders", site=SITE, language=language(code), today=day))
    return found


class Served:
    """A Datasette over a copy, asked within this process."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def get(self, path: str) -> Any:
        """What it answers in JSON."""
        return json.loads(self._get(path))

    def page(self, path: str) -> str:
        return self._get(path)

    def _get(self, path: str) -> str:
        async def ask() -> str:
            served = Datasette([], immutables=[str(self._file)], metadata=said())
            await served.invoke_startup()
            answer = await served.client.get(path)
            assert answer.status_code == 200, answer.text
            return str(answer.text)

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Served:
    folder = tmp_path_factory.mktemp("datasette")
    copyfile(sqlite_template, folder / "monitor.db")
    database = Database.at(folder / "monitor.db")
    fill(database)
    publish(database, folder / "tenders.db")
    database.close()
    return Served(folder / "tenders.db")


def test_the_database_shows_its_tables_and_the_questions(served: Served) -> None:
    shown = served.get("/tenders.json")
    counts = {table["name"]: table["count"] for table in shown["tables"] if not table["hidden"]}
    assert counts.keys() == {view.table for view in VIEWS}
    assert (counts["tenders"], counts["awards"]) == (TENDERS, AWARDS - 1)
    assert {view["name"] for view in shown["views"]} == {view.name for view in VIEWS}
    assert {query["name"] for query in shown["queries"]} == {one.name for one in EXAMPLES}
    assert "Who wins hydrogen contracts?" in served.page("/tenders")


def test_a_table_has_its_columns_explained_its_facets_and_the_newest_first(served: Served) -> None:
    page = served.page("/tenders/tenders")
    assert "The day on which tendering ends, in Japan." in page
    shown = served.get("/tenders/tenders.json?_shape=objects&_facet=prefecture")
    published = [row["published"] for row in shown["rows"]]
    assert published == sorted(published, reverse=True)
    assert {"kind", "category", "access", "prefecture"} <= shown["facet_results"].keys()


def test_a_table_can_be_searched(served: Served) -> None:
    shown = served.get("/tenders/awards.json?_search=ステーション保守&_shape=objects")
    assert {row["title"] for row in shown["rows"]} == {"水素ステーション保守"}


def test_an_award_leads_to_its_tender(served: Served) -> None:
    page = served.page("/tenders/awards?tender_id__notblank=1")
    assert 'href="/tenders/tenders/' in page


@pytest.mark.parametrize("name", ["hydrogen-winners", "closing-next-week-tokyo", "awards-by-area-and-year"])
def test_a_question_is_answered(served: Served, name: str) -> None:
    assert served.get(f"/tenders/{name}.json?_shape=array")


def test_every_table_and_column_is_explained_in_the_language_that_is_asked_for() -> None:
    tables = said()["databases"]["tenders"]["tables"]
    assert tables.keys() == {name for view in VIEWS for name in (view.table, view.name)}
    for view in VIEWS:
        assert list(tables[view.table]["columns"]) == view.names
    assert said()["license_url"] == "https://monitor.example.org/sources"
    assert said("ja")["title"] == "Tender Monitor"

"""The list for programs: the same search, answered in JSON."""

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from db.card import card
from db.search import TooSlow
from monitor.exports.lines import as_line
from monitor.web.searching import Searches

if TYPE_CHECKING:
    from tests.monitor.web.conftest import Web


def asked(web: "Web", status: int = 200, /, **params: str | int) -> Any:
    answer = web.get("/api/tenders", None, **params)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    return json.loads(answer.content)


def test_a_tender_is_a_line_of_the_export_with_the_words_that_were_found(web: "Web") -> None:
    id = web.story()
    (tender,) = asked(web, q="水素 buyer:経済産業省", area="renewables")["tenders"]
    with web.database.reading() as session:
        shown = card(session, id)
    assert shown is not None
    snippet = {"place": "title", "text": "水素ステーション遠隔監視システムの構築業務", "hits": [[0, 2]]}
    assert tender == json.loads(msgspec.json.encode(as_line(shown))) | {"snippet": snippet}


def test_a_snippet_of_the_text_says_where_its_hits_are(web: "Web") -> None:
    web.keep(web.notice(title="機器", text="前の文。" * 60 + "ここで水　素を作る。", buyer="例示県"))
    (tender,) = asked(web, q="hydrogen")["tenders"]
    snippet = tender["snippet"]
    assert (snippet["place"], snippet["text"][0]) == ("text", "…")
    assert [snippet["text"][start:end] for start, end in snippet["hits"]] == ["水 素"]


def test_a_search_without_words_has_no_snippets(web: "Web") -> None:
    web.keep(web.notice())
    for params in ({}, {"q": "kind:tender"}, {"area": "renewables"}):
        (tender,) = asked(web, **params)["tenders"]
        assert tender["snippet"] is None


def test_the_newest_come_first_unless_the_best_are_asked_for(web: "Web") -> None:
    best = web.keep(web.notice(key="1", title="蓄電池の調達", text="", published=date(2026, 11, 1)))
    newest = web.keep(web.notice(key="2", title="機器の調達", text="蓄電池", published=date(2026, 11, 20)))
    assert [one["id"] for one in asked(web, q="蓄電池")["tenders"]] == [str(newest), str(best)]
    assert [one["id"] for one in asked(web, q="蓄電池", order="best")["tenders"]] == [str(best), str(newest)]


def test_it_finds_what_the_list_shows_in_the_same_order(web: "Web") -> None:
    web.many(3)
    web.keep(web.notice(key="x", title="水素の調査", buyer="別の県"))
    for params in (
        {},
        {"q": "調査 NOT 水素"},
        {"q": "調査 OR 水素"},
        {"prefecture": "Tokyo", "kind": "tender"},
        {"q": "-調査"},
    ):
        page = web.page("/", 200, order="newest", **params)
        listed = [str(link["href"]).rpartition("/")[2] for link in page.select("ol.tenders h3 a")]
        assert [one["id"] for one in asked(web, **params)["tenders"]] == listed


def test_pages_lead_on_and_the_last_one_says_so(web: "Web") -> None:
    web.many(51)
    first = asked(web, prefecture="Tokyo", q="調査")
    assert (first["page"], len(first["tenders"])) == (1, 50)
    assert first["next"].startswith("https://monitor.example.org/api/tenders?")
    last = json.loads(web.get(first["next"].removeprefix("https://monitor.example.org")).content)
    assert (last["page"], len(last["tenders"]), last["next"]) == (2, 1, None)
    assert not {one["id"] for one in first["tenders"]} & {one["id"] for one in last["tenders"]}
    assert asked(web)["total"] == 51


def test_a_mistake_is_told_with_its_place(web: "Web") -> None:
    assert asked(web, 422, q="水素 (wind") == {"error": "a parenthesis is opened and not closed", "position": 3}
    assert "ません" in asked(web, 422, q="水素 (wind", lang="ja")["error"]


@pytest.mark.parametrize(
    "params",
    [
        {"area": "nowhere"},
        {"page": 0},
        {"page": 201},
        {"page": "two"},
        {"querry": "x"},
        {"kind": "x"},
        {"order": "x"},
    ],
)
def test_what_is_not_there_to_be_chosen_is_told_and_never_left_out(web: "Web", params: dict[str, str | int]) -> None:
    answer = asked(web, 422, **params)
    assert answer["error"]
    assert answer["position"] is None


def test_a_search_that_takes_too_long_is_told_in_json_too(web: "Web", monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> None:
        raise TooSlow("this search takes too long; narrow it by a focus area, a prefecture or a day")

    monkeypatch.setattr(Searches, "page", slow)
    answer = web.get("/api/tenders", q="x")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "narrow it" in answer.json()["error"]

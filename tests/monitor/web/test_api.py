"""The list for programs: the same search, answered in JSON."""

import json
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


def test_a_tender_is_what_a_line_of_the_export_is(web: "Web") -> None:
    id = web.story()
    (tender,) = asked(web, q="水素 buyer:経済産業省", area="renewables")["tenders"]
    with web.database.reading() as session:
        shown = card(session, id)
    assert shown is not None
    assert tender == json.loads(msgspec.json.encode(as_line(shown)))


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
        page = web.page("/", 200, **params)
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
    "params", [{"area": "nowhere"}, {"page": 0}, {"page": 201}, {"page": "two"}, {"querry": "x"}, {"kind": "x"}]
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

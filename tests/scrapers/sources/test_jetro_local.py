"""The local part of JETRO's database: one list, and a page for each notice."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.source import Finding, Page, Request, SourceOptions, Window, crawl, page_of
from scrapers.sources.jetro_local import LIST, JetroLocal

EXAMPLE = Path(__file__).parents[1] / "examples" / "jetro_local" / "ordinary"
NOW = datetime(2026, 9, 17, 9, tzinfo=timezone(timedelta(hours=9)))
WINDOW = Window(date(2026, 9, 15), None, NOW)
ITEMS: list[dict[str, Any]] = json.loads((EXAMPLE / "list.json").read_text("utf-8"))["items"]
AIDS = [item["aid"] for item in ITEMS]

Answer = str | ScrapeError


def listing(items: list[dict[str, Any]]) -> str:
    return json.dumps({"pagination": {"total": len(items), "perPage": 30, "current": 0}, "items": items})


class Portal:
    """Answers with a list, and with the pages of notices by their aid."""

    def __init__(
        self, items: list[dict[str, Any]] | None = None, changed: Mapping[str, Answer] | None = None
    ) -> None:
        pages = {aid: (EXAMPLE / f"{aid}.html").read_text("utf-8") for aid in AIDS}
        self.pages: dict[str, Answer] = {
            "list": listing(ITEMS if items is None else items),
            **pages,
            **(changed or {}),
        }
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Page:
        self.requests.append(request)
        path = urlsplit(request.url).path
        answer = self.pages["list" if request.params else path.rpartition("/")[2].removesuffix(".html")]
        if isinstance(answer, ScrapeError):
            raise answer
        return page_of(answer.encode(), request, headers={"content-type": "text/html; charset=UTF-8"})

    def visit(self, *prefectures: str, window: Window = WINDOW) -> list[Finding]:
        return list(crawl(JetroLocal(SourceOptions(prefectures=prefectures)), window, self))

    @property
    def pages_asked(self) -> list[str]:
        return [request.url for request in self.requests if not request.params]


def notices(findings: list[Finding]) -> dict[str, ScrapedNotice]:
    return {finding.key: finding for finding in findings if isinstance(finding, ScrapedNotice)}


def problems(findings: list[Finding]) -> list[Problem]:
    return [finding for finding in findings if isinstance(finding, Problem)]


def test_a_notice_is_known_by_its_aid_for_some_have_no_xid() -> None:
    found = notices(Portal().visit())
    assert list(found) == AIDS
    assert {"xid" in item for item in ITEMS} == {True, False}
    assert found[AIDS[0]].url == f"https://www.jetro.go.jp/gov_procurement/local/articles/{AIDS[0]}.html"


def test_a_notice_with_and_without_its_xid_is_the_same_notice() -> None:
    items = [{**ITEMS[0], "xid": 81446}, ITEMS[0]]
    assert list(notices(Portal(items).visit())) == [AIDS[0]]


def test_the_place_of_the_list_is_the_prefecture() -> None:
    assert [notice.prefecture for notice in notices(Portal().visit()).values()] == ["東京都", "大阪府", "北海道"]


def test_a_place_that_is_no_prefecture_stays_a_place() -> None:
    (notice,) = notices(Portal([{**ITEMS[0], "location": "関東"}]).visit()).values()
    assert (notice.prefecture, notice.place) == (None, "関東")


def test_a_title_that_the_list_has_cut_is_completed_from_the_notices_page() -> None:
    title = notices(Portal().visit())[AIDS[2]].title
    assert title.startswith("ア　灯油（市部）")
    assert title.endswith("23,400リットル")


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("トナーの購入", NoticeKind.TENDER),
        ("入札結果の公表", NoticeKind.AWARD),
        ("【訂正】トナー", NoticeKind.AMENDMENT),
    ],
)
def test_the_kind_is_what_the_title_announces(title: str, kind: NoticeKind) -> None:
    (notice,) = notices(Portal([{**ITEMS[0], "title": title}]).visit()).values()
    assert notice.kind is kind


def test_an_operator_may_ask_for_some_prefectures_and_only_their_pages_are_read() -> None:
    portal = Portal()
    findings = portal.visit("27", "01")
    assert list(notices(findings)) == [AIDS[1], AIDS[2]]
    assert len(portal.pages_asked) == 2
    assert Coverage("Japanese", 3, 3, complete=True) in findings
    assert dict(portal.requests[0].params)["local_area"] == ""


def test_of_what_lies_outside_the_window_no_page_is_read() -> None:
    portal = Portal()
    window = Window(date(2026, 9, 16), date(2026, 9, 16), NOW)
    assert list(notices(portal.visit(window=window))) == [AIDS[0]]
    assert len(portal.pages_asked) == 1


def test_a_second_visit_finds_the_very_same_notices() -> None:
    assert Portal().visit() == Portal().visit()


@pytest.mark.parametrize("answer", [FetchError("gone"), "<html><body>ただいまメンテナンス中です</body></html>"])
def test_a_notice_whose_page_cannot_be_read_is_a_problem_and_left_out(answer: Answer) -> None:
    findings = Portal(changed={AIDS[1]: answer}).visit()
    assert list(notices(findings)) == [AIDS[0], AIDS[2]]
    assert [problem.part for problem in problems(findings)] == [AIDS[1]]


def test_when_notice_after_notice_fails_the_rest_is_not_asked() -> None:
    items = [{**ITEMS[0], "aid": f"{number:016x}"} for number in range(9)]
    portal = Portal(items, {item["aid"]: FetchError("gone") for item in items})
    with pytest.raises(FetchError, match="gone"):
        portal.visit()
    assert len(portal.pages_asked) == 3


def test_a_refusal_ends_the_visit_at_once() -> None:
    portal = Portal(changed={AIDS[0]: Refused("robots.txt forbids it")})
    with pytest.raises(Refused):
        portal.visit()


def test_a_firewalls_page_is_not_taken_for_an_empty_list() -> None:
    with pytest.raises(SourceChanged, match="jetro_local: the list Japanese is a page instead of JSON"):
        Portal(changed={"list": "<html><title>Request blocked</title></html>"}).visit()


def test_the_list_is_asked_for_with_its_own_names() -> None:
    portal = Portal([])
    portal.visit()
    params = dict(portal.requests[0].params)
    assert params["blockId"] == LIST.block == "33686978"
    assert (params["local_from"], params["local_to"], params["current"]) == ("2026/09/15", "2026/09/17", "0")
    assert "local_type" not in params

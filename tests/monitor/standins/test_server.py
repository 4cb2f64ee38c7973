"""The one loopback server of all stand-ins: hosts, robots.txt, failures."""

from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from monitor.serving import serve
from monitor.standins import server
from monitor.standins.server import Portal, StandInSettings, Switchboard, address_of, app, portals


class Kkj(Protocol):
    client: httpx.Client
    board: Switchboard

    def get(self, **params: str | int) -> httpx.Response: ...


# Hosts


def test_every_file_with_a_portal_is_a_portal_with_a_folder_of_its_own() -> None:
    assert portals()["kkj"].hosts == ("www.kkj.go.jp",)
    assert len({portal.folder for portal in portals().values()}) == len(portals())


def test_an_unknown_host_is_told_which_hosts_there_are(kkj: Kkj) -> None:
    answer = kkj.client.get("/www.example.jp/robots.txt")
    assert answer.status_code == 404
    assert "no stand-in for 'www.example.jp'" in answer.text
    assert "www.kkj.go.jp" in answer.text


def test_an_unknown_page_of_a_known_host_is_not_found(kkj: Kkj) -> None:
    assert kkj.client.get("/www.kkj.go.jp/nowhere").status_code == 404
    assert kkj.client.get("/www.kkj.go.jp/api").status_code == 404


def test_robots_are_allowed(kkj: Kkj) -> None:
    assert kkj.client.get("/www.kkj.go.jp/robots.txt").text == "User-agent: *\nDisallow:\n"


def test_robots_can_be_as_the_real_host_has_them(kkj: Kkj) -> None:
    kkj.board.turn(robots="as-real")
    assert kkj.client.get("/www.kkj.go.jp/robots.txt").status_code == 404


def test_two_portals_may_share_a_host(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def says(text: str) -> Portal:
        async def page(_: Request) -> Response:
            return PlainTextResponse(text)

        return Portal(
            ("both.example.jp",),
            (text,),
            text,
            lambda _: [Route(f"/{text}", page)],
            lambda _: (),
            robots=f"# {text}\n",
        )

    monkeypatch.setattr(server, "portals", lambda: {"a": says("a"), "b": says("b")})
    with serve(app(records, StandInSettings(robots="as-real"))) as base:
        pages = [f"{base}/both.example.jp/{page}" for page in ("a", "b", "robots.txt")]
        assert [httpx.get(page, trust_env=False).text for page in pages] == ["a", "b", "# a\n"]


def test_a_portal_may_stand_for_several_hosts_and_knows_at_which_it_is_asked(
    records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def page(request: Request) -> Response:
        return PlainTextResponse(address_of(request))

    hosts = ("a.example.jp", "b.example.jp")
    portal = Portal(hosts, ("x",), "x", lambda _: [Route("/{path:path}", page)], lambda _: ())
    monkeypatch.setattr(server, "portals", lambda: {"x": portal})
    with serve(app(records)) as base:
        asked = [httpx.get(f"{base}/{host}/deep/page.html?q=1", trust_env=False).text for host in hosts]
    assert asked == ["https://a.example.jp/deep/page.html", "https://b.example.jp/deep/page.html"]


def test_a_data_folder_that_is_not_there_is_named(records: Path) -> None:
    with pytest.raises(NotADirectoryError, match="nowhere is not a folder"):
        app(records / "nowhere")


# Switches


def test_a_switch_that_there_is_not_is_refused(kkj: Kkj) -> None:
    with pytest.raises(TypeError, match="slow"):
        kkj.board.turn(slow=True)


def test_a_switch_can_be_turned_at_one_host_only(kkj: Kkj) -> None:
    kkj.board.turn("elsewhere.example.jp", http_status=500)
    assert kkj.get(LG_Code="13").status_code == 200
    kkj.board.turn("www.kkj.go.jp", http_status=500)
    assert kkj.get(LG_Code="13").status_code == 500
    kkj.board.turn(http_status=None)
    assert kkj.get(LG_Code="13").status_code == 200


def test_what_was_asked_is_kept_as_the_addresses_of_the_real_world(kkj: Kkj) -> None:
    kkj.client.get("/www.kkj.go.jp/robots.txt")
    kkj.get(LG_Code="13", Query="工事")
    kkj.client.get("/www.kkj.go.jp/d/")
    assert list(kkj.board.seen) == [
        "https://www.kkj.go.jp/api/?LG_Code=13&Query=%E5%B7%A5%E4%BA%8B",
        "https://www.kkj.go.jp/d/",
    ]


def test_a_portal_under_maintenance_answers_html_with_status_200(kkj: Kkj) -> None:
    kkj.board.turn(maintenance=True)
    answer = kkj.get(LG_Code="13")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "メンテナンス" in answer.text


def test_a_status_comes_with_the_time_to_wait(kkj: Kkj) -> None:
    kkj.board.turn(http_status=429, retry_after="120")
    answer = kkj.get(LG_Code="13")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "120")


def test_the_first_requests_fail_and_then_all_is_well(kkj: Kkj) -> None:
    kkj.board.turn(fail_first=2)
    assert [kkj.get(LG_Code="13").status_code for _ in range(4)] == [503, 503, 200, 200]
    kkj.board.turn(http_status=500)
    assert [kkj.get(LG_Code="13").status_code for _ in range(3)] == [500, 500, 200]


@pytest.mark.parametrize(
    "failure", [{"maintenance": True}, {"error_body": "internal error"}, {"truncate_at": 5}], ids=str
)
def test_every_failure_can_befall_the_first_request_only(kkj: Kkj, failure: dict[str, Any]) -> None:
    whole = kkj.get(LG_Code="13").content
    kkj.board.turn(fail_first=1, **failure)
    assert kkj.get(LG_Code="13").content != whole
    assert kkj.get(LG_Code="13").content == whole


@pytest.mark.parametrize("huge", [0, 3_000_000])
def test_an_answer_can_end_early_in_sound_http(kkj: Kkj, huge: int) -> None:
    kkj.board.turn(huge_text_bytes=huge)
    whole = kkj.get(LG_Code="13").content
    for size in (0, 300, huge // 2, len(whole)):
        kkj.board.turn(truncate_at=size)
        assert kkj.get(LG_Code="13").content == whole[:size]


@pytest.mark.parametrize("huge", [0, 3_000_000])
def test_the_connection_can_break_within_an_answer(kkj: Kkj, huge: int) -> None:
    kkj.board.turn(huge_text_bytes=huge, hang_up_at=200)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        kkj.get(LG_Code="13")
    kkj.board.turn(hang_up_at=None)
    assert kkj.get(LG_Code="13").status_code == 200

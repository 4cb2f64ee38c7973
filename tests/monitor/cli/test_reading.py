"""Reading a text and translating titles, at the terminal."""

import io
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from db import notices, tenders
from db.engine import Database
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import Reading
from monitor.pipeline import read_and_compose
from monitor.serving import serve
from tests.monitor.cli.conftest import Run

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=TOKYO)
TEXT = """水素ステーション整備工事に係る一般競争入札について
入札書の提出期限 令和8年5月20日午後５時
入札説明会 令和8年4月8日13時30分（参加必須）
予定価格 34,500,000円（税込）
この調達は、世界貿易機関（WTO）の政府調達に関する協定の適用を受ける。
"""


class Silent:
    """Reads nothing."""

    revision = "none"

    def read(self, notice: ScrapedNotice) -> Reading:
        return Reading()


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    file = tmp_path / "notice.txt"
    file.write_text(TEXT, encoding="utf-8")
    return file


def test_what_readers_find_in_a_text_is_shown_with_its_words(run: Run, notice: Path) -> None:
    ended, out, err = run("read", notice.name, "--published", "2026-04-01", "--buyer", "経済産業省")
    assert (ended, err) == (0, "")
    for said in (
        "水素ステーション整備工事に係る一般競争入札について",
        "(gist, word by word)",
        "Ministry of Economy, Trade and Industry",
        "Deadline: Wed 20 May 2026, 17:00 Tokyo time",
        "“入札書の提出期限 令和8年5月20日午後５時” (the Japanese text)",
        "Explanatory meeting: Wed 8 Apr 2026, 13:30 Tokyo time (taking part is required)",
        "Planned price (higher bids lose): ¥34,500,000 (tax included)",
        "WTO procurement agreement (GPA): covered",
        "The notice says that the agreement applies: covered",
        "Renewable energy",
    ):
        assert said in out


def test_a_text_is_read_from_standard_input_for_programs_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(TEXT.encode("utf-8-sig"))))
    ended, out, _ = run("read", "-", "--published", "2026-04-01", "--json")
    told = json.loads(out)
    assert (ended, told["dates"][0]["day"], told["dates"][0]["time"]) == (0, "2026-05-20", "17:00")
    assert (told["money"][0]["amount"], told["access"]["verdict"]) == (34500000, "covered")
    assert "renewables" in [one["area"] for one in told["areas"]]


def test_a_request_for_information_has_no_deadline_for_tenders(run: Run, tmp_path: Path) -> None:
    text = "資料提供招請に関する公表\n資料及びコメントの提供期限 令和8年5月20日17時00分\n"
    (tmp_path / "request.txt").write_text(text, encoding="utf-8")
    out = run("read", "request.txt", "--kind", "information-request", "--published", "2026-04-01", "--json")[1]
    assert [one["kind"] for one in json.loads(out)["dates"]] == ["response"]


def test_a_text_without_anything_to_be_read_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    ended, out, _ = run("read", "empty.txt")
    assert (ended, "Nothing that was read speaks for or against." in out) == (0, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "text: cannot be read (No such file or directory)"),
        ("入札公告".encode("cp932"), "text: is no text in UTF-8; save it as one, a PDF as its text"),
    ],
)
def test_a_file_that_is_no_text_is_named(run: Run, tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "text").write_bytes(content)
    ended, out, err = run("read", "text")
    assert (ended, out, err) == (1, "", f"error: {said}\n")


# English titles ------------------------------------------------------------------------------------------


@pytest.fixture
def service() -> Iterator[str]:
    """A translation server: it knows hydrogen, and refuses roads."""

    async def translate(request: Request) -> JSONResponse:
        asked = (await request.json())["q"]
        if any("道路" in title for title in asked):
            return JSONResponse({"error": "no roads"}, 403)
        return JSONResponse({"translatedText": [f"Hydrogen, number {title[-1]}" for title in asked]})

    with serve(Starlette(routes=[Route("/translate", translate, methods=["POST"])])) as address:
        yield address


@pytest.fixture
def configured(tmp_path: Path, service: str, sqlite_template: Path) -> Database:
    """A configuration that names the service, and an empty record at home."""
    (tmp_path / "config.toml").write_text(
        f'[translation]\nservice = "libretranslate"\naddress = "{service}"\nonly_areas = false\n', encoding="utf-8"
    )
    (tmp_path / "home").mkdir()
    shutil.copy(sqlite_template, tmp_path / "home" / "monitor.db")
    return Database.at(tmp_path / "home" / "monitor.db")


def keep(database: Database, *titles: str) -> None:
    def work(session: Session) -> None:
        found = [
            ScrapedNotice(
                source="kkj",
                key=title,
                title=title,
                kind=NoticeKind.TENDER,
                published=date(2026, 4, 1),
                url="https://www.kkj.go.jp/",
            )
            for title in titles
        ]
        recorded = notices.record(session, found, run_id=uuid4(), now=NOW)
        made = read_and_compose(session, Silent(), recorded, now=NOW)
        tenders.store(session, made, run_id=uuid4(), now=NOW, alerts=lambda change: False)

    database.write(work)
    database.close()


def test_titles_get_the_english_of_the_service_once(run: Run, configured: Database) -> None:
    keep(configured, "水素設備その1", "水素設備その2")
    ended, out, err = run("translate", "--home", "home")
    assert (ended, err) == (0, "")
    assert out == "tenders with a new English title: 2; Japanese characters translated: 14\n"
    out = run("search", "水素", "--format", "jsonl", "--home", "home")[1]
    found = [json.loads(line) for line in out.splitlines()]
    assert {(one["title_en"], one["title_en_origin"]) for one in found} == {
        ("Hydrogen, number 1", "machine"),
        ("Hydrogen, number 2", "machine"),
    }
    shown = run("tenders", "show", found[0]["id"], "--home", "home")[1]
    assert re.search(r"Hydrogen, number [12] \(machine translation\)", shown)
    assert "title: 0; Japanese characters translated: 0" in run("translate", "--home", "home")[1]


def test_what_ends_translating_early_is_told_with_the_status(run: Run, configured: Database) -> None:
    keep(configured, "道路改良工事")
    ended, out, err = run("translate", "--home", "home")
    assert (ended, "title: 0" in out, "no roads" in err, len(err.splitlines())) == (1, True, True, 1)


def test_without_a_service_one_is_told_how_to_set_one_up(run: Run) -> None:
    ended, out, err = run("translate")
    assert (ended, out) == (1, "")
    assert 'write service = "deepl" with a key, or "libretranslate" with an address, under [translation]' in err


def test_what_stand_ins_publish_is_not_sent_to_a_service(run: Run, configured: Database, tmp_path: Path) -> None:
    keep(configured, "水素設備その1")
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as config:
        config.write('[network]\nstand_in = "http://127.0.0.1:9"\n')
    ended, out, err = run("translate", "--home", "home")
    assert (ended, out, "stand-in portals are not sent" in err) == (1, "", True)

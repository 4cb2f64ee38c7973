"""The gazette is read issue by issue against its stand-in over real HTTP; what fails is told by issue and page."""

import io
import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from monitor.serving import serve
from monitor.standins.gazette_pdf import Section, draw
from monitor.standins.server import Switchboard, app
from scrapers.errors import FetchError, Refused, SourceChanged
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.source import Finding, Page, Request, Window, crawl, page_of
from scrapers.sources.kanpo import GIVE_UP_AFTER, Kanpo

NOW = datetime(2026, 6, 12, 9, tzinfo=timezone(timedelta(hours=9)))
"""A Friday."""
SINCE = date(2026, 6, 8)
SITE = "https://www.kanpo.go.jp"
Record = dict[str, Any]
Change = bytes | Exception


def issue(day: date) -> str:
    return f"{day:%Y%m%d}c{day.day:05}"


def contents(day: date) -> str:
    return f"{SITE}/{day:%Y%m%d}/{issue(day)}/{issue(day)}0000f.html"


def pdf(day: date, last: int = 4, first: int = 1) -> str:
    return f"{SITE}/{day:%Y%m%d}/{issue(day)}/pdf/{issue(day)}full{first:04}{last:04}.pdf"


def day_page(day: date) -> str:
    return f"{SITE}/{day:%Y%m%d}/{day:%Y%m%d}.fullcontents.html"


def text(title: str, day: date, officer: str = "例示省大臣官房会計課長　見本　太郎") -> list[str]:
    return [
        "次のとおり一般競争入札に付します。",
        f"令和8年{day.month}月{day.day}日",
        "支出負担行為担当官",
        officer,
        "◎調達機関番号　999　◎所在地番号　13",
        "〇第1号",
        "１　調達内容",
        "⑴　品目分類番号　71、27",
        f"⑵　購入等件名及び数量　{title}",
        "３　入札書の提出場所等",
        "⑴　入札書の受領期限　令和8年8月3日17時00分",
        "５　Summary",
        "⑴　Nature and quantity of the services to be required : Mihon system, 1 set",
    ]


def record(day: date, page: int = 1, **more: Any) -> Record:
    title = f"見本{day.day}の{page}　一式"
    return {
        "url": f"{SITE}/{day:%Y%m%d}/{issue(day)}/{issue(day)}{page:04}f.html",
        "title": title,
        "category": "入札公告",
        "published": day.isoformat(),
        "body": "\n".join(["入札公告", *text(title, day)]),
        **more,
    }


MONDAY, WEDNESDAY, FRIDAY = date(2026, 6, 8), date(2026, 6, 10), date(2026, 6, 12)
DAYS = (MONDAY, WEDNESDAY, FRIDAY)
RECORDS = [record(day, page) for day in DAYS for page in (1, 2)]


@dataclass
class Site:
    """The stand-in over some records, and the way that a crawl reaches it."""

    board: Switchboard
    base: str

    def crawl(
        self,
        *,
        since: date = SINCE,
        until: date | None = None,
        changes: dict[str, Change] | None = None,
        into: list[Finding] | None = None,
    ) -> list[Finding]:
        """What a crawl finds; an address in ``changes`` answers with these bytes, or fails with this error."""
        findings = [] if into is None else into
        settings = NetworkSettings("test/1 (+https://example.org/)", retries=0, stand_in=self.base)
        with HttpFetcher(settings, clock=lambda: NOW, sleep=lambda seconds: None, rng=random.Random(1)) as fetcher:
            fetch = fetcher.for_source(Kanpo.pause_seconds, Kanpo.max_bytes)

            def changed(request: Request) -> Page:
                change = (changes or {}).get(request.url)
                if isinstance(change, Exception):
                    raise change
                return fetch(request) if change is None else page_of(change, request)

            findings.extend(crawl(Kanpo(), Window(since, until, NOW), changed))
        return findings


@contextmanager
def serving(folder: Path, records: Sequence[Record]) -> Iterator[Site]:
    (folder / "kanpo").mkdir()
    with (folder / "kanpo" / "notices.jsonl").open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in records)
    board = Switchboard()
    with serve(app(folder, board)) as base:
        yield Site(board, base)


@pytest.fixture(scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("kanpo"), RECORDS) as site:
        yield site


@pytest.fixture
def site(_site: Site) -> Site:
    """Three issues of two notices each."""
    _site.board.reset()
    return _site


def titles(findings: Sequence[Finding]) -> list[str]:
    return [finding.title for finding in findings if isinstance(finding, ScrapedNotice)]


def problems(findings: Sequence[Finding]) -> list[str]:
    return [f"{finding.part}: {finding.saying}" for finding in findings if isinstance(finding, Problem)]


def coverages(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    return [(finding.part, finding.found) for finding in findings if isinstance(finding, Coverage)]


def titles_of(*days: date) -> list[str]:
    return [one["title"] for one in RECORDS if date.fromisoformat(one["published"]) in days]


# Everything is found


def test_every_issue_of_the_window_is_read_whole(site: Site) -> None:
    findings = site.crawl()
    assert titles(findings) == titles_of(*DAYS)
    assert problems(findings) == []
    assert coverages(findings) == [(issue(day), 2) for day in DAYS]


def test_a_visit_asks_for_the_top_page_and_for_contents_and_pdf_of_each_issue(site: Site) -> None:
    site.crawl()
    assert list(site.board.seen) == [f"{SITE}/", *(address for day in DAYS for address in (contents(day), pdf(day)))]


def test_a_second_visit_finds_the_same(site: Site) -> None:
    assert site.crawl() == site.crawl()


def test_only_issues_inside_the_window_are_asked_for(site: Site) -> None:
    assert titles(site.crawl(since=date(2026, 6, 9))) == titles_of(WEDNESDAY, FRIDAY)
    assert titles(site.crawl(until=date(2026, 6, 11))) == titles_of(MONDAY, WEDNESDAY)
    site.board.reset()
    assert titles(site.crawl(since=date(2026, 6, 13))) == []
    assert list(site.board.seen) == [f"{SITE}/"]


def test_days_before_the_top_page_begins_are_asked_for_one_by_one(site: Site) -> None:
    site.board.turn(cap=1)
    findings = site.crawl(since=date(2026, 6, 5))
    assert titles(findings) == titles_of(*DAYS)
    # 9 and 11 June have no issue, and Saturday and Sunday are not asked for: that is no failure.
    assert problems(findings) == []
    asked = [date(2026, 6, day) for day in (5, 8, 9, 10, 11)]
    assert list(site.board.seen)[: 1 + len(asked)] == [f"{SITE}/", *map(day_page, asked)]


def test_what_the_site_no_longer_offers_is_not_asked_for(site: Site) -> None:
    site.board.turn(cap=1)
    site.crawl(since=date(2020, 1, 1))
    assert list(site.board.seen)[1] == day_page(date(2026, 3, 16))


def test_days_after_the_window_are_not_asked_for(site: Site) -> None:
    site.board.turn(cap=1)
    assert titles(site.crawl(until=date(2026, 6, 9))) == titles_of(MONDAY)
    assert day_page(date(2026, 6, 10)) not in site.board.seen


def test_the_number_of_pages_of_an_issue_without_a_link_to_its_pdf_is_on_its_contents_page(site: Site) -> None:
    site.board.turn(cap=1)
    site.crawl()
    assert pdf(MONDAY) in site.board.seen


def test_an_issue_in_two_volumes_is_read_on(tmp_path: Path) -> None:
    (tmp_path / "kanpo").mkdir()
    for first, heading in ((1, "入札公告"), (5, "意見招請に関する公示")):
        section = Section(heading, text(f"第{first}頁の見本", MONDAY), page=2)
        drawn = draw("号外政府調達第8号", MONDAY, [section], first=first)
        (tmp_path / "kanpo" / f"{issue(MONDAY)}full{first:04}{first + 3:04}.pdf").write_bytes(drawn.content)
    board = Switchboard()
    with serve(app(tmp_path, board)) as base:
        findings = Site(board, base).crawl()
    assert [(one.title, one.kind, one.url[-9:]) for one in findings if isinstance(one, ScrapedNotice)] == [
        ("第1頁の見本", NoticeKind.TENDER, "002f.html"),
        ("第5頁の見本", NoticeKind.COMMENT_REQUEST, "006f.html"),
    ]
    assert list(board.seen)[-2:] == [pdf(MONDAY, 4), pdf(MONDAY, 8, 5)]


# What fails is told, and the rest is read


def test_a_listed_issue_that_is_missing_is_told(site: Site) -> None:
    gone = FetchError("{host}: answered {status}", host="www.kanpo.go.jp", status=404)
    findings = site.crawl(changes={contents(WEDNESDAY): gone})
    assert titles(findings) == titles_of(MONDAY, FRIDAY)
    assert problems(findings) == [f"{issue(WEDNESDAY)}: www.kanpo.go.jp: answered 404"]


MAINTENANCE = "<html><body><h1>ただいまメンテナンス中です</h1></body></html>".encode()
NO_ENTRY = b'<html><body><div class="contentsBox"></div></body></html>'


def blank() -> bytes:
    return draw("号外政府調達第10号", WEDNESDAY, [Section("入札公告", ["次のとおり。"])]).content


def locked() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(blank())) as whole:
        whole.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    return out.getvalue()


def without_headings() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(blank())) as whole:
        for page in whole.pages:
            page.Contents = whole.make_stream(page.Contents.read_bytes().replace(b"0 -9 9 0", b"0 -8 8 0"))
        whole.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("address", "answer", "told"),
    [
        (contents, lambda: MAINTENANCE, "is a maintenance page"),
        (contents, lambda: NO_ENTRY, "lists nothing and does not say so"),
        (contents, lambda: NO_ENTRY[:20], "broke off"),
        (contents, lambda: b"", "is empty"),
        (contents, lambda: NO_ENTRY.replace(b"contentsBox", b"newBox"), "has no div.contentsBox"),
        (pdf, lambda: MAINTENANCE, f"the PDF of {issue(WEDNESDAY)} is HTML"),
        (pdf, lambda: blank()[:3000], f"the PDF of {issue(WEDNESDAY)} broke off"),
        (pdf, locked, f"the PDF of {issue(WEDNESDAY)} asks for a password"),
        (pdf, lambda: b"", f"the PDF of {issue(WEDNESDAY)} is none"),
        (
            pdf,
            without_headings,
            f"the PDF of {issue(WEDNESDAY)} gives no notice, and its contents page lists 入札公告",
        ),
    ],
)
def test_an_issue_that_cannot_be_read_is_told_and_the_others_are_read(
    site: Site, address: Callable[[date], str], answer: Callable[[], bytes], told: str
) -> None:
    findings = site.crawl(changes={address(WEDNESDAY): answer()})
    assert titles(findings) == titles_of(MONDAY, FRIDAY)
    (problem,) = problems(findings)
    assert problem.startswith(issue(WEDNESDAY))
    assert told in problem


def test_a_pdf_of_fewer_pages_than_the_site_says_is_told(site: Site) -> None:
    shorter = io.BytesIO()
    with pikepdf.open(io.BytesIO(blank())) as whole:
        del whole.pages[-1]
        whole.save(shorter)
    (problem,) = problems(site.crawl(changes={pdf(WEDNESDAY): shorter.getvalue()}))
    assert "has 3 of 4 pages" in problem


def contents_of(pages: int) -> bytes:
    entry = '<a href="x"><span class="text">入札公告</span><span class="date">1</span></a>'
    stated = f'<span id="pageAll" class="pageAll">{pages}</span>'
    return f'<html><body>{stated}<div class="contentsBox">{entry}</div></body></html>'.encode()


def test_an_issue_of_which_a_volume_is_not_linked_is_told(site: Site) -> None:
    findings = site.crawl(changes={contents(WEDNESDAY): contents_of(8)})
    assert titles(findings) == titles_of(MONDAY, FRIDAY)
    assert "has 8 pages, and its PDFs hold 1-4" in problems(findings)[0]


def test_a_pdf_that_is_linked_twice_is_read_once(site: Site) -> None:
    link = f'<a class="articleTop" href="./20260612/{issue(FRIDAY)}/{issue(FRIDAY)}full00010004f.html">PDF</a>'
    findings = site.crawl(since=FRIDAY, changes={f"{SITE}/": f"<html><body>{link * 2}</body></html>".encode()})
    assert titles(findings) == titles_of(FRIDAY)
    assert list(site.board.seen) == [contents(FRIDAY), pdf(FRIDAY)]


def test_an_issue_without_pdf_and_without_a_number_of_pages_is_told(site: Site) -> None:
    site.board.turn(cap=1)
    entry = '<a href="x"><span class="text">入札公告</span><span class="date">1</span></a>'
    page = f'<html><body><div class="contentsBox">{entry}</div></body></html>'.encode()
    findings = site.crawl(changes={contents(WEDNESDAY): page})
    assert titles(findings) == titles_of(MONDAY, FRIDAY)
    assert "states no number of pages" in problems(findings)[0]


def test_where_not_one_issue_can_be_read_the_visit_fails(site: Site) -> None:
    with pytest.raises(SourceChanged, match="is a maintenance page"):
        site.crawl(since=FRIDAY, changes={contents(FRIDAY): MAINTENANCE})


def test_where_issue_after_issue_fails_the_rest_is_not_asked_for(tmp_path: Path) -> None:
    days = [date(2026, 6, day) for day in (8, 9, 10, 11, 12)]
    with serving(tmp_path, [record(day) for day in days]) as site:
        findings: list[Finding] = []
        with pytest.raises(FetchError, match="broke off"):
            site.crawl(changes={pdf(day): b"%PDF-1.7 " for day in days}, into=findings)
        assert len(problems(findings)) == GIVE_UP_AFTER - 1
        assert pdf(days[GIVE_UP_AFTER]) not in site.board.seen


def test_a_day_that_is_not_answered_is_told_and_the_others_are_read(site: Site) -> None:
    site.board.turn(cap=1)
    down = FetchError("{host}: answered {status}", host="www.kanpo.go.jp", status=503)
    findings = site.crawl(changes={day_page(WEDNESDAY): down})
    assert titles(findings) == titles_of(MONDAY, FRIDAY)
    assert problems(findings) == ["2026-06-10: www.kanpo.go.jp: answered 503"]


def test_three_days_that_are_not_answered_do_not_end_the_visit_where_others_are(site: Site) -> None:
    site.board.turn(cap=1)
    down = FetchError("{host}: answered {status}", host="www.kanpo.go.jp", status=503)
    silent = [date(2026, 6, day) for day in (2, 4, 5, 9)]
    findings = site.crawl(since=date(2026, 6, 2), changes={day_page(day): down for day in silent})
    assert [problem.split(":")[0] for problem in problems(findings)] == [str(day) for day in silent]
    assert titles(findings) == titles_of(*DAYS)


def test_a_kind_that_the_contents_page_lists_and_the_pdf_lacks_is_told(site: Site) -> None:
    entries = "".join(
        f'<a href="x"><span class="text">{kind}</span><span class="date">{page}</span></a>'
        for kind, page in (("入 札 公 告", 3), ("落札者等の公示", 2), ("資料提供招請に関する公表", 4))
    )
    page = f'<html><body><div class="contentsBox">{entries}</div></body></html>'.encode()
    findings = site.crawl(since=FRIDAY, changes={contents(FRIDAY): page})
    # A notice begins on page 2, whatever it is called.
    assert [problem.split(":")[0] for problem in problems(findings)] == [f"{issue(FRIDAY)} p. 4"]
    assert "lists 資料提供招請に関する公表 from this page on" in problems(findings)[0]


# The top page


def test_a_top_page_that_broke_off_is_told(site: Site) -> None:
    with pytest.raises(FetchError, match="broke off"):
        site.crawl(changes={f"{SITE}/": b'<!DOCTYPE html><html><body><a class="articleTop" href="x">'})


def test_a_top_page_without_the_procurement_edition_is_told(site: Site) -> None:
    other = '<a href="./20260612/20260612h01700/20260612h017000000f.html" class="articleTop">本紙</a>'
    with pytest.raises(SourceChanged, match="lists no issue of the procurement edition"):
        site.crawl(changes={f"{SITE}/": f"<html><body>{other}</body></html>".encode()})


def test_a_top_page_without_any_issue_is_told(site: Site) -> None:
    site.board.turn(empty=True)
    with pytest.raises(SourceChanged, match=r"has no a\.articleTop"):
        site.crawl()


def test_an_issue_of_an_impossible_day_is_told(site: Site) -> None:
    link = '<a href="./20261399/20261399c00099/20261399c000990000f.html" class="articleTop">政府調達</a>'
    with pytest.raises(SourceChanged, match="20261399c00099, which begins with no day"):
        site.crawl(changes={f"{SITE}/": f"<html><body>{link}</body></html>".encode()})


def test_other_editions_are_left_alone(site: Site) -> None:
    top = "".join(
        f'<a href="./20260612/20260612{letter}/20260612{letter}0000f.html" class="articleTop">x</a>'
        for letter in ("h01700", "g00120", "t00009", "c00012")
    )
    findings = site.crawl(since=FRIDAY, changes={f"{SITE}/": f"<html><body>{top}</body></html>".encode()})
    assert coverages(findings) == [(issue(FRIDAY), 2)]
    assert not [address for address in site.board.seen if "h01700" in address or "g00120" in address]


def test_an_error_of_the_server_ends_the_visit(site: Site) -> None:
    site.board.turn(error_body="Internal Server Error")
    with pytest.raises(FetchError, match="answered 500"):
        site.crawl()


def test_where_robots_are_as_the_real_site_has_them_the_visit_is_refused_and_nothing_is_read(site: Site) -> None:
    site.board.turn(robots="as-real")
    with pytest.raises(Refused, match=r"robots\.txt forbids"):
        site.crawl()
    assert list(site.board.seen) == [f"{SITE}/"]


# Characters


def with_characters(change: Callable[[str], str], officer: str = "例示省大臣官房会計課長　見本　太郎") -> bytes:
    """An issue of two notices; the first is drawn with other characters."""
    first = [change(line) for line in text("見本の一", FRIDAY, officer)]
    return draw(
        "号外政府調達第12号",
        FRIDAY,
        [Section("入札公告", first), Section("入札公告", text("見本の二", FRIDAY), page=2)],
    ).content


def test_a_character_that_nobody_knows_is_shown_as_missing_and_told_with_issue_and_page(site: Site) -> None:
    drawn = with_characters(str, officer="例示省大臣官房会計課長　\ue123田　渉")
    findings = site.crawl(since=FRIDAY, changes={pdf(FRIDAY): drawn})
    assert titles(findings) == ["見本の一", "見本の二"]
    (notice, _, problem, _) = findings
    assert isinstance(notice, ScrapedNotice)
    assert "会計課長　〓田　渉" in notice.text
    assert isinstance(problem, Problem)
    assert problem.part == f"{issue(FRIDAY)} p. 1"
    assert "U+E123 is in no table and is shown as 〓 (1 in the issue, the first on this page)" in str(problem.saying)


@pytest.mark.parametrize("part", ["購入等件名及び数量　見本", "例示省大臣官房", "◎調達機関番号", "〇第1", "Mihon"])
def test_it_is_told_wherever_it_stands(site: Site, part: str) -> None:
    drawn = with_characters(lambda line: line.replace(part, f"{part}\uf8f0"))
    findings = site.crawl(since=FRIDAY, changes={pdf(FRIDAY): drawn})
    assert [problem for problem in problems(findings) if "U+F8F0 is in no table" in problem]
    assert "\uf8f0" not in "".join(map(str, findings))


def test_more_than_twenty_that_nobody_knows_are_a_new_font(site: Site) -> None:
    rare = "".join(chr(0xF000 + number) for number in range(21))
    long = "これは見本の文であり、実在の調達ではありません。" * 200
    drawn = draw("号外政府調達第12号", FRIDAY, [Section("入札公告", [*text("見本の一", FRIDAY), rare, long])]).content
    with pytest.raises(SourceChanged, match=r"U\+F000, and others, that are in no table \(21 in the issue\)"):
        site.crawl(since=FRIDAY, changes={pdf(FRIDAY): drawn})


def test_an_issue_in_a_font_that_nobody_knows_is_not_kept_at_all(site: Site) -> None:
    unknown = str.maketrans("0123456789", "".join(chr(0xF000 + digit) for digit in range(10)))
    drawn = with_characters(lambda line: line.translate(unknown))
    with pytest.raises(SourceChanged, match=rf"page 1 of {issue(FRIDAY)} has the character U\+F00"):
        site.crawl(since=FRIDAY, changes={pdf(FRIDAY): drawn})


def test_nothing_private_reaches_a_notice(site: Site) -> None:
    for finding in site.crawl():
        assert not [character for character in str(finding) if "\ue000" <= character <= "\uf8ff"]


def test_a_title_that_is_nowhere_is_told_and_the_notice_is_kept(site: Site) -> None:
    drawn = with_characters(lambda line: line.replace("購入等件名及び数量　", ""))
    findings = site.crawl(since=FRIDAY, changes={pdf(FRIDAY): drawn})
    assert titles(findings)[0].startswith("入札公告　例示省")
    assert "no title" in problems(findings)[0]

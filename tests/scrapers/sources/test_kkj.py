"""KKJ is read whole and politely, against its stand-in over real HTTP, whatever hazard is switched on."""

import json
import random
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from db.vocabulary.labels import Prefecture
from db.vocabulary.messages import Saying
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.run import Coverage, Problem
from monitor.serving import serve
from monitor.standins.kkj import PORTAL
from monitor.standins.server import Switchboard, app
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.source import Finding, Page, Request, SourceOptions, Window, crawl, page_of
from scrapers.sources.kkj import (
    GIVE_UP_AFTER,
    ORGANIZATION_WORDS,
    PREFECTURES,
    TEXT_WORDS,
    TITLE_WORDS,
    Answer,
    Kkj,
    Part,
    notice_of,
)

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT.parent / "shared" / "samples"
NOW = datetime(2026, 6, 15, 9, tzinfo=timezone(timedelta(hours=9)))
SINCE, TODAY = date(2026, 6, 1), NOW.date()
HOST = "www.kkj.go.jp"
SWEEPS = len(ORGANIZATION_WORDS) + len(TITLE_WORDS)
RETRIES = 3
MEGABYTE = 1 << 20
FULL = 70
"""Records of the fullest prefecture."""

Record = dict[str, Any]


def record(number: int, issued: date, lg: str | None, **more: Any) -> Record:
    path = f"mihon/city/{issued:%Y}/{issued:%Y%m%d}_{number:05}\n"
    place = {"lg_code": lg, "prefecture": list(Prefecture)[int(lg) - 1].value} if lg else {}
    return {
        "key": b64encode(path.encode()).decode(),
        "title": f"見本{number}号の清掃",
        "organization": f"見本市第{number % 7}課",
        "cft_issue_date": issued.isoformat(),
        "external_document_uri": f"https://www.mihon.example.jp/{number}.pdf",
        **place,
        **more,
    }


def several_hundred() -> list[Record]:
    """Spread unevenly: one full prefecture, one full day, open future dates, records of no prefecture."""
    rng = random.Random(20260615)
    records: list[Record] = []

    def add(count: int, lg: str | None, first: date, days: int) -> None:
        for _ in range(count):
            words = [word for word in TEXT_WORDS if rng.random() < 0.45]
            title = f"見本{len(records)}号{''.join(words[:2])}"
            category = rng.choice(["物品", "工事", "役務", None])
            more = {"category": category} if category else {}
            day = first + timedelta(days=rng.randrange(days))
            records.append(record(len(records), day, lg, title=title, body=" ".join(words), **more))

    add(FULL, "13", SINCE, 15)
    add(30, "27", date(2026, 6, 10), 1)
    add(25, "01", SINCE, 15)
    add(12, "47", date(2026, 6, 16), 900)
    for lg in ("05", "20", "31"):
        add(6, lg, SINCE, 60)
    add(12, None, SINCE, 20)
    return records


def findings_of(kind: type[Any], findings: Sequence[Finding]) -> list[Any]:
    return [finding for finding in findings if isinstance(finding, kind)]


def notices(findings: Sequence[Finding]) -> list[ScrapedNotice]:
    return findings_of(ScrapedNotice, findings)


def coverages(findings: Sequence[Finding]) -> dict[str, Coverage]:
    return {coverage.part: coverage for coverage in findings_of(Coverage, findings)}


def problems(findings: Sequence[Finding]) -> list[str]:
    return [f"{problem.part}: {problem.saying}" for problem in findings_of(Problem, findings)]


def keys(records: Sequence[Record]) -> Counter[str]:
    return Counter(record["key"] for record in records)


def found_keys(findings: Sequence[Finding]) -> Counter[str]:
    return Counter(notice.key for notice in notices(findings))


@dataclass
class Site:
    """The stand-in over some records, and the way that a crawl reaches it."""

    records: list[Record]
    board: Switchboard
    base: str

    def fetcher(self) -> HttpFetcher:
        return HttpFetcher(
            NetworkSettings("test/1 (+https://example.org/)", retries=RETRIES, stand_in=self.base),
            clock=lambda: NOW,
            sleep=lambda seconds: pytest.fail("a stand-in is asked without pauses"),
            rng=random.Random(1),
        )

    def crawl(
        self, *prefectures: str, since: date = SINCE, until: date | None = None, into: list[Finding] | None = None
    ) -> list[Finding]:
        """What a crawl finds; with ``into``, also what it found before it was broken off."""
        findings = [] if into is None else into
        with self.fetcher() as fetcher:
            fetch = fetcher.for_source(Kkj.pause_seconds, Kkj.max_bytes)
            findings.extend(crawl(Kkj(SourceOptions(prefectures=prefectures)), Window(since, until, NOW), fetch))
        return findings

    @property
    def asked(self) -> list[dict[str, str]]:
        """The parameters of all requests so far."""
        return [
            {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} for url in self.board.seen
        ]


@contextmanager
def serving(folder: Path, records: list[Record]) -> Iterator[Site]:
    (folder / "kkj").mkdir()
    with (folder / "kkj" / "notices.jsonl").open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    board = Switchboard()
    with serve(app(folder, board)) as base:
        yield Site(records, board, base)


@pytest.fixture(scope="module")
def _several_hundred(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("several-hundred"), several_hundred()) as site:
        yield site


@pytest.fixture
def site(_several_hundred: Site) -> Site:
    """A few hundred records."""
    _several_hundred.board.reset()
    return _several_hundred


FEW = [
    record(1, date(2026, 6, 2), "13", title="庁舎改修工事", body="𠮷見本市の公告", category="工事"),
    record(2, date(2026, 6, 3), "13", title="電子カルテ更新業務", body="次のとおり", procedure_type="一般競争入札"),
    record(3, date(2026, 6, 4), "13", title="トナーの購入", body="物品の購入", category="物品"),
    record(4, date(2026, 6, 5), "27", title="清掃業務委託", body="清掃", category="役務"),
    record(5, date(2026, 6, 6), "27", title="公園の除草", body="除草"),
    record(6, date(2026, 6, 7), "47", title="港湾施設の点検", body="点検"),
    record(7, date(2026, 6, 7), None, title="研究機器の購入", organization="見本機構", body="研究"),
]


@pytest.fixture(scope="module")
def _few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("few"), FEW) as site:
        yield site


@pytest.fixture
def few(_few: Site) -> Site:
    """A handful of records, for one hazard after another."""
    _few.board.reset()
    return _few


Serve = Callable[[list[Record]], Site]


@pytest.fixture
def over(tmp_path: Path) -> Iterator[Serve]:
    """Serves the records of a single test."""
    with ExitStack() as served:
        yield lambda records: served.enter_context(serving(tmp_path, records))


# Everything is found


@pytest.mark.parametrize("cap", [1000, 7, 3])
def test_every_record_of_a_prefecture_is_found_once_however_few_rows_an_answer_holds(site: Site, cap: int) -> None:
    site.board.turn(cap=cap)
    asked = ("01", "05", "13", "20", "27", "31", "47")
    findings = site.crawl(*asked)
    inside = [record for record in site.records if record.get("lg_code")]
    assert found_keys(findings) == keys(inside)
    hits = Counter(record["lg_code"] for record in inside)
    assert coverages(findings) == {code: Coverage(code, hits[code], hits[code], complete=True) for code in asked}
    assert problems(findings) == []
    assert len(site.asked) < (len(asked) + 1 if cap == 1000 else 6 * len(inside))


def test_a_normal_crawl_asks_once_for_each_prefecture_and_sweeps_up_the_rest(site: Site) -> None:
    findings = site.crawl()
    assert found_keys(findings) == keys(site.records)
    assert [asked.get("LG_Code") for asked in site.asked[: len(PREFECTURES)]] == list(PREFECTURES)
    assert [asked.get("Query") for asked in site.asked if asked["Count"] == "1"] == ["工事", "NOT 工事"]
    assert all(asked["CFT_Issue_Date"] == "2026-06-01/" for asked in site.asked)
    assert len(site.asked) <= len(PREFECTURES) + 2 + SWEEPS


def test_records_without_a_prefecture_are_swept_up_but_never_called_complete(few: Site) -> None:
    findings = few.crawl()
    assert found_keys(findings) == keys(FEW)
    *_, (name, swept) = coverages(findings).items()
    assert (swept.found, swept.expected, swept.complete) == (1, 1, False)
    # 機構 is the third word: what was missing is found, and the sweep ends.
    assert name == "without prefecture (3 words)"


def test_where_nothing_is_missing_nothing_is_swept_up(over: Serve) -> None:
    site = over([record(number, date(2026, 6, 2), "13") for number in range(5)])
    findings = site.crawl()
    assert len(site.asked) == len(PREFECTURES) + 2
    assert list(coverages(findings).values())[-1] == Coverage("without prefecture (0 words)", 0, 0, complete=False)


def test_where_the_totals_do_not_fit_every_word_is_swept(few: Site) -> None:
    few.board.turn(wrong_hits=1)
    findings = few.crawl()
    assert found_keys(findings) == keys(FEW)
    assert list(coverages(findings).values())[-1] == Coverage(
        f"without prefecture ({SWEEPS} words)", 1, None, complete=False
    )


def test_the_sweep_splits_what_does_not_fit_into_an_answer_too(few: Site) -> None:
    few.board.turn(cap=2)
    assert found_keys(few.crawl()) == keys(FEW)


def test_who_asks_for_some_prefectures_gets_them_and_no_sweep(few: Site) -> None:
    findings = few.crawl("47", "13")
    assert found_keys(findings) == keys([one for one in FEW if one.get("lg_code") in ("47", "13")])
    assert [asked["LG_Code"] for asked in few.asked] == ["47", "13"]


def test_a_notice_of_a_day_to_come_is_found_where_the_end_is_open(over: Serve) -> None:
    days = [TODAY + timedelta(days=days) for days in (1, 30, 31, 400, 4000)]
    site = over([record(number, day, "13") for number, day in enumerate(days)])
    site.board.turn(cap=1)
    assert found_keys(site.crawl("13", since=TODAY)) == keys(site.records)
    assert found_keys(site.crawl("13", until=TODAY + timedelta(days=30))) == keys(site.records[:2])
    assert found_keys(site.crawl("13", until=TODAY)) == Counter()


def test_a_window_that_lies_in_the_future_is_split_as_well(over: Serve) -> None:
    site = over([record(number, TODAY + timedelta(days=100 + number), "13") for number in range(5)])
    site.board.turn(cap=1)
    assert found_keys(site.crawl("13", since=TODAY + timedelta(days=50))) == keys(site.records)


def test_more_than_a_thousand_are_split_by_date_then_category_then_words(over: Serve) -> None:
    day, categories = date(2026, 6, 10), ("物品", "工事", "役務")
    records = [record(number, day, "13", category=categories[number % 3]) for number in range(1050)]
    records += [record(2000 + number, date(2026, 6, 1 + number % 9), "13") for number in range(60)]
    records += [record(3000 + number, day, "27", title="工事" if number % 2 else "点検") for number in range(1050)]
    site = over(records)
    findings = site.crawl("13", "27")
    assert found_keys(findings) == keys(records)
    assert [(one.found, one.expected, one.complete) for one in coverages(findings).values()] == [
        (1110, 1110, True),
        (1050, 1050, True),
    ]


def test_what_cannot_be_split_any_further_is_told_and_as_much_as_there_is_is_kept(over: Serve) -> None:
    site = over([record(number, date(2026, 6, 10), "13", title="清掃") for number in range(9)])
    site.board.turn(cap=4)
    findings = site.crawl("13")
    assert coverages(findings) == {"13": Coverage("13", 4, 9, complete=False)}
    assert found_keys(findings).total() == 4
    assert len(problems(findings)) == 1
    assert "states 9 records and gave 4" in problems(findings)[0]
    assert len(site.asked) < 60


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the real records are not here: {SAMPLES}")
def test_all_real_records_are_found() -> None:
    with serve(app(SAMPLES)) as base:
        lines = (SAMPLES / "kkj" / "notices.jsonl").read_text("utf-8").splitlines()
        site = Site([json.loads(line) for line in lines], Switchboard(), base)
        findings = site.crawl(since=date(2009, 1, 1))
    assert found_keys(findings) == keys(site.records)
    assert len(site.records) == 1187
    assert problems(findings) == []


# What a record says


def test_two_keys_are_two_notices_though_they_share_title_buyer_and_document(over: Serve) -> None:
    entry = "https://www.p-portal.go.jp/pps-web-biz/UAA01/OAA0101"
    same = {"title": "電子黒板の購入", "organization": "例示省", "external_document_uri": entry}
    site = over([record(number, date(2026, 6, 10), "13", **same) for number in range(3)])
    found = notices(site.crawl("13"))
    assert Counter(notice.key for notice in found) == keys(site.records)
    assert {(notice.title, notice.document_url) for notice in found} == {("電子黒板の購入", entry)}
    assert len({notice.url for notice in found}) == 3


def test_the_notice_page_is_addressed_by_the_percent_encoded_key(over: Serve) -> None:
    site = over([record(1, date(2026, 6, 10), "13", key="a+b/c==")])
    assert [notice.url for notice in notices(site.crawl("13"))] == ["https://www.kkj.go.jp/d/?D=a%2Bb%2Fc%3D%3D&L=ja"]


@pytest.mark.parametrize(
    ("published", "cleaned"),
    [
        ("庁舎改修工事（PDF：152KB）", "庁舎改修工事"),
        ("庁舎改修工事(第&#8545;期)", "庁舎改修工事(第Ⅱ期)"),
        ("%E5%BA%81%E8%88%8E%E6%94%B9%E4%BF%AE", "庁舎改修"),
        ("庁舎\n改修　工事", "庁舎 改修　工事"),
        ("庁舎改修工事", "庁舎改修工事"),
    ],
)
def test_a_title_is_cleaned_for_readers_and_kept_as_it_was_published(
    over: Serve, published: str, cleaned: str
) -> None:
    (notice,) = notices(over([record(1, date(2026, 6, 10), "13", title=published)]).crawl("13"))
    assert notice.title == cleaned
    assert notice.title_original == (None if published == cleaned else published)


def test_only_addresses_of_the_web_are_linked(over: Serve) -> None:
    attached = [
        {"name": "印刷", "uri": "javascript:window.print()"},
        {"name": "仕様書", "uri": "https://www.mihon.example.jp/a.pdf?x=1&y=2"},
        {"name": "", "uri": "HTTP://www.mihon.example.jp/b.pdf"},
        {"name": "共有", "uri": "file:///etc/hostname"},
        {"name": "なし", "uri": ""},
    ]
    uri = "JavaScript:alert(1)"
    records = [record(1, date(2026, 6, 10), "13", external_document_uri=uri, attachments=attached)]
    (notice,) = notices(over(records).crawl("13"))
    assert notice.document_url is None
    assert [(one.name, one.url) for one in notice.attachments] == [
        ("仕様書", "https://www.mihon.example.jp/a.pdf?x=1&y=2"),
        ("HTTP://www.mihon.example.jp/b.pdf", "HTTP://www.mihon.example.jp/b.pdf"),
    ]


def test_the_dates_of_the_portal_are_never_taken_for_the_deadline(over: Serve) -> None:
    dates = {
        "tender_submission_deadline": "2026-07-01T00:00:00+09:00",
        "opening_tenders_event": "2026-07-03T10:00:00+09:00",
        "period_end_time": "2027-03-31T00:00:00+09:00",
    }
    (notice,) = notices(over([record(1, date(2026, 6, 10), "13", **dates)]).crawl("13"))
    assert notice.deadline is None
    assert notice.response_deadline is None
    assert notice.portal_dates == (
        ("TenderSubmissionDeadline", "2026-07-01T00:00:00+09:00"),
        ("OpeningTendersEvent", "2026-07-03T10:00:00+09:00"),
        ("PeriodEndTime", "2027-03-31T00:00:00+09:00"),
    )


def test_every_field_that_the_portal_gives_is_kept(over: Serve) -> None:
    full = record(
        1,
        date(2026, 6, 10),
        "13",
        title="企画提案の募集",
        city="見本市",
        category="役務",
        procedure_type="公募型プロポーザル",
        certification="A B",
        location="見本市役所",
        body="次のとおり\n公募する。",
    )
    assert notices(over([full]).crawl("13")) == [
        ScrapedNotice(
            source="kkj",
            key=full["key"],
            title="企画提案の募集",
            kind=NoticeKind.PROPOSAL_CALL,
            published=date(2026, 6, 10),
            url=f"https://www.kkj.go.jp/d/?D={full['key'].replace('=', '%3D')}&L=ja",
            buyer="見本市第1課",
            prefecture="東京都",
            city="見本市",
            place="見本市役所",
            category=Category.SERVICES,
            method="公募型プロポーザル",
            qualification="A B",
            document_url="https://www.mihon.example.jp/1.pdf",
            text="次のとおり\n公募する。",
        )
    ]


def read_record(inside: str) -> ScrapedNotice | Saying:
    return notice_of(etree.fromstring(f"<SearchResult>{inside}</SearchResult>"))


KEY = "dG9reW8va29kYWlyYV9jaXR5LzIwMjYvMjAyNjA2MTVfMDAwMTQK"


@pytest.mark.parametrize(
    "dates",
    [
        "<CftIssueDate>2026-06-15T00:00:00+09:00</CftIssueDate><Date>2026-06-17T19:30:00+09:00</Date>",
        "<CftIssueDate/><Date>2026-06-15T19:30:00+09:00</Date>",
        "<CftIssueDate>unknown</CftIssueDate><Date> </Date>",
        "",
    ],
)
def test_the_day_is_that_of_the_announcement_or_else_that_of_the_taking_or_else_that_of_the_key(dates: str) -> None:
    notice = read_record(f"<Key>{KEY}</Key><ProjectName>工事</ProjectName>{dates}")
    assert isinstance(notice, ScrapedNotice)
    assert notice.published == date(2026, 6, 15)


def test_a_record_without_key_or_day_is_told_and_nothing_else() -> None:
    assert str(read_record("<ProjectName>工事</ProjectName><Key/>")) == "a record has no Key: ['ProjectName']"
    for key in ("abc", "YWJj", "44GCgg=="):
        assert str(read_record(f"<Key>{key}</Key>")) == f"record {key} has no date that can be read"


@pytest.mark.parametrize(
    ("inside", "title"),
    [
        ("<ProjectName/><ProjectDescription>\n 清掃業務委託 \n次のとおり</ProjectDescription>", "清掃業務委託"),
        (f"<ProjectDescription>{'長' * 200}</ProjectDescription>", "長" * 100),
        ("", "（件名なし）"),
    ],
)
def test_a_record_without_a_title_has_the_first_line_of_its_text(inside: str, title: str) -> None:
    notice = read_record(f"<Key>{KEY}</Key>{inside}")
    assert isinstance(notice, ScrapedNotice)
    assert (notice.title, notice.title_original) == (title, None)


# Hazards: nothing else is lost


def test_surrogates_in_the_place_of_characters_cost_nothing(few: Site) -> None:
    calm = notices(few.crawl("13", "27"))
    few.board.turn(cesu8=True)
    stormy = notices(few.crawl("13", "27"))
    assert [replace(notice, text=notice.text.rstrip("\ufffd")) for notice in stormy] == calm
    assert "𠮷見本市の公告" in {notice.text for notice in stormy}
    assert sum("\ufffd" in notice.text for notice in stormy) == 2  # the first row of each answer


def test_control_characters_vanish_and_cost_nothing(few: Site) -> None:
    calm = notices(few.crawl("13", "27"))
    few.board.turn(control_characters=True)
    assert notices(few.crawl("13", "27")) == calm


def test_missing_and_empty_tags_are_unknown_values_and_no_record_is_lost(few: Site) -> None:
    calm = {notice.key: notice for notice in notices(few.crawl("13", "27"))}
    few.board.turn(missing_tags=True)
    thinned = {notice.key: notice for notice in notices(few.crawl("13", "27"))}
    assert thinned.keys() == calm.keys()
    assert thinned != calm
    for key, notice in thinned.items():
        for name in ("buyer", "prefecture", "category", "method"):
            assert getattr(notice, name) in (None, getattr(calm[key], name))


def test_references_of_html_and_bare_ampersands_cost_nothing(few: Site) -> None:
    calm = notices(few.crawl("13"))
    few.board.turn(html_entities=True)
    first, *others = notices(few.crawl("13"))
    assert others == calm[1:]
    assert first == replace(calm[0], title=f"{calm[0].title} R&D", title_original=f"{calm[0].title}&nbsp;R&D")


def test_a_row_that_comes_twice_is_found_once(few: Site) -> None:
    few.board.turn(duplicate_rows=True)
    findings = few.crawl("13", "27")
    assert found_keys(findings) == keys([one for one in FEW if one.get("lg_code") in ("13", "27")])
    assert coverages(findings)["13"] == Coverage("13", 4, 4, complete=True)


@pytest.mark.parametrize("wrong", [3, 300, 30_000])
def test_a_total_that_is_too_high_is_told_and_costs_neither_records_nor_many_requests(few: Site, wrong: int) -> None:
    few.board.turn(wrong_hits=wrong)
    findings = few.crawl("01", "13", "27", "47")
    assert found_keys(findings) == keys([one for one in FEW if one.get("lg_code")])
    assert not any(coverage.complete for coverage in coverages(findings).values())
    assert len(problems(findings)) == 4
    assert len(few.asked) < 40


def test_a_total_that_is_too_low_is_told_and_costs_no_records(few: Site) -> None:
    few.board.turn(wrong_hits=-1)
    findings = few.crawl("13", "27", "47")
    assert found_keys(findings) == keys([one for one in FEW if one.get("lg_code")])
    assert coverages(findings)["13"] == Coverage("13", 3, 2, complete=False)


def test_a_portal_that_has_nothing_says_so_for_each_prefecture(few: Site) -> None:
    few.board.turn(empty=True)
    assert few.crawl("13", "27") == [Coverage(code, 0, 0, complete=True) for code in ("13", "27")]


ENDLESS = """
import json, random, re, resource, sys
from pathlib import Path
from datetime import datetime
sys.path.insert(0, sys.argv[2])
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.source import SourceOptions, Window, crawl
from scrapers.sources.kkj import Kkj

now = datetime.fromisoformat(sys.argv[3])
settings = NetworkSettings("test/1 (+https://example.org/)", stand_in=sys.argv[1])
with HttpFetcher(settings, clock=lambda: now, sleep=lambda seconds: None, rng=random.Random(1)) as fetcher:
    fetch = fetcher.for_source(0, Kkj.max_bytes)
    window = Window(now.date().replace(day=1), None, now)
    findings = [(getattr(one, "key", None), getattr(one, "text_cut", None), len(getattr(one, "text", "")))
                for one in crawl(Kkj(SourceOptions(prefectures=("13",))), window, fetch)]
status = Path("/proc/self/status")
# Where there is one, not getrusage: on Linux its peak begins with that of the process that started this one.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) if status.exists() else (
    resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
)
print(json.dumps([findings, peak]))
"""


def test_a_text_of_157_megabytes_is_cut_and_takes_little_memory(few: Site) -> None:
    pytest.importorskip("resource", reason="memory is measured as POSIX does")
    few.board.turn(huge_text_bytes=157_000_000)
    command = [sys.executable, "-c", ENDLESS, few.base, str(ROOT), NOW.isoformat()]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr.decode()
    (*found, coverage), most = json.loads(ended.stdout)
    assert Counter(key for key, _, _ in found) == keys([one for one in FEW if one.get("lg_code") == "13"])
    assert [cut for _, cut, _ in found] == [True, False, False]
    assert found[0][2] > 300_000
    assert coverage[0] is None
    assert most * (1 if sys.platform == "darwin" else 1024) < 400 * MEGABYTE


# Failures: told by name, and the portal is left alone


@pytest.mark.parametrize(
    ("switches", "error", "words"),
    [
        ({"maintenance": True}, SourceChanged, "kkj: answered with HTML instead of XML"),
        ({"error_body": "search disabled"}, SourceChanged, "kkj: answered with the error “search disabled”"),
        ({"truncate_at": 0}, SourceChanged, "kkj: answered with something that is no XML, beginning “”"),
        ({"truncate_at": 70}, FetchError, "kkj: broke off before its first record"),
        ({"truncate_at": 130}, FetchError, "kkj: broke off after 0 of"),
        ({"http_status": 404}, FetchError, f"{HOST}: answered 404 for /api/"),
    ],
)
def test_a_portal_that_is_down_is_left_alone_after_three_questions(
    few: Site, switches: dict[str, Any], error: type[ScrapeError], words: str
) -> None:
    few.board.turn(**switches)
    findings: list[Finding] = []
    with pytest.raises(error, match=f"^{words}"):
        few.crawl(into=findings)
    assert notices(findings) == []
    assert len(problems(findings)) == GIVE_UP_AFTER - 1
    assert len(few.asked) == GIVE_UP_AFTER


@pytest.mark.parametrize("switches", [{"http_status": 503}, {"http_status": 429}, {"hang_up_at": 50}])
def test_each_question_is_repeated_a_little_before_the_portal_is_given_up(
    few: Site, switches: dict[str, Any]
) -> None:
    few.board.turn(**switches)
    with pytest.raises(FetchError, match=rf"^{HOST}: "):
        few.crawl()
    assert len(few.asked) == GIVE_UP_AFTER * (1 + RETRIES)


def test_a_portal_that_asks_for_patience_is_not_asked_again(few: Site) -> None:
    few.board.turn(http_status=503, retry_after="3600")
    with pytest.raises(FetchError, match=rf"^{HOST}: asks to be left alone"):
        few.crawl()
    assert len(few.asked) == 1


@pytest.mark.parametrize("switches", [{}, {"http_status": 503}, {"hang_up_at": 200}])
def test_a_hiccup_costs_nothing(few: Site, switches: dict[str, Any]) -> None:
    few.board.turn(fail_first=2, **switches)
    findings = few.crawl("13", "27", "47")
    assert found_keys(findings) == keys(FEW[:6])
    assert problems(findings) == []


@pytest.mark.parametrize("prefectures", [("13",), ("13", "27")])
def test_nothing_had_from_the_few_that_were_asked_for_is_an_error_too(few: Site, prefectures: tuple[str]) -> None:
    few.board.turn(maintenance=True)
    with pytest.raises(SourceChanged, match=r"^kkj: answered with HTML"):
        few.crawl(*prefectures)
    assert len(few.asked) == len(prefectures)


def test_a_prefecture_that_fails_is_told_and_the_others_are_read(few: Site) -> None:
    few.board.turn(maintenance=True, fail_first=2)
    findings = few.crawl("13", "01", "27", "47")
    assert found_keys(findings) == keys(FEW[3:6])
    assert list(coverages(findings)) == ["27", "47"]
    assert [problem.partition(" ")[0] for problem in problems(findings)] == ["13", "01"]


def test_failures_that_are_not_in_a_row_do_not_end_the_crawl(few: Site) -> None:
    failing = ["01", "02", "04", "05", "07", "08"]
    with few.fetcher() as fetcher:

        def fetch(request: Request) -> Page:
            if dict(request.params).get("LG_Code") in failing:
                raise FetchError("{host}: gone", host=HOST)
            return fetcher(request)

        findings = list(crawl(Kkj(), Window(SINCE, None, NOW), fetch))
    assert found_keys(findings) == keys(FEW)
    assert [problem.partition(" ")[0] for problem in problems(findings)] == failing


def test_an_answer_that_breaks_off_keeps_what_had_come(site: Site) -> None:
    site.board.turn(truncate_at=10_000, fail_first=1)
    findings = site.crawl("13", "27")
    coverage = coverages(findings)
    assert 0 < coverage["13"].found < FULL
    assert not coverage["13"].complete
    assert coverage["27"] == Coverage("27", 30, 30, complete=True)
    assert found_keys(findings).total() == coverage["13"].found + 30
    assert len(problems(findings)) == 1
    assert problems(findings)[0].startswith(
        f"13 2026-06-01/: kkj: broke off after {coverage['13'].found} of {FULL} records"
    )


def test_in_a_prefecture_that_is_split_only_the_part_that_fails_is_lost(site: Site) -> None:
    site.board.turn(cap=7)
    lost = "2026-06-01/2026-06-02"
    with site.fetcher() as fetcher:

        def fetch(request: Request) -> Page:
            if dict(request.params)["CFT_Issue_Date"] == lost:
                raise FetchError("{host}: gone", host=HOST)
            return fetcher(request)

        options = SourceOptions(prefectures=("13",))
        findings = list(crawl(Kkj(options), Window(SINCE, None, NOW), fetch))
    kept = [one for one in site.records if one.get("lg_code") == "13" and one["cft_issue_date"] > "2026-06-02"]
    assert found_keys(findings) == keys(kept)
    assert f"13 {lost}: {HOST}: gone" in problems(findings)
    assert coverages(findings)["13"] == Coverage("13", len(kept), FULL, complete=False)


@pytest.mark.parametrize("robots", ["Disallow: /", "Disallow: /api/"])
def test_a_refusal_by_robots_ends_the_crawl_at_once(
    over: Serve, monkeypatch: pytest.MonkeyPatch, robots: str
) -> None:
    monkeypatch.setattr("monitor.standins.kkj.PORTAL", replace(PORTAL, robots=f"User-agent: *\n{robots}\n"))
    site = over(FEW)
    site.board.turn(robots="as-real")
    with pytest.raises(Refused, match=rf"^{HOST}: robots\.txt forbids /api/"):
        site.crawl()
    assert site.asked == []


def test_the_real_robots_allow_the_crawl(few: Site) -> None:
    few.board.turn(robots="as-real")
    assert found_keys(few.crawl("13")).total() == 3


# Answers by hand


def answer(body: str) -> Answer:
    return Answer(page_of(body.encode(), Request("https://www.kkj.go.jp/api/", params=(("LG_Code", "13"),))))


def test_an_error_text_names_the_question() -> None:
    with pytest.raises(SourceChanged, match=r"error “Invalid Date Parameter”; the question was LG_Code=13$"):
        answer("<Results><Error>\n Invalid Date Parameter </Error></Results>")


@pytest.mark.parametrize("nothing", ["<SearchResults />", "<SearchResults/>", "<SearchResults>\n</SearchResults>"])
def test_an_empty_list_without_a_total_is_a_total_of_none(nothing: str) -> None:
    found = answer(f"<Results>{nothing}</Results>")
    assert (found.hits, list(found.records())) == (0, [])


@pytest.mark.parametrize(
    "body",
    [
        "<Results><SearchResults><SearchResult><Key>a</Key></SearchResult></SearchResults></Results>",
        "<Results><Version>2.0</Version></Results>",
    ],
)
def test_records_without_a_total_are_another_format(body: str) -> None:
    with pytest.raises(SourceChanged, match=r"^kkj: the answer states no SearchHits"):
        answer(body)


@pytest.mark.parametrize("row", ["<SearchResult id='1'><Key>a</Key></SearchResult>", "<Row/>", ""])
def test_records_that_are_stated_and_not_there_are_another_format(row: str) -> None:
    asked: list[Request] = []

    def fetch(request: Request) -> Page:
        asked.append(request)
        body = f"<Results><SearchResults><SearchHits>40</SearchHits>{row * 40}</SearchResults></Results>"
        return page_of(body.encode(), request)

    with pytest.raises(SourceChanged, match=r"^kkj: states 1880 records and gives none"):
        list(crawl(Kkj(), Window(SINCE, None, NOW), fetch))
    assert len(asked) == len(PREFECTURES)


# Questions


@pytest.mark.parametrize(
    ("part", "query"),
    [
        (Part(SINCE, None, having=("工事",)), "工事"),
        (Part(SINCE, None, lacking=("工事",)), "NOT 工事"),
        (
            Part(SINCE, None, having=("工事", "設備"), lacking=("業務", "改修")),
            "工事 AND 設備 ANDNOT 業務 ANDNOT 改修",
        ),
        (Part(SINCE, None, lacking=("工事", "業務")), "NOT 工事 ANDNOT 業務"),
    ],
)
def test_words_are_asked_for_in_the_order_that_the_grammar_reads(part: Part, query: str) -> None:
    assert dict(part.request().params)["Query"] == query


def test_the_parts_of_a_part_are_all_of_it_and_do_not_overlap() -> None:
    parts, days = [Part(SINCE, date(2026, 6, 30), "13")], []
    while parts:
        part = parts.pop(0)
        smaller = part.by_date(TODAY)
        parts += smaller
        if not smaller:
            days.append((part.since, part.until))
    assert sorted(days) == [(SINCE + timedelta(days=day),) * 2 for day in range(30)]
    assert Part(SINCE, SINCE, "13", category="1").by_category() == []
    assert Part(SINCE, SINCE, "13", lacking=TEXT_WORDS).by_text() == []


def test_records_that_are_known_to_be_missing_are_told(over: Serve) -> None:
    site = over(
        [record(1, date(2026, 6, 2), "13"), record(2, date(2026, 6, 2), None, title="水素実証", organization="環境")]
    )
    (problem,) = problems(site.crawl())
    assert problem == "without prefecture: the portal has 1 records without a prefecture, and 0 of them were found"

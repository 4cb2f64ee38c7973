"""The award open data: which files are asked for, what a row means, and that nothing broken is taken for an answer."""

import csv
import io
import random
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from db.vocabulary.award import ScrapedAward
from db.vocabulary.run import Coverage, Problem
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.source import Finding, Page, Request, Window, crawl, page_of
from scrapers.sources import pportal_awards
from scrapers.sources.pportal_awards import LIST, METHODS, MINISTRIES, PportalAwards

TOKYO = timezone(timedelta(hours=9))
NOW = datetime(2026, 6, 15, 9, tzinfo=TOKYO)
TODAY = NOW.date()
PREFIX = "successful_bid_record_info_"
DAY = f"{PREFIX}diff_20260612.zip"
HTML = "<!DOCTYPE html><html><head><title>エラー</title></head><body>指定されたファイルは存在しません。</body></html>"

Columns = tuple[str, ...]


def diff(day: date) -> str:
    return f"{PREFIX}diff_{day:%Y%m%d}.zip"


def year(fiscal: int) -> str:
    return f"{PREFIX}all_{fiscal}.zip"


def row(case: int = 1, **more: str) -> Columns:
    given = {
        "title": "見本庁舎の清掃",
        "date": "2026-06-01",
        "price": "2160000.00",
        "ministry": "K1",
        "method": "8002010",
        "winner": "有限会社例示クリーン",
        "number": "5999900000004",
    } | more
    return (f"{case:019}", *given.values())


def text(rows: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode("utf-8-sig")


def packed(content: bytes, *names: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name in names or ("awards.csv",):
            entry = zipfile.ZipInfo(name)  # of one day, whatever the clock of the machine
            entry.compress_type = method
            archive.writestr(entry, content)
    return written.getvalue()


def zipped(*rows: Sequence[str]) -> bytes:
    return packed(text(rows))


def listing(names: Iterable[str]) -> bytes:
    links = "".join(f"<tr><td><a onclick=\"doDownload('{name}')\">{name}</a></td></tr>" for name in names)
    return f"<!DOCTYPE html><html><body><h1>落札実績オープンデータ</h1><table>{links}</table></body></html>".encode()


@dataclass
class Site:
    """The portal as a test describes it: an answer (or an error) for each file, and a list of them."""

    files: dict[str, bytes | ScrapeError]
    listed: bytes | None = None
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Page:
        if request.url == LIST:
            return page_of(listing(self.files) if self.listed is None else self.listed, request)
        assert urlsplit(request.url).hostname == "api.p-portal.go.jp"
        version, name = request.params
        assert version == ("fileversion", "v001")
        self.asked.append(name[1])
        answer = self.files[name[1]]
        if isinstance(answer, ScrapeError):
            raise answer
        return page_of(answer, request)

    def crawl(
        self, since: date = date(2026, 6, 12), until: date | None = None, into: list[Finding] | None = None
    ) -> list[Finding]:
        found = [] if into is None else into
        found.extend(crawl(PportalAwards(), Window(since, until, NOW), self))
        return found


def one_day(*rows: Sequence[str]) -> list[Finding]:
    """What a day's file with these rows is read as."""
    return Site({DAY: zipped(*rows)}).crawl()


def awards(findings: Iterable[Finding]) -> list[ScrapedAward]:
    return [one for one in findings if isinstance(one, ScrapedAward)]


def problems(findings: Iterable[Finding]) -> list[str]:
    return [f"{one.part}: {one.saying}" for one in findings if isinstance(one, Problem)]


def coverage(findings: Iterable[Finding]) -> dict[str, int]:
    return {one.part: one.found for one in findings if isinstance(one, Coverage)}


def status(code: int) -> FetchError:
    return FetchError("api.p-portal.go.jp: answered {status} for {path}", status=code, path="/pps-web-biz/x")


# Which files are asked for


DAYS = [date(2026, 4, 14) + timedelta(days=number) for number in range(63)]
YEARS = range(2013, 2027)


def full() -> Site:
    """As the portal is: two months of days, and all years."""
    site = Site({diff(day): zipped() for day in DAYS})
    site.files |= {year(fiscal): zipped(row(fiscal, date=f"{fiscal}-04-01")) for fiscal in YEARS}
    return site


def test_a_regular_crawl_asks_only_for_the_days_of_its_window() -> None:
    site = full()
    site.crawl(since=TODAY - timedelta(days=2))
    assert site.asked == [diff(day) for day in DAYS[-3:]]


def test_a_window_within_the_listed_days_needs_no_file_of_a_year() -> None:
    site = full()
    site.crawl(since=DAYS[0], until=DAYS[2])
    assert site.asked == [diff(day) for day in DAYS[:3]]


@pytest.mark.parametrize(
    ("since", "until", "years"),
    [
        (DAYS[0] - timedelta(days=1), None, [2026]),
        (date(2026, 4, 1), None, [2026]),
        (date(2026, 3, 31), None, [2025, 2026]),
        (date(2023, 4, 1), date(2024, 3, 31), [2023]),
        (date(2023, 3, 31), date(2024, 4, 1), [2022, 2023, 2024]),
        (date(2009, 1, 1), None, list(YEARS)),
    ],
)
def test_before_the_listed_days_there_are_the_years_that_the_window_touches(
    since: date, until: date | None, years: list[int]
) -> None:
    site = full()
    site.crawl(since=since, until=until)
    days = [day for day in DAYS if since <= day <= (until or TODAY)]
    assert site.asked == [*map(year, years), *map(diff, days)]


def test_where_no_day_is_listed_the_years_are_read() -> None:
    site = Site({year(2026): zipped(row())})
    assert len(awards(site.crawl())) == 1


def test_a_year_that_is_not_listed_is_told_and_not_asked_for() -> None:
    site = Site({year(2025): zipped(row())})
    findings = site.crawl(since=date(2024, 5, 1))
    assert site.asked == [year(2025)]
    assert coverage(findings) == {year(2024): 0, year(2025): 1, year(2026): 0}
    assert problems(findings) == []


def test_the_file_of_a_year_gives_what_was_decided_up_to_the_end_of_the_window() -> None:
    rows = [row(number, date=day) for number, day in enumerate(("2024-04-01", "2026-02-28", "2026-03-01"))]
    site = Site({year(2025): zipped(*rows), DAY: zipped(row(9))})
    found = awards(site.crawl(since=date(2025, 4, 1), until=date(2026, 2, 28)))
    # What a year's file holds of other years is its own business.
    assert [one.date for one in found] == [date(2024, 4, 1), date(2026, 2, 28)]


def test_the_file_of_a_day_gives_what_was_decided_long_ago_too() -> None:
    (found,) = awards(one_day(row(date="2019-05-01")))
    assert (found.date, found.published) == (date(2019, 5, 1), date(2026, 6, 12))


def test_what_a_year_says_is_not_newer_than_what_it_surely_holds() -> None:
    rows = row(1, date="2026-01-05"), row(2, date="2026-05-20")
    found = awards(Site({year(2026): zipped(*rows)}).crawl(since=date(2026, 4, 1)))
    # In June a year's file may still be of the end of April; what was decided later was published later.
    assert [one.published for one in found] == [date(2026, 4, 30), date(2026, 5, 20)]


def test_a_decision_in_the_future_was_not_published_in_the_future() -> None:
    (found,) = awards(Site({year(2026): zipped(row(date="2062-05-20"))}).crawl(since=date(2026, 4, 1)))
    assert (found.date, found.published) == (date(2062, 5, 20), TODAY)


def test_crawling_again_finds_exactly_the_same() -> None:
    site = Site({DAY: zipped(row(1), row(2), row(2)), year(2026): zipped(row(3))})
    assert site.crawl(since=date(2026, 4, 1)) == site.crawl(since=date(2026, 4, 1))


# The list


@pytest.mark.parametrize(
    ("page", "error", "says"),
    [
        (HTML.encode(), SourceChanged, "has no"),
        (listing([]), SourceChanged, "has no"),
        (listing([DAY])[:-20], FetchError, "broke off"),
        (b"", FetchError, "is empty"),
        (b'{"error": "not found"}', SourceChanged, "no HTML"),
        ("<html><title>メンテナンス中</title></html>".encode(), SourceChanged, "maintenance page"),
        (b"<html><form><input type=password></form></html>", SourceChanged, "login page"),
        (listing(["award_2026.zip"]), SourceChanged, "names no file of a day or a year, but award_2026.zip"),
        (listing([f"{PREFIX}diff_20261399.zip"]), SourceChanged, "names no file of a day or a year"),
        (listing([DAY]).replace(b"doDownload('", b"doDownload("), SourceChanged, "none at all"),
    ],
)
def test_a_list_without_files_is_an_error(page: bytes, error: type[ScrapeError], says: str) -> None:
    with pytest.raises(error, match=says) as raised:
        Site({}, page).crawl()
    assert str(raised.value).startswith("pportal_awards: ")


def test_a_file_of_an_unknown_name_is_told_and_the_rest_is_read() -> None:
    site = Site({DAY: zipped(row())}, listing([DAY, f"{PREFIX}month_202605.zip", DAY]))
    findings = site.crawl()
    assert (len(awards(findings)), site.asked) == (1, [DAY])
    assert "month_202605.zip" in problems(findings)[0]


@pytest.mark.parametrize("call", ["doDownload(&quot;{}&quot;)", "return doDownload( '{}' , 1);"])
def test_a_link_may_be_written_in_other_ways(call: str) -> None:
    page = f'<html><button onclick="{call.format(DAY)}">x</button></html>'.encode()
    assert len(awards(Site({DAY: zipped(row())}, page).crawl())) == 1


# What is answered for a file


def broken(site: Site) -> str:
    """The message of a crawl whose only file cannot be read."""
    findings: list[Finding] = []
    with pytest.raises(ScrapeError) as raised:
        site.crawl(into=findings)
    assert awards(findings) == []
    return f"{type(raised.value).__name__} {raised.value}"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (status(404), f"FetchError pportal_awards: {DAY} is listed, but there is no such file (404)"),
        (status(400), f"FetchError pportal_awards: {DAY} is listed, but the portal takes no such question (400)"),
        (status(500), f"FetchError pportal_awards: {DAY} was not had (api.p-portal.go.jp: answered 500"),
        (HTML.encode(), f"SourceChanged pportal_awards: {DAY} is listed, but the portal answered with an HTML page"),
        (HTML.encode(), "“エラー”"),
        (b"\r\n <html><body>login</body></html>", "HTML page (“<html><body>login"),
        (b"", "was not had (the answer is empty)"),
        (text([row()]), "is no zip; it begins"),
        (b"%PDF-1.7", "is no zip; it begins “%PDF-1.7”"),
        (zipped(row())[:-1], "FetchError"),
        (zipped(row())[:40], "FetchError"),
        (packed(b"", "a.csv", "b.csv"), "SourceChanged pportal_awards: " + DAY + " holds a.csv, b.csv instead of"),
        (packed(b"", "readme.txt"), "holds readme.txt instead of one CSV"),
        (b"PK\x05\x06" + bytes(18), "holds nothing instead of one CSV"),
        (packed(text([row()]), method=zipfile.ZIP_BZIP2), "in a way that is not read here"),
        (packed(text([row()]), method=zipfile.ZIP_LZMA), "in a way that is not read here"),
    ],
)
def test_what_is_no_file_is_told_by_what_it_is(answer: bytes | ScrapeError, says: str) -> None:
    assert says in broken(Site({DAY: answer}))


def test_a_zip_that_is_encrypted_is_told() -> None:
    content = bytearray(zipped(row()))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "packed or encrypted" in broken(Site({DAY: bytes(content)}))


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pportal_awards, "LARGEST_CSV", 1 << 20)
    bomb = packed(bytes(2 << 20))
    assert len(bomb) < 5_000
    assert "unfolds to 2,097,152 bytes, and 1,048,576 are allowed" in broken(Site({DAY: bomb}))
    # One that states another size is read up to that size; then its checksum is wrong.
    liar = bytearray(bomb)
    entry = liar.index(b"PK\x01\x02")
    liar[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    assert "broken off or damaged" in broken(Site({DAY: bytes(liar)}))


def test_a_damaged_zip_is_never_anything_but_an_error_of_the_source() -> None:
    rng, sound = random.Random(3), zipped(*(row(number) for number in range(50)))
    said: list[str] = []
    for _ in range(400):
        damaged = bytearray(sound)
        for _ in range(rng.choice((1, 1, 3))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            found = awards(Site({DAY: bytes(damaged)}).crawl())
        except ScrapeError as error:
            said.append(str(error))
        else:
            assert len(found) == 50  # what is read of it at all is read whole
    assert len(said) > 200
    assert all(one.startswith("pportal_awards: ") for one in said)


def test_a_zip_that_is_cut_anywhere_gives_no_row() -> None:
    sound = zipped(row(1), row(2))
    for length in range(0, len(sound), 7):
        broken(Site({DAY: sound[:length]}))


def test_one_file_that_cannot_be_read_does_not_stop_the_others() -> None:
    days = [TODAY - timedelta(days=number) for number in (3, 2, 1)]
    findings = Site(
        {diff(days[0]): zipped(row(1)), diff(days[1]): HTML.encode(), diff(days[2]): zipped(row(3))}
    ).crawl()
    assert [one.case_number for one in awards(findings)] == [f"{1:019}", f"{3:019}"]
    assert len(problems(findings)) == 1
    assert problems(findings)[0].startswith(f"{diff(days[1])}: pportal_awards: ")


def test_after_three_files_in_a_row_the_portal_is_taken_to_be_down() -> None:
    site = Site({diff(TODAY - timedelta(days=number)): status(503) for number in range(6)})
    with pytest.raises(FetchError, match="answered 503"):
        site.crawl()
    assert len(site.asked) == 3


@pytest.mark.parametrize("answer", [status(404), status(400), HTML.encode(), zipped(row())[:-1], b"", zipped(("x",))])
def test_however_many_files_are_missing_or_damaged_the_later_ones_are_read(answer: bytes | ScrapeError) -> None:
    days = [TODAY - timedelta(days=number) for number in range(6, 0, -1)]
    site = Site({diff(day): answer for day in days} | {diff(TODAY): zipped(row())})
    findings = site.crawl(since=days[0])
    assert (len(awards(findings)), len(problems(findings)), len(site.asked)) == (1, 6, 7)


def test_a_refusal_ends_the_crawl() -> None:
    site = Site({diff(TODAY): zipped(row()), diff(TODAY - timedelta(days=1)): Refused("robots.txt forbids it")})
    with pytest.raises(Refused):
        site.crawl()


def test_a_day_without_a_row_is_an_answer_and_a_year_is_not() -> None:
    assert one_day() == [Coverage(DAY, 0, None, complete=False)]
    assert "no row of" in broken(Site({year(2026): zipped()}))
    assert "no row of" in broken(Site({year(2026): packed(b"")}))


# What a row means


def test_a_row_is_read_column_by_column() -> None:
    real = (
        "0000000000000496653",
        "令和７年度デジタル人材採用に係る求人サービス等の利用支援",
        "2026-04-01",
        "31389000.00",
        "W1",
        "8004030",
        "Ｐｏｌｅ＆Ｌｉｎｅ合同会社",
        "7011003005763",
    )
    assert awards(one_day(real)) == [
        ScrapedAward(
            source="pportal_awards",
            key="0000000000000496653|2026-04-01|7011003005763|pole&line合同会社",
            title="令和７年度デジタル人材採用に係る求人サービス等の利用支援",
            date=date(2026, 4, 1),
            published=date(2026, 6, 12),
            supplier="Ｐｏｌｅ＆Ｌｉｎｅ合同会社",
            amount=Decimal("31389000.00"),
            corporate_number="7011003005763",
            case_number="0000000000000496653",
            buyer_code="W1",
            buyer="デジタル庁",
            method_code="8004030",
            method="随意契約方式・公募型プロポーザル方式",
        )
    ]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("37.2", "37.2"),
        ("37.20", "37.2"),
        ("-1500000.00", "-1500000"),
        ("0", "0"),
        ("0.0001", "0.0001"),
        ("15400000000.00", "15400000000"),
        ("", None),
    ],
)
def test_a_price_is_read_to_the_decimal(written: str, amount: str | None) -> None:
    findings = one_day(row(price=written))
    assert [one.amount for one in awards(findings)] == [None if amount is None else Decimal(amount)]
    assert problems(findings) == []


@pytest.mark.parametrize(
    "written", ["1,000", "1000円", "△5", "１０００", "NaN", "1e9", "0.00001", "9" * 14, "--1", "."]
)
def test_a_price_in_another_form_is_told_and_the_award_kept_without_it(written: str) -> None:
    findings = one_day(row(price=written))
    assert [one.amount for one in awards(findings)] == [None]
    assert problems(findings) == [f"{DAY}:1: the price “{written}” cannot be read; the award is kept without it"]


def test_a_blank_corporate_number_is_fine_and_an_unsound_one_is_told() -> None:
    findings = one_day(row(1, number=""), row(2, number="5999900000005"), row(3, number="599990000000"))
    assert [one.corporate_number for one in awards(findings)] == [None, None, None]
    assert problems(findings) == [
        f"{DAY}:{line}: the corporate number {number} is not sound; the award is kept without it"
        for line, number in ((2, "5999900000005"), (3, "599990000000"))
    ]


@pytest.mark.parametrize(
    "number", ["5-9999-0000-0004", "５９９９９０００００００４", " 5999900000004 ", "5 9999 0000 0004"]
)
def test_a_corporate_number_is_one_in_whatever_writing(number: str) -> None:
    assert one_day(row(number=number)) == one_day(row(number="5999900000004"))


def test_spaces_around_what_is_stated_do_not_matter() -> None:
    padded = tuple(f" {column}　" for column in row())
    assert one_day(padded) == one_day(row())


def test_a_day_without_its_hyphens_is_the_same_day() -> None:
    assert one_day(row(date="20260601")) == one_day(row(date="2026-06-01"))


def test_an_unknown_code_is_kept_without_a_name_and_told_once_for_each_file() -> None:
    rows = [row(number, ministry="ZZ", method="1234567") for number in range(3)]
    other = diff(TODAY)
    findings = Site({DAY: zipped(*rows), other: zipped(*rows)}).crawl()
    assert {(one.buyer_code, one.buyer, one.method_code, one.method) for one in awards(findings)} == {
        ("ZZ", None, "1234567", None)
    }
    assert [one.partition(" is not known")[0] for one in problems(findings)] == [
        f"{DAY}:1: ministry code ZZ",
        f"{DAY}:1: method code 1234567",
        f"{other}:1: ministry code ZZ",
        f"{other}:1: method code 1234567",
    ]


def test_all_codes_are_named() -> None:
    assert (len(MINISTRIES), len(METHODS)) == (53, 16)
    rows = [row(number, ministry=code) for number, code in enumerate(MINISTRIES)]
    rows += [row(number, method=code) for number, code in enumerate(METHODS, 100)]
    findings = one_day(*rows)
    assert problems(findings) == []
    assert {one.buyer for one in awards(findings)} == set(MINISTRIES.values())
    assert {one.method for one in awards(findings)} == set(METHODS.values())


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (row()[:-1], "7 columns instead of 8"),
        ((*row(), ""), "9 columns instead of 8"),
        (("",), "1 columns instead of 8"),
        (row(date="令和8年6月1日"), "no case, winner or day"),
        (row(date="2026-02-30"), "no case, winner or day"),
        (row(winner="　"), "no case, winner or day"),
        (("", *row()[1:]), "no case, winner or day"),
        (row(title="長" * 2001), "longer than it can be"),
        (row(winner="長" * 301), "longer than it can be"),
        (row(title="長" * 140_000), "the line is no CSV (field larger than field limit"),
        (row(title="\ufffd"), "not written in UTF-8"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_its_line_and_the_rest_goes_on(line: Columns, says: str) -> None:
    findings = one_day(row(1), line, row(3))
    assert [one.case_number for one in awards(findings)] == [f"{1:019}", f"{3:019}"]
    (problem,) = problems(findings)
    assert problem.startswith(f"{DAY}:")
    assert says in problem


def test_what_is_told_of_a_row_is_one_line() -> None:
    (problem,) = problems(one_day(row(1, date="2026\r\n-06-01", winner="\x0b"), row(2)))
    assert len(problem.splitlines()) == 1


def test_a_title_is_cleaned_as_those_of_notices_are() -> None:
    (found,) = awards(one_day(row(title="見本&amp;例示の調査（PDF：152KB）")))
    assert found.title == "見本&例示の調査"


def test_a_header_is_one_row_that_cannot_be_read() -> None:
    header = ("調達案件番号", "調達案件名称", "落札決定日", "落札価格", "府省コード", "入札方式", "商号", "法人番号")
    findings = one_day(header, row())
    assert (len(awards(findings)), len(problems(findings))) == (1, 1)


def test_a_quote_that_is_not_closed_costs_its_row_only() -> None:
    content = text([row(1), row(2, title="引用符"), row(3)]).replace('引用符"'.encode(), "引用符".encode())
    findings = Site({DAY: packed(content)}).crawl()
    assert [one.case_number for one in awards(findings)] == [f"{1:019}", f"{3:019}"]
    assert len(problems(findings)) == 1


def test_what_a_title_holds_between_its_quotes_is_kept() -> None:
    titles = ['"実証",その２', "令和８年度　見本　一式", "𠮷見本", "二行\r\nの件名", "\x00\x1b終わり", ""]
    found = awards(one_day(*(row(number, title=title) for number, title in enumerate(titles))))
    assert [one.title for one in found] == [
        '"実証",その２',
        "令和８年度　見本　一式",
        "𠮷見本",
        "二行 の件名",
        "終わり",
        "（件名なし）",
    ]


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"])
@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_byte_order_mark_and_line_ends_do_not_matter(ends: bytes, mark: bytes) -> None:
    content = mark + text([row(1), row(2)]).removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", ends).rstrip()
    assert len(awards(Site({DAY: packed(content)}).crawl())) == 2


@pytest.mark.parametrize("encoding", ["cp932", "utf-16", "euc_jp"])
def test_a_file_in_another_encoding_is_a_change_of_the_source(encoding: str) -> None:
    content = text([row(number) for number in range(5)]).decode("utf-8-sig").encode(encoding)
    assert "SourceChanged" in (said := broken(Site({DAY: packed(content)})))
    assert f"no row of {DAY} can be read" in said


def test_a_file_of_another_layout_is_given_up_as_a_whole_and_one_readable_row_is_kept() -> None:
    findings: list[Finding] = []
    rows = [row(number)[:6] for number in range(5000)]
    with pytest.raises(SourceChanged, match=r"can be read \(the line has 6 columns instead of 8\)"):
        Site({DAY: zipped(*rows)}).crawl(into=findings)
    assert len(findings) == 1
    found = one_day(*rows, row())
    assert (len(awards(found)), len(problems(found))) == (1, 5000)


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    content = b'"' + b"x" * (8 << 20)
    assert "the line is no CSV" in broken(Site({DAY: packed(content)}))


# Identity


def keys(findings: Iterable[Finding]) -> Counter[Any]:
    return Counter((one.key, one.amount, one.one_of_several) for one in awards(findings))


def test_the_price_is_no_part_of_an_awards_identity() -> None:
    (before,), (after,) = awards(one_day(row(price="1"))), awards(one_day(row(price="2", title="訂正")))
    assert before.key == after.key
    assert not before.one_of_several


@pytest.mark.parametrize(
    "other",
    [
        row(2),
        row(1, date="2026-06-02"),
        row(1, winner="例示クリーン二号"),
        row(1, number="8999900000001"),
        row(1, number=""),
    ],
)
def test_another_case_day_winner_or_number_is_another_award(other: Columns) -> None:
    found = awards(one_day(row(1), other))
    assert len({one.key for one in found}) == 2
    assert not any(one.one_of_several for one in found)


def test_spellings_of_a_winner_are_one_identity() -> None:
    first, second = one_day(row(winner="Ｅｘａｍｐｌｅ（株）")), one_day(row(winner="Example(株)"))
    assert keys(first) == keys(second)


def test_several_rows_of_one_winner_in_a_case_are_all_given_and_their_order_does_not_matter() -> None:
    rows = [row(1, price=price) for price in ("1", "2", "2.0", "2.00", "3")] + [row(2)]
    expected = keys(one_day(*rows))
    assert expected.total() == 6
    assert len({(key, amount) for key, amount, _ in expected}) == 6
    assert sum(several for _, _, several in expected) == 5
    rng = random.Random(5)
    for _ in range(10):
        rng.shuffle(rows)
        assert keys(one_day(*rows)) == expected

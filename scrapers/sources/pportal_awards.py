"""The award open data of p-portal: a zip a day with what was published on it, and one for each fiscal year."""

import csv
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from stdnum.jp import cn

from db.vocabulary.award import ScrapedAward
from db.vocabulary.japanese import fiscal_year_of
from db.vocabulary.messages import N_, Saying
from db.vocabulary.run import Coverage, Problem
from db.vocabulary.text import clean_title, fold
from scrapers.errors import FetchError, Refused, ScrapeError, SourceChanged
from scrapers.html import open_page
from scrapers.source import Page, Request, Source, Steps, Window

SLUG = "pportal_awards"
LIST = "https://www.p-portal.go.jp/pps-web-biz/UAB02/OAB0201"
FILES = "https://api.p-portal.go.jp/pps-web-biz/UAB03/OAB0301"
FIRST_YEAR = 2013
"""The fiscal year with which the data begin."""
GIVE_UP_AFTER = 3
"""Files in a row for which there is no answer: then the portal is down, and the rest is not asked for."""
LARGEST_CSV = 64 << 20
"""Bytes of a file when it is unpacked; a year has some 11 million."""
LONGEST_LINE = 100_000
"""Characters of a line that are held at once."""
LONGEST = (40, 2000, 10, 40, 10, 10, 300, 20)
"""Characters of each column; with more the columns are not what they should be."""


class PportalAwards(Source):
    """調達ポータル 落札実績オープンデータ: who won which contract of the central government, and at which price.

    Owner: Digital Agency (デジタル庁), Japan.
    Covers: awards of all ministries and agencies since fiscal 2013, some 50,000 a year.
    Terms: name the source: 出典: 調達ポータル（デジタル庁）.
    Caveats: a file of a day is kept for about two months; before that there are only the files of fiscal years,
        which are of the end of the month before, by the day of the decision: what was decided in an earlier
        fiscal year than the window's is not looked for there. No number identifies an award, so it is known by
        case, day, corporate number and winner: another price corrects it (where there is one price: beside
        several it is one more), another winner or day is another award. No planned price, no number of bidders,
        no word on taxes. A blank corporate number says nothing.
    """

    slug: ClassVar[str] = SLUG
    name: ClassVar[str] = "調達ポータル 落札実績オープンデータ"
    name_en: ClassVar[str] = "Procurement Portal award open data"
    homepage: ClassVar[str] = LIST
    jurisdiction: ClassVar[str] = "national"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 7
    max_bytes: ClassVar[int] = 16 << 20

    def steps(self, window: Window) -> Steps:
        listed = Listed((yield Request(LIST)))
        if listed.others:
            yield Problem(
                LIST,
                Saying(
                    "pportal_awards: the list has files that are not known here: {names}; see in a browser what is new",
                    {"names": ", ".join(listed.others)[:200]},
                ),
            )
        error, had, unanswered = None, False, 0
        for file in listed.wanted(window):
            if not file.listed:
                yield Coverage(file.name, 0, None, complete=False)
                continue
            page = None
            try:
                page = yield Request(FILES, params=(("fileversion", "v001"), ("filename", file.name)))
                yield from read(file, page, window)
                had, unanswered = True, 0
            except Refused:
                raise
            except ScrapeError as raised:
                error = told(file, raised)
                # That a file is missing or damaged says nothing of the next one.
                unanswered = 0 if page or _status(raised) in MISSING else unanswered + 1
                if unanswered == GIVE_UP_AFTER:
                    raise error from raised
                yield Problem(file.name, error.saying)
        if error and not had:
            raise error


# Which files there are, and which are asked for


@dataclass(frozen=True, slots=True)
class File:
    """A file of the list. It says what was known on the day ``published``; that of a year may know more."""

    name: str
    published: date
    whole_year: bool = False
    listed: bool = True
    """False for a fiscal year that is wanted and that the list does not have."""


_CALL = re.compile(r"doDownload\(\s*['\"]([^'\"]+)['\"]")
_NAME = re.compile(r"successful_bid_record_info_(?:all_(?P<year>\d{4})|diff_(?P<day>\d{8}))\.zip", re.ASCII)


class Listed:
    """The list of files. Raises SourceChanged where it has none."""

    def __init__(self, page: Page) -> None:
        calls = open_page(page, SLUG, expects='[onclick*="doDownload("]').select('[onclick*="doDownload("]')
        names = {_plain(name) for call in calls for name in _CALL.findall(str(call["onclick"]))}
        self.days: dict[date, str] = {}
        self.years: dict[int, str] = {}
        self.others: list[str] = []
        for name in sorted(names):
            found = _NAME.fullmatch(name)
            day = _day(found["day"]) if found and found["day"] else None
            if day:
                self.days[day] = name
            elif found and found["year"]:
                self.years[int(found["year"])] = name
            else:
                self.others.append(name)
        if not self.days and not self.years:
            raise SourceChanged(
                "pportal_awards: the list names no file of a day or a year, but {names}; "
                "look at it in a browser, the names may have changed",
                names=", ".join(self.others)[:200] or "none at all",
            )

    def wanted(self, window: Window) -> Iterator[File]:
        """The files of the days in the window; for what was before the first of them, its fiscal years first."""
        today = window.now.date()
        last = min(window.until or today, today)
        first_day = min(self.days, default=last + timedelta(days=1))
        # Just after the turn of a month a file may still be of the end of the month before the last.
        certain = (today.replace(day=1) - timedelta(days=1)).replace(day=1) - timedelta(days=1)
        if window.since < first_day:
            before = min(last, first_day - timedelta(days=1))
            for year in range(max(FIRST_YEAR, fiscal_year_of(window.since)), fiscal_year_of(before) + 1):
                name = self.years.get(year)
                yield File(name or f"successful_bid_record_info_all_{year}.zip", certain, True, name is not None)
        for day, name in sorted(self.days.items()):
            if window.since <= day <= (window.until or day):
                yield File(name, day)


# What is answered for a file

MISSING = ("404", "400")


def _status(error: ScrapeError) -> str:
    return str(error.saying.values.get("status", ""))


def told(file: File, error: ScrapeError) -> ScrapeError:
    """The error as it is told of this file: the portal says in three ways that it has none (see ``_no_zip``)."""
    if not isinstance(error, FetchError):
        return error
    match _status(error):
        case "404":
            return FetchError(
                "pportal_awards: {file} is listed, but there is no such file (404); the next run asks again",
                file=file.name,
            )
        case "400":
            return FetchError(
                "pportal_awards: {file} is listed, but the portal takes no such question (400); "
                "if it stays so, the address or its parameters have changed",
                file=file.name,
            )
    return FetchError(
        "pportal_awards: {file} was not had ({why}); the next run asks again", file=file.name, why=error
    )


def read(file: File, page: Page, window: Window) -> Iterator[ScrapedAward | Problem | Coverage]:
    """The awards of a file, and what is amiss. In the file of a year those decided after the window are left out.

    Raises SourceChanged where no row can be read. A day without any row is an answer, a year is not.
    """
    content = Csv(file.name, page)
    repeated = _repeated(file, content)
    given = 0
    copies: Counter[tuple[str, Decimal | None]] = Counter()
    named: set[str] = set()
    for line, columns in content.rows():
        part = f"{file.name}:{line}"
        found = columns if isinstance(columns, Saying) else award_of(columns, file.published)
        if isinstance(found, Saying):
            yield Problem(part, found)
            continue
        award, amiss = found
        for code, saying in unknown_codes(award):
            if code not in named:
                named.add(code)
                amiss.append(saying)
        yield from (Problem(part, saying) for saying in amiss)
        if file.whole_year:
            if window.until and award.date > window.until:
                continue
            # What was decided later was published later, though not in the future.
            award = replace(award, published=min(max(file.published, award.date), window.now.date()))
        if award.key in repeated:
            copies[award.key, award.amount] += 1
            copy = copies[award.key, award.amount]
            award = replace(award, key=award.key if copy == 1 else f"{award.key}|{copy}", one_of_several=True)
        given += 1
        yield award
    yield Coverage(file.name, given, None, complete=False)


def _repeated(file: File, content: "Csv") -> set[str]:
    """The keys that several rows have. Raises SourceChanged where not one row can be read."""
    keys: Counter[str] = Counter()
    unread: Saying | None = None
    for _, columns in content.rows():
        found = columns if isinstance(columns, Saying) else award_of(columns, file.published)
        if isinstance(found, Saying):
            unread = unread or found
        else:
            keys[found[0].key] += 1
    if not keys and (unread or file.whole_year):
        raise SourceChanged(
            "pportal_awards: no row of {file} can be read ({why}); its layout has changed, look at the archive",
            file=file.name,
            why=unread or Saying("there is none"),
        )
    return {key for key, count in keys.items() if count > 1}


DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)
"""What reading a damaged zip raises: its version, its offsets or its names may be nonsense too."""
ENCRYPTED = 0x1
_TITLE = re.compile(r"<title>(.*?)</title>", re.IGNORECASE)


class Csv:
    """The only CSV in a zip, row by row.

    Raises SourceChanged for what is none, FetchError for one that is broken off or damaged: it is read once to
    its end, checksum included, before anything in it is believed.
    """

    def __init__(self, name: str, page: Page) -> None:
        beginning = page.open().read(2000)
        if not beginning.startswith(b"PK"):
            raise _no_zip(name, beginning)
        try:
            self._zip = zipfile.ZipFile(page.open())
            self._member = _only_csv(name, self._zip.infolist())
            with self._zip.open(self._member) as unpacked:
                while unpacked.read(1 << 20):
                    pass
        except DAMAGES as error:
            raise FetchError(
                "the zip is broken off or damaged: {why}", why=str(error) or type(error).__name__
            ) from error

    def rows(self) -> Iterator[tuple[int, list[str] | Saying]]:
        """The number of each line that ends a row, and the row's columns."""
        with (
            self._zip.open(self._member) as unpacked,
            io.TextIOWrapper(unpacked, "utf-8-sig", errors="replace", newline="") as text,
        ):
            reader = csv.reader(iter(lambda: text.readline(LONGEST_LINE), ""))
            while True:
                try:
                    columns = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield reader.line_num, Saying("the line is no CSV ({why})", {"why": str(error)})
                else:
                    if columns:
                        yield reader.line_num, columns


def _only_csv(name: str, members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    member = members[0] if len(members) == 1 else None
    if member is None or not member.filename.lower().endswith(".csv"):
        raise SourceChanged(
            "pportal_awards: {file} holds {members} instead of one CSV; look at the archive",
            file=name,
            members=", ".join(_plain(one.filename)[:60] for one in members[:5]) or "nothing",
        )
    # The other ways to pack know no limit on what a piece unfolds to.
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & ENCRYPTED:
        raise SourceChanged(
            "pportal_awards: {file} is packed or encrypted in a way that is not read here; look at the archive",
            file=name,
        )
    # zipfile unpacks no more than what is stated here.
    if member.file_size > LARGEST_CSV:
        raise SourceChanged(
            "pportal_awards: {file} unfolds to {size} bytes, and {allowed} are allowed; look at the archive, "
            "and raise LARGEST_CSV if it is sound",
            file=name,
            size=f"{member.file_size:,}",
            allowed=f"{LARGEST_CSV:,}",
        )
    return member


def _no_zip(name: str, beginning: bytes) -> ScrapeError:
    shown = " ".join(_plain(beginning.decode("utf-8", "replace")).split())
    if not shown:
        return FetchError("the answer is empty")
    if not shown.startswith("<"):
        return SourceChanged(
            "pportal_awards: {file} is no zip; it begins “{shown}”; look at the archive", file=name, shown=shown[:60]
        )
    title = _TITLE.search(shown)
    return SourceChanged(
        "pportal_awards: {file} is listed, but the portal answered with an HTML page (“{title}”) instead of a "
        "zip; the file is missing or the portal is down, the next run asks again",
        file=name,
        title=title[1].strip()[:60] if title else shown[:60],
    )


# What a row means

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_AMOUNT = re.compile(r"-?\d{1,13}(?:\.\d{1,4})?", re.ASCII)  # below LARGEST_YEN


def award_of(columns: list[str], published: date) -> tuple[ScrapedAward, list[Saying]] | Saying:
    """The award of a row, and what in the row could not be read; or what makes the whole row unusable.

    The key is the case, the day, the corporate number as stated, and the winner. Nothing of it is the price.
    """
    if len(columns) != len(LONGEST):
        return Saying(
            "the line has {count} columns instead of {expected}",
            {"count": str(len(columns)), "expected": str(len(LONGEST))},
        )
    plain = [_plain(column) for column in columns]
    if any(len(column) > longest for column, longest in zip(plain, LONGEST, strict=True)):
        return Saying("a column of the line is longer than it can be")
    if any("\ufffd" in column for column in plain):
        return Saying("the line is not written in UTF-8")
    case, title, day, price, ministry, method, winner, stated = plain
    decided = _day(day)
    if not case or not winner or decided is None:
        return Saying("the line has no case, winner or day that can be read: {line}", {"line": " ".join(plain)[:120]})
    amiss: list[Saying] = []
    amount = Decimal(price) if _AMOUNT.fullmatch(price) else None
    if price and amount is None:
        amiss.append(Saying("the price “{price}” cannot be read; the award is kept without it", {"price": price}))
    number = cn.compact(fold(stated))  # 13 digits, also where they are full-width or in groups
    sound = cn.is_valid(number)
    if number and not sound:
        amiss.append(
            Saying("the corporate number {number} is not sound; the award is kept without it", {"number": stated})
        )
    award = ScrapedAward(
        source=SLUG,
        key=f"{case}|{decided}|{number}|{fold(winner)}",
        case_number=case,
        title=clean_title(title) or "（件名なし）",
        date=decided,
        published=published,
        amount=amount,
        buyer_code=ministry or None,
        buyer=MINISTRIES.get(ministry),
        method_code=method or None,
        method=METHODS.get(method),
        supplier=winner,
        corporate_number=number if sound else None,
    )
    return award, amiss


def unknown_codes(award: ScrapedAward) -> Iterator[tuple[str, Saying]]:
    """The codes of an award that the tables below lack."""
    if award.buyer_code and award.buyer is None:
        text = N_("ministry code {code} is not known; its awards are kept without the ministry's name")
        yield award.buyer_code, Saying(text, {"code": award.buyer_code})
    if award.method_code and award.method is None:
        text = N_("method code {code} is not known; its awards are kept without the method's name")
        yield award.method_code, Saying(text, {"code": award.method_code})


def _plain(written: str) -> str:
    """A text without control characters, line breaks among them, and without spaces around it."""
    return _CONTROLS.sub(" ", written).strip()


def _day(written: str) -> date | None:
    """A day as 2026-04-01 or 20260401."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


# The portal's own codes (落札実績オープンデータ, definition of March 2026, 3.1 and 3.2)

MINISTRIES = {
    "A1": "衆議院",
    "B1": "参議院",
    "C1": "国立国会図書館",
    "D1": "最高裁判所",
    "E1": "会計検査院",
    "F1": "人事院",
    "F2": "国家公務員倫理審査会",
    "G1": "内閣官房",
    "H1": "内閣法制局",
    "I1": "安全保障会議",
    "J1": "内閣府",
    "J2": "宮内庁",
    "J3": "公正取引委員会",
    "J4": "国家公安委員会",
    "J5": "警察庁",
    "J6": "金融庁",
    "J7": "消費者庁",
    "J8": "個人情報保護委員会",
    "J9": "カジノ管理委員会",
    "K1": "総務省",
    "K2": "公害等調整委員会",
    "K3": "消防庁",
    "L1": "法務省",
    "L2": "検察庁",
    "L3": "公安審査委員会",
    "L4": "公安調査庁",
    "M1": "外務省",
    "N1": "財務省",
    "N2": "国税庁",
    "O1": "文部科学省",
    "O2": "文化庁",
    "O3": "スポーツ庁",
    "P1": "厚生労働省",
    "P2": "中央労働委員会",
    "Q1": "農林水産省",
    "Q2": "林野庁",
    "Q3": "水産庁",
    "R1": "経済産業省",
    "R2": "資源エネルギー庁",
    "R3": "特許庁",
    "R4": "中小企業庁",
    "S1": "国土交通省",
    "S2": "運輸安全委員会",
    "S3": "観光庁",
    "S4": "気象庁",
    "S5": "海上保安庁",
    "T1": "環境省",
    "T2": "原子力安全庁",
    "U1": "防衛省",
    "V1": "復興庁",
    "W1": "デジタル庁",
    "JA": "こども家庭庁",
    "JB": "サイバー通信情報監理委員会",
}
METHODS = {
    "8002010": "一般競争入札・最低価格",
    "8002020": "一般競争入札・最高価格",
    "8002040": "一般競争入札・総合評価",
    "8002050": "一般競争入札・複数落札",
    "8003010": "指名競争入札・最低価格",
    "8003020": "指名競争入札・最高価格",
    "8003040": "指名競争入札・総合評価",
    "8003050": "指名競争入札・複数落札",
    "8004025": "随意契約方式・複数業者",
    "8001010": "随意契約方式・オープンカウンタ",
    "8004020": "随意契約方式・特定業者",
    "8004030": "随意契約方式・公募型プロポーザル方式",
    "8014025": "随意契約方式・複数業者・少額",
    "8011010": "随意契約方式・オープンカウンタ・少額",
    "8014020": "随意契約方式・特定業者・少額",
    "8014030": "随意契約方式・公募型プロポーザル方式・少額",
}

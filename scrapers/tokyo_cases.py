"""What both routes to Tokyo's e-procurement system share: their lists, what a title says, and a case as a notice."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from unicodedata import normalize

from db.vocabulary.messages import Saying
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.run import Problem
from db.vocabulary.text import LONGEST_TITLE, clean_title
from scrapers.errors import SourceChanged
from scrapers.kinds import kind_of
from scrapers.tokyo import PREFECTURE, as_written, category_of

SITE = "https://www.e-procurement.metro.tokyo.lg.jp"
GOODS_AND_SERVICES, WORKS = "2", "1"
LISTS = {GOODS_AND_SERVICES: "物品・委託", WORKS: "工事"}
"""The system's own number of a list → what it holds."""

CASE = "contNo"
"""The one number of a case that never repeats, in ``references``: both routes give it."""
CONTRACT_NUMBER = "契約番号"
"""08-00006: every bureau counts for itself, so that it repeats; it does not tell a case from all others."""


def empty_lists(source: str, address: str, found: Mapping[str, int]) -> Iterator[Problem]:
    """Tell that there are no goods and services. Raises SourceChanged where both lists hold nothing.

    ``found`` is how many cases each of ``LISTS`` gave. Works are few enough for none to be open at times.
    """
    if not any(found.values()):
        raise SourceChanged(
            "{source}: both lists are empty, where hundreds of calls are always open; "
            "look at {address} in a browser, the form may have changed",
            source=source,
            address=address,
        )
    if not found[GOODS_AND_SERVICES]:
        yield Problem(
            LISTS[GOODS_AND_SERVICES],
            Saying("the list is empty, where hundreds of calls are always open; the form may have changed"),
        )


# --- Titles ---------------------------------------------------------------------------------------

# For titles with single spaces only: of runs of them these patterns would try every part.
_GAPS = re.compile(r"\s+")
_ELECTRONIC = re.compile(r"^[【\[［]\s?電子\s?[】\]］]\s?")
_CORRECTED = re.compile(r"\s?※?\s?訂正履歴(?:あり|有り?)。?$")
_WITHDRAWN = re.compile(
    r"\s?※\s?本案件は[、，,]?\s?(?P<day>(?:令和\s?(?:\d+|元)年\s?)?\d+月\s?\d+日)\s?(?P<time>\d+時\d+分)?\s?付で\s?"
    r"(?P<what>取り?下げ|取り?消し?|中止|取り?(?:やめ|止め))(?:し?ました)?。?$"
)
_AGAIN = re.compile(r"\s?※?\s?(?P<day>令和\s?(?:\d+|元)年\s?\d+月\s?\d+日)\s?に再公表する予定です。?$")
_OTHER = re.compile(r"\s?※\s?(?P<said>本案件は[^※]+?)。?$")
_GONE = re.compile("取り?下|取り?消|取り?(?:やめ|止め)|中止")


@dataclass(frozen=True, slots=True)
class CaseTitle:
    """A title as Tokyo writes it, taken apart. Marks and sentences that it carries are no part of the title."""

    text: str
    """Cleaned for readers."""
    status: str | None = None
    """What the sentences behind the title say, in the order in which they stand."""
    withdrawn: str | None = None
    """The day on which the case was withdrawn, as it is stated, without a year: 8月26日."""
    electronic: bool = False
    """True where the title has the mark 【電子】: bids are made in the electronic system."""

    @property
    def cancelled(self) -> bool:
        return bool(self.status and _GONE.search(self.status))


def read_title(written: str) -> CaseTitle:
    """Take a title apart: 【電子】, ※訂正履歴あり, ※本案件は、8月26日 15時39分付で取り下げました。 and the like."""
    whole = _GAPS.sub(lambda gap: "\u3000" if "\u3000" in gap[0] else " ", written[:LONGEST_TITLE].strip())
    bare = _ELECTRONIC.sub("", whole)
    electronic = bare != whole
    said: list[str] = []
    withdrawn = None
    while bare:
        if found := _CORRECTED.search(bare):
            said.append("訂正履歴あり")
        elif found := _AGAIN.search(bare):
            said.append(f"再公表予定（{_squeezed(found['day'])}）")
        elif found := _WITHDRAWN.search(bare):
            withdrawn = _squeezed(found["day"])
            moment = " ".join(filter(None, (withdrawn, _squeezed(found["time"] or ""))))
            said.append(f"{found['what']}（{moment}）")
        elif found := _OTHER.search(bare):
            said.append(as_written(found["said"]))
        else:
            break
        bare = bare[: found.start()].rstrip()
    return CaseTitle(clean_title(bare), "、".join(reversed(said)) or None, withdrawn, electronic)


def _squeezed(text: str) -> str:
    return "".join(normalize("NFKC", text).split())


# --- Cases ----------------------------------------------------------------------------------------


def buyer(section: str) -> str:
    """The whole name of a bureau's section: 環境局総務部経理課 is one of 東京都."""
    section = as_written(section)
    return section if section.startswith(PREFECTURE) else PREFECTURE + section


def contract_number(written: str) -> str:
    """08-00006, which the pages for telephones shorten to 8-00006."""
    return re.sub(r"^(?=\d-)", "0", as_written(written))


def notice_of(
    source: str,
    *,
    url: str,
    works: bool,
    key: str,
    number: str,
    title: CaseTitle,
    written: str,
    published: date,
    section: str,
    method: str,
    ranks: str,
    dates: Mapping[str, str],
    text: str,
    place: str = "",
) -> ScrapedNotice:
    """A case as a notice. ``written`` is its title as it is stated; values that are empty are not stated."""
    method, ranks = as_written(method), as_written(ranks)
    return ScrapedNotice(
        source=source,
        key=key,
        title=title.text,
        title_original=written if written != title.text else None,
        kind=NoticeKind.CANCELLATION if title.cancelled else kind_of(title.text, method),
        published=published,
        url=url,
        buyer=buyer(section),
        prefecture=PREFECTURE,
        place=place or None,
        category=category_of(title.text, works=works),
        method=method or None,
        qualification=f"受付等級 {ranks}" if ranks else None,
        portal_dates=tuple((name, value) for name, value in dates.items() if value),
        references=((CASE, key), *(((CONTRACT_NUMBER, number),) if number else ())),
        status=title.status,
        text=text,
    )

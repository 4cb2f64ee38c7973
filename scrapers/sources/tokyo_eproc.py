"""Tokyo's electronic procurement system by its pages for telephones: the list of calls as JSON."""

from collections.abc import Generator
from typing import Any, ClassVar

import msgspec

from db.vocabulary.japanese import parse_date
from db.vocabulary.messages import Saying
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import Problem
from scrapers import tokyo, tokyo_cases
from scrapers.errors import FetchError, SourceChanged
from scrapers.source import Finding, Page, Request, Source, Steps, Window
from scrapers.tokyo_cases import LISTS, SITE, WORKS

SEARCH_PAGE = f"{SITE}/sp/orderplan/orderPlanSearch.html"
ANSWERS = f"{SITE}/sp/orderplan/orderPlanSearchAjax.json"
ROWS = 100
"""Rows asked for at a time."""
QUESTION = (
    *(("orderField", "0"), ("orderValue", "desc")),
    *((name, "") for name in ("ankenName", "gyosyuCd", "gyosyuNm", "syumokuCd", "syumokuNm", "bureauCd", "bureauNm")),
    *((name, "") for name in ("municipalCd", "municipalNm", "kibouStartDateRefer", "kibouEndDateRefer")),
    *(("clearflg", "0"), ("initflg", "0"), ("keiyakuNoGengo", "5"), ("keiyakuNoNendo", ""), ("keiyakuNoRenban", "")),
    *(("keiyakuNoUnderGengo", "5"), ("keiyakuNoUnderKoshu", "00"), ("keiyakuNoUnderRenban", "")),
    *(("kibouStartDate", ""), ("kibouEndDate", "")),
)
"""Everything, newest first: the form as the page sends it when nothing was entered."""


class TokyoEproc(Source):
    """東京都電子調達システム, pages for telephones: the calls of all bureaus of the Metropolitan Government.

    Owner: Tokyo Metropolitan Government (東京都), Bureau of Finance.
    Covers: 発注予定情報, the calls of every bureau: about 400 for goods and services and 450 for works at a time.
    Terms: robots.txt was reported to disallow these pages; the source is used only with written permission.
        Once a day, a second or more between requests, a contact in the User-Agent.
    Caveats: a call stands there for three to ten days only. 希望申請期間 is the period for applying to be invited,
        not the deadline for bids, and is stated without years. No address leads to a single call, and no date
        can be asked for: every crawl reads the whole list. 受付状況 (open or closed) is not kept: it follows
        from the period, and would change every notice once.
    """

    slug: ClassVar[str] = "tokyo_eproc"
    name: ClassVar[str] = "東京都電子調達システム"
    name_en: ClassVar[str] = "Tokyo Metropolitan Government e-Procurement"
    homepage: ClassVar[str] = f"{SITE}/"
    jurisdiction: ClassVar[str] = "local"
    every_hours: ClassVar[int] = 24
    look_back_days: ClassVar[int] = 3

    def steps(self, window: Window) -> Steps:
        yield Request(SEARCH_PAGE)  # its cookies open the session
        found = {}
        for kind in LISTS:
            found[kind] = yield from self._list(kind, window)
        yield from tokyo_cases.empty_lists(self.slug, SEARCH_PAGE, found)

    def _list(self, kind: str, window: Window) -> Generator[Request | Finding, Page, int]:
        """All rows of a list as notices; returns how many different cases there were."""
        keys: set[str] = set()
        asked = total = 0
        more = True
        while more:
            answer = _answer((yield _request(kind, asked)))
            total, before = answer.total, len(keys)
            read = [notice_of(row, kind) for row in answer.data]
            if read and all(isinstance(one, Saying) for one in read):
                raise SourceChanged(
                    "tokyo_eproc: no row of {address} can be read as a call, the first is {row}; "
                    "look at the archive, the names of its fields may have changed",
                    address=ANSWERS,
                    row=str(answer.data[0])[:200],
                )
            for notice in read:
                if isinstance(notice, Saying):
                    yield Problem(LISTS[kind], notice)
                elif notice.key not in keys:
                    keys.add(notice.key)
                    if window.until is None or notice.published <= window.until:
                        yield notice
            asked += len(answer.data)
            # Rows that bring nothing new are those of the page before: the list leads in a circle.
            more = asked < total and len(keys) > before
        yield from tokyo.counted(LISTS[kind], len(keys), total)
        return len(keys)


def _request(kind: str, start: int) -> Request:
    paging = (("draw", "1"), ("start", str(start)), ("length", str(ROWS)))
    return Request(
        ANSWERS,
        form=(*paging, *QUESTION, ("consgoodsType", kind)),
        headers=(("X-Requested-With", "XMLHttpRequest"), ("Referer", SEARCH_PAGE)),
    )


class Answer(msgspec.Struct, frozen=True):
    """An answer in the convention of DataTables."""

    total: int = msgspec.field(name="recordsFiltered")
    data: list[dict[str, Any]]


def _answer(page: Page) -> Answer:
    """Raises FetchError for an answer that broke off, SourceChanged for anything but a list as JSON."""
    content = page.content
    if not content.strip():
        raise FetchError("tokyo_eproc: {address} is empty; nothing was kept, it is asked again", address=ANSWERS)
    if content.lstrip().startswith(b"<"):
        raise SourceChanged(
            "tokyo_eproc: {address} answered with HTML instead of JSON (maintenance or login page?); "
            "nothing was kept, it is asked again",
            address=ANSWERS,
        )
    try:
        return msgspec.json.decode(content, type=Answer, strict=False)
    except (msgspec.ValidationError, UnicodeDecodeError) as error:
        raise SourceChanged(
            "tokyo_eproc: {address} answered with something that is no list of calls ({why}): “{beginning}”; "
            "look at the archive, the format may have changed",
            address=ANSWERS,
            why=error,
            beginning=" ".join(content[:80].decode("utf-8", "replace").split()),
        ) from error
    except msgspec.DecodeError as error:
        raise FetchError(
            "tokyo_eproc: {address} broke off or is no JSON ({why}); nothing was kept, it is asked again",
            address=ANSWERS,
            why=error,
        ) from error


def notice_of(row: dict[str, Any], kind: str) -> ScrapedNotice | Saying:
    """A row as a notice, or what makes it unusable."""
    value = {name: str(text).strip() for name, text in row.items() if text is not None}
    key, written = value.get("contNo", ""), value.get("ankenName", "")
    title = tokyo_cases.read_title(written)
    published = parse_date(value.get("pubStDate", ""))
    if not key or not title.text or published is None:
        return Saying("a row has no number, title or date that can be read: {row}", {"row": str(value)[:200]})
    works = kind == WORKS
    number = tokyo_cases.contract_number(value.get("contNoDisp", ""))
    return tokyo_cases.notice_of(
        TokyoEproc.slug,
        url=SEARCH_PAGE,
        works=works,
        key=key,
        number=number,
        title=title,
        written=written,
        published=published,
        section=value.get("divisionSectionName", ""),
        method=value.get("bidWayName", ""),
        ranks=value.get("kakuduke", ""),
        dates={"希望申請期間": tokyo.period(value.get("kibouKikan", ""), published)},
        text=tokyo.as_text(
            (
                ("契約番号", number),
                ("業種" if works else "営業種目", value.get("gyosyuNm", "")),
                ("履行期間", value.get("rikouKikan", "")),
                ("電子調達", "対象" if title.electronic else ""),
            )
        ),
    )

"""Two real issues are read whole: the text that is printed, and the notices that a person would cut out of them.

What is compared is folded fairly: NFKC, without white space, hyphens and slashes (the samples join the items of a
title with " / "), and without the telephone numbers and mail addresses that were replaced in the samples.
"""

import json
import re
from collections import Counter, defaultdict
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pypdfium2
import pytest

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from scrapers.gazette.cutting import is_japanese
from scrapers.gazette.notices import Issue, notices
from scrapers.gazette.text import Line, lines_of

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "kanpo"
ISSUES = {"20250703c00122": 40, "20250711c00128": 80}
"""With their pages."""
MIXED = {"20250703c00122": {36}, "20250711c00128": {54, *range(63, 77)}}
"""Pages with wide columns, which the expected text cuts in the middle; the masthead's marks are on pages 1 and 49."""
REPLACED = re.compile("\ufffd|example|0000|[0-9]{2,4}-$|電話|TEL|ＴＥＬ|mail|@|内線")
"""Telephone numbers, mail addresses and marks in no table were replaced in the expected text, line ends included."""
pytestmark = pytest.mark.skipif(not (SAMPLES / "notices.jsonl").exists(), reason=f"no real issues here: {SAMPLES}")


@cache
def lines(issue: str) -> tuple[Line, ...]:
    with (SAMPLES / f"{issue}full0001{ISSUES[issue]:04}.pdf").open("rb") as pdf:
        return tuple(lines_of(pdf, issue, pages=ISSUES[issue]))


@cache
def found() -> tuple[ScrapedNotice, ...]:
    read = [one for issue in ISSUES for one in notices(lines(issue), Issue(issue), "kanpo")]
    assert [one for one in read if not isinstance(one, ScrapedNotice)] == []
    return tuple(one for one in read if isinstance(one, ScrapedNotice))


@cache
def samples() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / "notices.jsonl").read_text("utf-8").splitlines()]


def plain(text: str | None) -> str:
    return re.sub(r"[\s/‐-]+", "", normalize("NFKC", text or "")).replace("’", "'")


def references(notice: ScrapedNotice) -> dict[str, str]:
    return dict(notice.references)


CUT_WRONGLY = (
    "及び見込数量",  # of the label 購入等件名及び見込数量
    "件名及び数量　",
    " / ②　履行期限　令和８年３月31日",  # of the next items
    " / ①　令和８年９月30日",
)
"""What four samples have too much in their titles. A fifth ends after 5 of its 7 items."""


def is_title(sample: str, ours: str) -> bool:
    for wrong in CUT_WRONGLY:
        sample = sample.removeprefix(wrong).removesuffix(wrong)
    return plain(ours) == plain(sample) or ("⑤" in sample and plain(ours).startswith(plain(sample)))


@cache
def pairs() -> list[tuple[dict[str, Any], ScrapedNotice]]:
    """Each sample with the notice on its page that has its codes and its title."""
    on_page: dict[tuple[str, str | None, str | None], list[ScrapedNotice]] = defaultdict(list)
    for notice in found():
        code = references(notice)
        on_page[notice.url, code.get("調達機関番号"), code.get("所在地番号")].append(notice)
    paired = []
    for sample in samples():
        there = on_page[sample["url"], sample["extra"]["org_code"], sample["extra"]["loc_code"]]
        paired += [(sample, notice) for notice in there if is_title(sample["title"], notice.title)]
    return paired


def test_each_of_the_114_notices_is_found_on_its_page_with_its_title() -> None:
    assert [sample["title"] for sample, _ in pairs()] == [sample["title"] for sample in samples()]
    assert len({notice.key for _, notice in pairs()}) == 114


def test_each_has_its_number_and_its_class_numbers() -> None:
    for sample, notice in pairs():
        code, extra = references(notice), sample["extra"]
        if extra["notice_no"]:
            # 第９号-天文台 is a number, of which the sample has the first part.
            assert plain(code["公告番号"]).removesuffix("天文台") == plain(extra["notice_no"]), sample["title"]
        if extra["classification"]:
            assert plain(code["品目分類番号"]) == plain(extra["classification"]), sample["title"]


def test_each_has_its_buyer() -> None:
    wrong = [
        (sample["organization"], notice.buyer)
        for sample, notice in pairs()
        if plain(sample["organization"]) != plain(notice.buyer)
    ]
    # These samples still have the person behind the office, printed as one word.
    assert len(wrong) == 5
    assert [office for office, ours in wrong if not re.fullmatch(f"{plain(ours)}.{{4,5}}", plain(office))] == []


def test_each_has_the_english_title_of_its_summary() -> None:
    having = [
        (plain(sample["title_en"]), plain(notice.title_en)) for sample, notice in pairs() if "title_en" in sample
    ]
    different = [(sample, ours) for sample, ours in having if sample != ours]
    assert (len(having), len(different)) == (113, 3)
    # These samples end after the first line of several items.
    assert [ours for sample, ours in different if not ours.startswith(sample)] == []


def test_each_is_of_the_kind_that_its_heading_names() -> None:
    kinds = {
        "入札公告": NoticeKind.TENDER,
        "入札公告（建設工事）": NoticeKind.TENDER,
        "随意契約に関する公示": NoticeKind.AWARD,
        "意見招請に関する公示": NoticeKind.COMMENT_REQUEST,
        "資料提供招請に関する公表": NoticeKind.INFORMATION_REQUEST,
    }
    assert [notice.title for sample, notice in pairs() if notice.kind is not kinds[sample["category"]]] == []


def test_what_is_found_beside_the_114_is_known() -> None:
    """25 further numbers under a heading, a direct award that was overlooked, 3 corrections, a plan, 282 awards."""
    ours = {notice.key for _, notice in pairs()}
    beside = [notice for notice in found() if notice.key not in ours]
    entries = [notice for notice in beside if notice.text.startswith("落札者等の公示\n")]
    full = [notice for notice in beside if notice not in entries]
    assert len(entries) == 282
    assert Counter((notice.kind, references(notice)["枝番"] > "1") for notice in full) == {
        (NoticeKind.TENDER, True): 8,
        (NoticeKind.AWARD, True): 17,
        (NoticeKind.AWARD, False): 1,
        (NoticeKind.AMENDMENT, False): 3,
        (NoticeKind.PLANNED, False): 1,
    }


def test_every_key_is_unique() -> None:
    assert len({notice.key for notice in found()}) == len(found()) == 426


def test_no_title_has_a_label_and_no_buyer_a_role_or_a_person() -> None:
    for notice in found():
        assert re.match(r"[⑴-⒇]|(?:購入|調達|借入)等?(?:件名|品名|物品)|及び|[、。：:]", notice.title) is None, (
            notice.key
        )
        assert "〇" not in notice.title, notice.key
        assert "◎" not in notice.title, notice.key
        assert notice.buyer is not None
        assert re.match("次のとおり|令和|[^　]{0,9}(?:担当官|契約担当役)　?|契約職", notice.buyer) is None, (
            notice.buyer
        )
        # Offices end so; a person's name hardly ever does.
        assert re.search("[長官役者職事監裁）]$", notice.buyer), notice.buyer
        for english in (notice.title_en, notice.buyer_en):
            assert not is_japanese(english or ""), notice.key


def test_each_notice_that_is_no_correction_has_codes_a_prefecture_and_a_class() -> None:
    for notice in found():
        code = references(notice)
        assert {"調達機関番号", "所在地番号"} <= code.keys()
        assert notice.prefecture is not None
        assert ("品目分類番号" in code) == (notice.kind is not NoticeKind.AMENDMENT)


def test_each_entry_of_the_lists_of_awards_is_found_whole() -> None:
    """Counted by the marks ① … ⑦ in what a plain extraction gives of the pages; three legends have them too."""
    marks: Counter[int] = Counter()
    for issue, pages in {"20250703c00122": (36,), "20250711c00128": range(63, 77)}.items():
        with pypdfium2.PdfDocument(SAMPLES / f"{issue}full0001{ISSUES[issue]:04}.pdf") as pdf:
            for page in pages:
                marks.update(ord(one) - 0xE7D0 for one in pdf[page - 1].get_textpage().get_text_range())
    awards = [notice for notice in found() if notice.text.startswith("落札者等の公示\n")]
    columns = ("品目分類番号", "調達件名及び数量", "調達方法", "契約方式", "落札決定日", "落札者", "落札価格")
    having = [sum(f"\n{column}" in notice.text for notice in awards) for column in columns]
    assert having == [marks[number] - 3 for number in range(1, 8)] == [282, 282, 282, 282, 282, 282, 280]
    for notice in awards:
        assert re.fullmatch(r"[67]\. ?[0-9]{1,2}\. ?[0-9]{1,2}", dict(notice.portal_dates)["落札決定日"])


def test_no_private_character_is_left_and_none_is_unknown() -> None:
    assert re.findall("[\ue000-\uf8ff〓\ufffd]", "".join(map(str, found()))) == []
    assert [line.unknown for issue in ISSUES for line in lines(issue) if line.unknown] == []


def test_japanese_and_english_are_kept_apart() -> None:
    english = re.compile(r"(?:[A-Za-z]+ ){6}|^[⑴-⒇]\u3000[A-Z][a-z]+ [a-z]+ ", re.MULTILINE)
    for notice in found():
        assert re.search("[ぁ-ゖァ-ヺ一-鿿]", notice.text_en) is None, notice.key
        assert english.search(notice.text) is None, notice.key


@pytest.mark.parametrize("issue", ISSUES)
def test_the_text_is_that_which_was_expected(issue: str) -> None:
    parts = re.split(
        r"@@PAGE (\d+)\n", (SAMPLES / f"{issue}full0001{ISSUES[issue]:04}.expected.txt").read_text("utf-8")
    )
    expected = {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}
    ours = {
        page: "\n".join(line.text for line in on) for page, on in groupby(lines(issue), key=lambda line: line.page)
    }
    for page, text in expected.items():
        if page in MIXED[issue] or ("号外政府調達第" in text and len(text) < 60):  # a blank page
            continue
        printed = Counter(plain(line) for line in text.split("\n") if len(line) > 3 and not REPLACED.search(line))
        missing = printed - Counter(map(plain, ours[page].split("\n")))
        assert missing.total() <= 0.03 * printed.total(), (page, list(missing))


def test_the_last_pages_are_blank() -> None:
    assert {issue: max(line.page for line in lines(issue)) for issue in ISSUES} == {
        "20250703c00122": 36,
        "20250711c00128": 76,
    }

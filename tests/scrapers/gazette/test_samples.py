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


def same(sample: str | None, ours: str | None) -> bool:
    """Equal after folding, or one within the other: in a few samples a label or a line too many was cut out too."""
    one, other = plain(sample), plain(ours)
    return bool(one and other) and (one in other or other in one)


def references(notice: ScrapedNotice) -> dict[str, str]:
    return dict(notice.references)


@cache
def pairs() -> list[tuple[dict[str, Any], ScrapedNotice | None]]:
    """Each sample with the notice on its page that has its codes and its title."""
    on_page: dict[tuple[str, str, str | None, str | None], list[ScrapedNotice]] = defaultdict(list)
    for notice in found():
        code = references(notice)
        on_page[code["官報"], notice.url, code.get("調達機関番号"), code.get("所在地番号")].append(notice)
    paired: list[tuple[dict[str, Any], ScrapedNotice | None]] = []
    for sample in samples():
        extra = sample["extra"]
        there = on_page[extra["issue"], sample["url"], extra["org_code"], extra["loc_code"]]
        paired.append((sample, next((one for one in there if same(sample["title"], one.title)), None)))
    return paired


def test_each_of_the_114_notices_is_found_on_its_page_with_its_title() -> None:
    missing = [sample["title"] for sample, notice in pairs() if notice is None]
    assert (len(samples()), missing) == (114, [])
    assert len({notice.key for _, notice in pairs() if notice}) == 114


def test_nearly_all_titles_are_equal_to_the_letter() -> None:
    different = [
        sample["title"] for sample, notice in pairs() if notice and plain(sample["title"]) != plain(notice.title)
    ]
    # In these a label (及び見込数量, 件名及び数量) or lines of the next items were cut out with the title.
    assert len(different) <= 5, different


def test_each_has_its_number_and_its_class_numbers() -> None:
    for sample, notice in pairs():
        assert notice is not None
        code, extra = references(notice), sample["extra"]
        if extra["notice_no"]:
            # 第９号-天文台 is a number, of which the sample has the first part.
            assert plain(code["公告番号"]).startswith(plain(extra["notice_no"])), sample["title"]
        if extra["classification"]:
            assert plain(code["品目分類番号"]) == plain(extra["classification"]), sample["title"]


def test_each_has_its_buyer() -> None:
    wrong = []
    for sample, notice in pairs():
        assert notice is not None
        office, ours = plain(sample["organization"]), plain(notice.buyer)
        # Some samples still have the person behind the office, printed as one word of five characters.
        if not ours or not office.startswith(ours) or len(office) - len(ours) > 6:
            wrong.append((sample["organization"], notice.buyer))
    assert wrong == []


def test_each_has_the_english_title_of_its_summary() -> None:
    having = [(sample, notice) for sample, notice in pairs() if sample.get("title_en") and notice]
    wrong = [sample["title_en"] for sample, notice in having if not same(sample["title_en"], notice.title_en)]
    assert (len(having), wrong) == (113, [])


def test_each_is_of_the_kind_that_its_heading_names() -> None:
    kinds = {
        "入札公告": NoticeKind.TENDER,
        "入札公告（建設工事）": NoticeKind.TENDER,
        "随意契約に関する公示": NoticeKind.AWARD,
        "意見招請に関する公示": NoticeKind.COMMENT_REQUEST,
        "資料提供招請に関する公表": NoticeKind.INFORMATION_REQUEST,
    }
    assert [
        notice.title for sample, notice in pairs() if notice and notice.kind is not kinds[sample["category"]]
    ] == []


def test_what_is_found_beside_the_114_is_known() -> None:
    """25 further numbers under a heading, a direct award that was overlooked, 3 corrections, a plan, 282 awards."""
    ours = {notice.key for _, notice in pairs() if notice}
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


def test_no_private_character_is_left_and_none_is_unknown() -> None:
    texts = "".join(
        "".join(filter(None, (notice.title, notice.title_en, notice.buyer, notice.text, notice.text_en)))
        for notice in found()
    )
    assert re.findall("[\ue000-\uf8ff〓\ufffd]", texts) == []
    assert [line.unknown for issue in ISSUES for line in lines(issue) if line.unknown] == []


def test_japanese_and_english_are_kept_apart() -> None:
    item = re.compile(r"[⑴-⒇]\u3000[A-Z][a-z]+ [a-z]+ ")
    for notice in found():
        assert not [text for text in notice.text_en.split("\n") if is_japanese(text)], notice.key
        assert not [text for text in notice.text.split("\n") if item.match(text)], notice.key


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

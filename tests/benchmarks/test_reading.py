"""How fast notices are read; nothing is asserted about time, run with -s to see the figures."""

import json
import random
from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter

from ahocorasick_rs import AhoCorasick

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.text import clean_title, fold
from monitor.reading.area_reader import AreaReader
from monitor.reading.areas import AreaDefinition, Lexicon, load_lexicon
from monitor.reading.areas.lexicon import READ_CHARACTERS
from monitor.reading.english import load_gist
from monitor.reading.reader import NoticeReader

_WORDS = (
    "競争に参加する者の資格、|入札説明書及び仕様書の交付場所　|電子調達システムを利用する。|令和８年９月３０日\n|"
    "（１）|契約条項を示す場所|一般競争入札|に付します。\n|東京都千代田区霞が関１－２－３　|０３－１２３４－５６７８|"
    "太陽光発電設備|庁舎・公民館|介護保険料|情報システム|納入期限　|支出負担行為担当官 |Ａ、Ｂ又はＣの等級|"
)


def _notices(count: int, characters: int) -> tuple[list[str], list[str]]:
    rng = random.Random(20260901)
    words = _WORDS.split("|")
    subjects = [
        "庁舎清掃業務",
        "ＬＥＤ照明改修工事",
        "情報システム運用・保守業務",
        "事務用品の購入",
        "市道１号線 舗装工事",
        "県立中央高等学校給食調理業務",
        "橋梁補修設計業務委託",
        "公用車の賃貸借",
        "下水道管渠築造工事",
        "医薬品の単価契約",
    ]
    titles = [f"令和８年度　{rng.choice(subjects)}（その{number}） 一式" for number in range(count)]
    texts = ["".join(rng.choices(words, k=characters // 8))[:characters] for _ in range(count)]
    return titles, texts


def _seconds(run: Callable[[], object], rounds: int = 5) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = perf_counter()
        run()
        best = min(best, perf_counter() - start)
    return best


REAL = Path(__file__).parents[3] / "shared" / "gold" / "unlabelled.jsonl"
TERMS = 3_000
"""The targets are for a lexicon of so many terms; what ours lacks is filled with words that notices have."""


def _filled(directory: Path) -> Lexicon:
    """Our lexicon with as many more weak terms as it lacks: pairs of the words of which texts are made."""
    missing = max(0, TERMS - len(load_lexicon().spellings))
    words = [word.strip() for word in _WORDS.split("|") if len(word.strip()) > 2]
    pairs = (f"{one}{other}{number}" for number in range(99) for one in words for other in words)
    lines = ["term\tenglish\tweight", *(f"{pair}\tfilling\tweak" for pair in islice(pairs, missing))]
    (directory / "filling.tsv").write_text("\n".join(lines), encoding="utf-8")
    return load_lexicon([AreaDefinition("filling", file=directory / "filling.tsv")])


def test_reading_costs_little_more_than_folding_and_matching(tmp_path: Path) -> None:
    """Targets: 8,000 notices and 80,000 titles a second, at most 1.5 times (titles: 3 times) folding and matching."""
    lexicon = _filled(tmp_path)
    titles, texts = _notices(2_000, 700)
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    bare = AhoCorasick(lexicon.spellings)

    def match_titles() -> None:
        for title in titles:
            bare.find_matches_as_indexes(fold(title), overlapping=True)

    def match_all() -> None:
        for title, text in zip(titles, texts, strict=True):
            bare.find_matches_as_indexes(fold(title), overlapping=True)
            bare.find_matches_as_indexes(fold(text), overlapping=True)

    def read() -> int:
        return sum(len(lexicon.read(title, text, "環境省").areas) for title, text in zip(titles, texts, strict=True))

    def read_titles() -> None:
        for title in titles:
            lexicon.read(title)

    def read_whole_texts() -> None:
        for title, text in zip(titles, texts, strict=True):
            lexicon.read("システム 水素 観光 " + title, text)

    assert read() > 0
    assert len(lexicon.spellings) >= TERMS
    both, only = _seconds(match_all), _seconds(match_titles)
    whole, short = _seconds(read), _seconds(read_titles)
    print(f"\n{len(lexicon.spellings)} spellings, texts of {megabytes * 1e6 / len(texts):.0f} bytes")
    print(f"folding                  {megabytes / _seconds(lambda: [fold(text) for text in texts]):8.0f} MB/s")
    print(f"fold and match           {len(titles) / both:8.0f} notices/s")
    print(f"read                     {len(titles) / whole:8.0f} notices/s, {whole / both:.2f} times that")
    print(f"read with every text     {len(titles) / _seconds(read_whole_texts):8.0f} notices/s")
    print(f"fold and match titles    {len(titles) / only:8.0f} titles/s")
    print(f"read titles              {len(titles) / short:8.0f} titles/s, {short / only:.2f} times that")
    if REAL.exists():
        real = [json.loads(line)["title"] for line in REAL.read_text(encoding="utf-8").splitlines()]
        seen = _seconds(lambda: [bare.find_matches_as_indexes(fold(title), overlapping=True) for title in real], 2)
        known = _seconds(lambda: [lexicon.read(title) for title in real], 2)
        print(f"read real titles         {len(real) / known:8.0f} titles/s, {known / seen:.2f} times that")
    dense = "".join(random.Random(1).choices(lexicon.spellings, k=5_000))
    for name, text in (("a text full of terms", dense), ("a text of one term", "水素" * 10_000)):
        hostile = partial(lexicon.read, "システム 水素 観光 介護 学校", text[:READ_CHARACTERS])
        print(f"{name:24} {1_000 * _seconds(hostile):8.0f} ms")
    print(
        f"clean titles             {len(titles) / _seconds(lambda: [clean_title(t) for t in titles]):8.0f} titles/s"
    )


PORTAL = Path(__file__).parents[3] / "shared" / "samples" / "pportal" / "notices.jsonl"


def _whole_notices() -> list[ScrapedNotice]:
    """Notices with 700 characters of text, 2 kB: real ones where the samples are at hand."""
    day = date(2026, 6, 22)
    if PORTAL.exists():
        rows = [json.loads(line) for line in PORTAL.read_text(encoding="utf-8").splitlines()]
        told = [(row["title"], row.get("detail_text") or "", row["organ"]) for row in rows]
    else:
        told = [(title, text, "環境省") for title, text in zip(*_notices(400, 700), strict=True)]
    return [
        ScrapedNotice(
            source="pportal",
            key=str(number),
            title=title,
            kind=NoticeKind.TENDER,
            published=day,
            url="https://www.example.jp/",
            buyer=buyer,
            text=text[:700],
        )
        for number, (title, text, buyer) in enumerate(told)
        if len(text) >= 700
    ]


def test_a_whole_notice_is_read_in_less_than_half_a_millisecond() -> None:
    """Target: 0.4 ms at the median for 2 kB of text; 5,000 gists a second."""
    notices = _whole_notices()
    areas = AreaReader(load_lexicon())
    reader = NoticeReader(areas)
    assert all(reader.read(notice).identity for notice in notices)
    spent = [_seconds(partial(reader.read, notice), 3) for notice in notices]
    for_areas = [_seconds(partial(areas.read, notice), 3) for notice in notices]
    gist = load_gist()
    titles = [notice.title for notice in notices]
    translating = _seconds(lambda: [gist.of(title) for title in titles], 3)
    print(f"\nread {len(notices)} whole notices: {1_000 * median(spent):.3f} ms at the median, ")
    print(
        f"{median(spent) / median(for_areas):.1f} times reading their areas; {len(titles) / translating:,.0f} gists/s"
    )

"""How fast notices are read; nothing is asserted about time, run with -s to see the figures."""

import random
from collections.abc import Callable
from time import perf_counter

from ahocorasick_rs import AhoCorasick

from db.vocabulary.text import clean_title, fold, term_spellings
from monitor.reading.areas import load_lexicon

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


def test_reading_costs_little_more_than_folding_and_matching() -> None:
    lexicon = load_lexicon()
    titles, texts = _notices(2_000, 700)
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    bare = AhoCorasick(lexicon.spellings)

    def fold_and_match() -> None:
        for title, text in zip(titles, texts, strict=True):
            bare.find_matches_as_indexes(fold(title), overlapping=True)
            bare.find_matches_as_indexes(fold(text), overlapping=True)

    def read() -> int:
        return sum(len(lexicon.read(title, text, "環境省")) for title, text in zip(titles, texts, strict=True))

    def read_whole_texts() -> None:
        for title, text in zip(titles, texts, strict=True):
            lexicon.read("システム 水素 観光 " + title, text)

    assert read() > 0
    assert all(term_spellings(spelling) for spelling in lexicon.spellings)
    basis = _seconds(fold_and_match)
    print(f"\nfolding          {megabytes / _seconds(lambda: [fold(text) for text in texts]):8.0f} MB/s")
    print(f"fold and match   {len(titles) / basis:8.0f} notices/s")
    print(f"read             {len(titles) / _seconds(read):8.0f} notices/s, {_seconds(read) / basis:.2f} of it")
    print(f"read every text  {len(titles) / _seconds(read_whole_texts):8.0f} notices/s")
    print(f"read titles      {len(titles) / _seconds(lambda: [lexicon.read(t) for t in titles]):8.0f} titles/s")
    print(f"clean titles     {len(titles) / _seconds(lambda: [clean_title(t) for t in titles]):8.0f} titles/s")

"""Suggesting words for the lexicon: whole words that it does not know, with the area that their titles resemble."""

import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import cycle, islice, product
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest

from db import tenders
from db.composing import compose
from db.engine import Database
from db.notices import ReadNotice
from db.vocabulary.notice import NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.reading import AreaScore, Evidence, Place, Reading
from monitor.reading.areas import AreaDefinition, Lexicon, load_lexicon
from monitor.suggestions import Suggestion, Titled, TitlesError, read_titles, suggest

ROOT = Path(__file__).parents[2]
GOLD = ROOT.parent / "shared" / "gold" / "unlabelled.jsonl"
RUN = UUID(int=7)
TOWNS = [f"{one}{other}" for one, other in product("赤青白黒緑紫", "森原岡谷島坂")]
"""Names that say nothing, so that titles differ."""


KINDS = ("運行実証実験支援業務委託", "利用促進調査業務委託", "乗車予約受付業務委託")
"""What titles about getting around are like."""


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return small_lexicon()


def small_lexicon(*definitions: AreaDefinition) -> Lexicon:
    """Two areas of few words, that what is suggested may not depend on the words that ship."""
    with TemporaryDirectory() as folder:
        areas = "".join(
            f'[[area]]\nslug = "{slug}"\nname = {{en = "{slug}", ja = "{slug}"}}\n'
            f'description = {{en = "", ja = ""}}\n'
            for slug in ("mobility", "renewables")
        )
        (Path(folder) / "areas.toml").write_text(areas, encoding="utf-8")
        for slug, words in (
            ("mobility", ("自動運転\tself-driving\tstrong", "乗合\tshared rides\tweak")),
            ("renewables", ("太陽光\tsolar\tstrong", "風力\twind\tstrong")),
        ):
            lines = "\n".join(("term\tenglish\tweight", *words))
            (Path(folder) / f"{slug}.tsv").write_text(lines, encoding="utf-8")
        return load_lexicon(definitions, Path(folder))


def found(
    lexicon: Lexicon,
    titles: Iterable[str | Titled],
    *,
    area: str | None = None,
    limit: int = 50,
    min_count: int = 3,
) -> list[Suggestion]:
    """What is suggested; of titles without areas the lexicon says which they have."""
    read = [
        one if isinstance(one, Titled) else Titled(one, tuple(area.area for area in lexicon.read(one).areas))
        for one in titles
    ]
    return suggest(lambda: read, lexicon, area=area, limit=limit, min_count=min_count)


def roads() -> list[str]:
    """What most titles are like: works that belong to no area."""
    kinds = ["側溝改良工事", "舗装補修工事", "法面復旧工事", "橋梁塗装工事", "排水路浚渫工事"]
    return [f"{town}{kind}" for town, kind in product(TOWNS, kinds)]


def buses() -> list[str]:
    """Titles with an area, mobility, in typical company."""
    return [f"{town}自動運転{kind}" for town, kind in product(TOWNS, KINDS)]


def riders(word: str, times: int = 6) -> list[str]:
    """Titles without an area that keep the same company as those of ``buses``."""
    return [f"{town}{word}{kind}" for town, kind in zip(TOWNS[:times], cycle(KINDS), strict=False)]


def pieces(suggestions: Iterable[Suggestion]) -> list[str]:
    return [one.piece for one in suggestions]


# What is suggested -------------------------------------------------------------------------------------


def test_a_new_word_in_the_company_of_an_area_is_suggested_first_with_its_area_and_examples(lexicon: Lexicon) -> None:
    first, *_ = found(lexicon, [*roads(), *buses(), *riders("ノリアイナ")])
    assert (first.piece, first.titles, first.area) == ("ノリアイナ", 6, "mobility")
    assert 0.5 < first.lean <= 1
    assert len(first.examples) == 2
    assert all("ノリアイナ" in example for example in first.examples)


def test_works_that_resemble_no_area_come_after_everything_that_does(lexicon: Lexicon) -> None:
    suggested = found(lexicon, [*roads(), *buses(), *riders("ノリアイナ", 3)])
    assert [one.area for one in suggested] == ["mobility", *[None] * (len(suggested) - 1)]
    assert "側溝改良" in pieces(suggested[1:])


def test_a_word_that_stands_in_all_kinds_of_works_leans_nowhere(lexicon: Lexicon) -> None:
    works = [f"{title}（ノリアイナ）" for title in roads()]
    (one,) = [
        one
        for one in found(lexicon, [*roads(), *buses(), *riders("ノリアイナ", 3), *works])
        if one.piece == "ノリアイナ"
    ]
    assert (one.area, one.titles) == (None, len(works) + 3)
    assert one.lean < 0.2


def test_what_the_lexicon_holds_is_not_suggested(lexicon: Lexicon) -> None:
    titles = [*roads(), *buses(), *riders("ノリアイナ")]
    assert "ノリアイナ" in pieces(found(lexicon, titles))
    word = ("新ノリアイナ号",)
    for definition in (
        AreaDefinition("mobility", weak=word),
        AreaDefinition("mobility", venue=word),
        AreaDefinition("mobility", negative=word),
    ):
        known = small_lexicon(definition)
        assert "ノリアイナ" not in pieces(found(known, titles))


def test_of_the_parts_of_one_word_only_the_whole_is_suggested(lexicon: Lexicon) -> None:
    suggested = pieces(found(lexicon, [*roads(), *buses(), *riders("乗継輸送便覧")]))
    assert len([piece for piece in suggested if set(piece) & set("継輸送便覧")]) == 1
    assert suggested[0] == "乗継輸送便覧"


def test_years_boilerplate_numbers_and_the_buyers_own_name_are_no_words(lexicon: Lexicon) -> None:
    titles = [
        Titled(
            f"令和{number}年度 みらい交通公社 ノリアイナ{KINDS[number % 3]} 一式 AB{number}-{town}",
            (),
            "みらい交通公社 総務課",
        )
        for number, town in enumerate(TOWNS[:8], 2)
    ]
    suggested = pieces(found(lexicon, [*roads(), *buses(), *titles]))
    assert any("ノリアイナ" in piece for piece in suggested)
    assert [p for p in suggested for no in ("令和", "年度", "業務", "委託", "一式", "公社", "AB") if no in p] == []


def test_titles_that_differ_only_in_their_numbers_are_one(lexicon: Lexicon) -> None:
    series = [f"第{number}号 ノリアイナ{KINDS[0]}（その{number}）" for number in range(1, 30)]
    assert "ノリアイナ" not in pieces(found(lexicon, [*roads(), *buses(), *series], min_count=2))
    (one,) = [one for one in found(lexicon, [*roads(), *buses(), *series, *riders("ノリアイナ", 2)]) if one.area]
    assert (one.piece, one.titles) == ("ノリアイナ", 3)


def test_latin_words_are_whole_and_shown_as_they_were_published(lexicon: Lexicon) -> None:
    suggested = found(lexicon, [*roads(), *buses(), *riders("（Ｎｏｒｉａｉｎａ）")])
    assert suggested[0].piece == "Ｎｏｒｉａｉｎａ"


def test_long_titles_are_shortened_around_the_word(lexicon: Lexicon) -> None:
    titles = [f"{town}{'、' * 80}運行実証実験支援（ノリアイナ）{'、' * 80}" for town in TOWNS[:4]]
    one = next(one for one in found(lexicon, [*roads(), *buses(), *titles]) if one.piece == "ノリアイナ")
    assert all("ノリアイナ" in example and len(example) == 62 for example in one.examples)
    assert all(example.startswith("…") and example.endswith("…") for example in one.examples)


# How much of it ----------------------------------------------------------------------------------------


def test_an_area_a_limit_and_a_least_number_of_titles_narrow_the_list(lexicon: Lexicon) -> None:
    titles = [*roads(), *buses(), *riders("ノリアイナ"), *riders("ミチビキーノ", 3)]
    everything = found(lexicon, titles)
    assert {one.area for one in found(lexicon, titles, area="mobility")} == {"mobility"}
    assert found(lexicon, titles, area="digital-health") == []
    assert found(lexicon, titles, limit=1) == everything[:1]
    assert all(one.titles >= 4 for one in found(lexicon, titles, min_count=4))


@pytest.mark.parametrize("titles", [[], ["", " ", "一式", "2026"], ["\0", "ゑ" * 2000, "ア" * 2000]])
def test_titles_that_say_nothing_suggest_nothing(lexicon: Lexicon, titles: list[str]) -> None:
    assert found(lexicon, titles) == []


def test_an_area_that_is_not_in_the_lexicon_any_more_does_no_harm(lexicon: Lexicon) -> None:
    assert found(lexicon, [Titled("ノリアイナ運行", ("gone",))] * 3) == []


def test_the_order_of_sets_changes_nothing() -> None:
    code = (
        "from tests.monitor.test_suggestions import *\n"
        "found_ = found(small_lexicon(), [*roads(), *buses(), *riders('ノリアイナ'), *riders('ミチビキーノ', 3)])\n"
        "sys.stdout.buffer.write(repr(found_).encode())"
    )
    ran = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(ran) == 1


def test_progress_tells_the_step_and_how_many_titles_were_read(lexicon: Lexicon) -> None:
    told: list[tuple[int, int]] = []
    titles = [Titled(f"{one}{two}{three}") for one, two, three in product(TOWNS[:12], TOWNS, TOWNS[:3])]
    suggest(lambda: titles, lexicon, progress=lambda step, read: told.append((step, read)))
    assert told == [(step, read) for step in (1, 2, 3) for read in (1000, 1296)]


def test_tables_that_are_full_forget_the_rarest_and_stay_within_their_bounds(
    lexicon: Lexicon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.suggestions.GRAMS", 1_500)
    monkeypatch.setattr("monitor.suggestions.PIECES", 300)
    monkeypatch.setattr("monitor.suggestions.CANDIDATES", 50)
    noise = [f"{chr(0x4E00 + n)}{chr(0x5E00 + n)}{chr(0x6E00 + n)}実証" for n in range(3_000)]
    (first, *_) = found(lexicon, [*roads(), *buses(), *noise, *riders("ノリアイナ", 20)])
    assert "ノリアイナ" in first.piece
    assert first.titles == 20


def test_ten_times_the_titles_take_no_more_memory(lexicon: Lexicon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.suggestions.GRAMS", 1_500)
    monkeypatch.setattr("monitor.suggestions.PIECES", 1_500)
    monkeypatch.setattr("monitor.suggestions.SEEN_BITS", 1 << 18)

    def peak(count: int) -> int:
        def titles() -> Iterator[Titled]:
            for number in range(count):
                signs = (chr(0x4E00 + number * step % 20_000) for step in (7, 11, 13, 17, 19))
                yield Titled(f"{''.join(signs)}実証", ("mobility",) if number % 7 == 0 else ())

        tracemalloc.start()
        suggest(titles, lexicon)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)
    assert peak(4_000) < 2 * peak(800)


# The record --------------------------------------------------------------------------------------------


def test_the_record_gives_every_title_once_with_its_buyer_and_its_areas(database: Database) -> None:
    def notice(number: int) -> ReadNotice:
        scraped = ScrapedNotice(
            source="kkj",
            key=str(number),
            title=f"工事{number}",
            kind=NoticeKind.TENDER,
            published=date(2026, 4, 1),
            url="https://example.jp/",
            buyer="見本市" if number % 2 else None,
        )
        evidence = (Evidence("水素", "hydrogen", Place.TITLE, 1.0),)
        areas = (AreaScore("smart-city", 1.0, evidence), AreaScore("mobility", 2.0, evidence))
        id = notice_id(scraped.source, scraped.key)
        return ReadNotice(id, id, 1, scraped, Reading(areas if number % 7 == 0 else ()))

    notices = [notice(number) for number in range(1_100)]
    composed = [compose(one.id, [one]) for one in notices]
    now = datetime(2026, 4, 1, tzinfo=UTC)
    database.write(lambda session: tenders.store(session, composed, run_id=RUN, now=now, alerts=lambda change: False))
    with database.reading() as session:
        given = list(tenders.titles_and_areas(session))
        assert list(tenders.titles_and_areas(session)) == given
    assert {one.title: one for one in given} == {
        f"工事{number}": (
            f"工事{number}",
            "見本市" if number % 2 else None,
            ("mobility", "smart-city") if number % 7 == 0 else (),
        )
        for number in range(1_100)
    }
    assert len(given) == 1_100


# Files -------------------------------------------------------------------------------------------------


def test_a_file_has_a_title_a_line_or_an_object(tmp_path: Path, lexicon: Lexicon) -> None:
    path = tmp_path / "titles.txt"
    lines = [
        "太陽光発電設備設置工事",
        "",
        json.dumps({"title": "道路補修", "organization": "見本市", "x": 1}),
        '{"title": "道"}',
    ]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert list(read_titles(path, lexicon)) == [
        Titled("太陽光発電設備設置工事", ("renewables",)),
        Titled("道路補修", (), "見本市"),
        Titled("道"),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "titles.txt: has no title; write one a line"),
        (b"\n \n", "titles.txt: has no title; write one a line"),
        ("道路".encode("shift_jis"), "titles.txt:1: is not UTF-8; save it as UTF-8"),
        ("道\n{道".encode(), "titles.txt:2: is not JSON"),
        (b'{"name": 1}', "titles.txt:1: has no title; add it"),
        (b'{"title": " "}', "titles.txt:1: has no title; add it"),
        ('{"title": "道", "organization": 1}'.encode(), "titles.txt:1: organization is no text"),
        (b"{" * 100_000, "titles.txt:1: is not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(
    tmp_path: Path, lexicon: Lexicon, content: bytes, said: str
) -> None:
    path = tmp_path / "titles.txt"
    path.write_bytes(content)
    with pytest.raises(TitlesError) as error:
        list(read_titles(path, lexicon))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path, lexicon: Lexicon) -> None:
    with pytest.raises(TitlesError, match="cannot be read"):
        list(read_titles(tmp_path / "missing", lexicon))


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no pipes with a name here")
def test_a_pipe_is_refused_for_it_can_be_read_only_once(lexicon: Lexicon) -> None:
    reading, writing = os.pipe()
    os.write(writing, "道路\n".encode())
    os.close(writing)
    try:
        with pytest.raises(TitlesError, match="is read more than once"):
            list(read_titles(Path(f"/dev/fd/{reading}"), lexicon))
    finally:
        os.close(reading)


@pytest.mark.skipif(not GOLD.exists(), reason="no titles beside the project")
def test_real_titles_suggest_whole_words_without_boilerplate() -> None:
    shipped = load_lexicon()
    titles = list(islice(read_titles(GOLD, shipped), 4_000))
    names = pieces(suggest(lambda: titles, shipped, limit=30))
    assert len(names) == 30
    assert [name for name in names for no in ("令和", "業務委託", "購入", "一式") if no in name] == []
    assert [(one, other) for one in names for other in names if one != other and one in other] == []

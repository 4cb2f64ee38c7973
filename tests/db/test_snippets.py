"""What is shown of a tender that a search has found: its own words, exactly marked."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlmodel import Session

from db import described, notices, snippets, tenders
from db.card import Card, cards
from db.composing import compose
from db.engine import Database
from db.notices import ReadNotice
from db.snippets import AROUND, MOST, Snippet, marked, spans, words_of
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.query import Scope, Word, contains, parse, spelled
from db.vocabulary.reading import Reading
from db.vocabulary.text import fold

NOW = datetime(2026, 4, 10, tzinfo=UTC)
LONG = "入札説明書の交付場所、契約条項を示す場所及び問い合わせ先は次のとおりである。" * 20


def keep(database: Database, **given: Any) -> Card:
    """A tender with one notice."""
    fields: dict[str, Any] = {
        "source": "kkj",
        "key": str(uuid4()),
        "title": "機器の購入",
        "kind": NoticeKind.TENDER,
        "published": date(2026, 4, 1),
        "url": "https://example.jp/1",
        "buyer": "見本市",
    }

    def work(session: Session) -> Card:
        run_id = uuid4()
        (one,) = notices.record(session, [ScrapedNotice(**fields | given)], run_id=run_id, now=NOW)
        made = [compose(one.tender_id, [ReadNotice(one.id, one.tender_id, one.version, one.notice, Reading())])]
        tenders.store(session, made, run_id=run_id, now=NOW, alerts=lambda change: False)
        return cards(session, [one.tender_id])[0]

    return database.write(work)


def shown(database: Database, query: str, *found: Card) -> Mapping[UUID, Snippet]:
    with database.reading() as session:
        return snippets.snippets(session, parse(query), found)


def one(database: Database, query: str, **given: Any) -> tuple[Scope, str] | None:
    """Where the snippet of a tender is from, and its text with [words] marked."""
    card = keep(database, **given)
    snippet = shown(database, query, card).get(card.id)
    if snippet is None:
        return None
    assert [snippet.text[start:end] for start, end in snippet.hits] == [
        piece.text for piece in snippet.pieces if piece.hit
    ]
    return snippet.place, "".join(f"[{piece.text}]" if piece.hit else piece.text for piece in snippet.pieces)


# Where it is from ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "given", "said"),
    [
        ("水素", {"title": "水素ステーション整備", "text": "水素"}, (Scope.TITLE, "[水素]ステーション整備")),
        ("hydrogen", {"title": "水素ステーション整備"}, (Scope.TITLE, "[水素]ステーション整備")),
        ("station", {"title_en": "Hydrogen station"}, (Scope.TITLE, "Hydrogen [station]")),
        ("水素", {"text": "ここで水素を作る。"}, (Scope.TEXT, "ここで[水素]を作る。")),
        ("見本", {"text": "見本を出すこと。"}, (Scope.BUYER, "[見本]市")),
        ("水素 見本", {"text": "水素の見本"}, (Scope.TEXT, "[水素]の[見本]")),
        ("text:機器", {"text": "この機器は"}, (Scope.TEXT, "この[機器]は")),
        ("title:機器 text:水素", {"text": "この機器は水素"}, (Scope.TEXT, "この機器は[水素]")),
        ("機器 NOT 水素", {"text": "窒素"}, (Scope.TITLE, "[機器]の購入")),
        ("NOT NOT 機器", {}, (Scope.TITLE, "[機器]の購入")),
        ("NOT (NOT 機器 OR 水素)", {}, (Scope.TITLE, "[機器]の購入")),
        ("NOT 水素", {}, None),
        ("kind:tender open:", {}, None),
        ("水素 OR kind:tender", {}, None),
        ("機器 (水素 kind:tender)", {"text": "水素"}, (Scope.TEXT, "[水素]")),
    ],
)
def test_it_shows_what_title_and_buyer_do_not(
    database: Database, query: str, given: dict[str, Any], said: tuple[Scope, str] | None
) -> None:
    assert one(database, query, **given) == said


def test_of_several_that_are_missing_each_is_shown(database: Database) -> None:
    found = one(database, "整備 契約保証金 maintenance", title="整備", text=f"契約保証金は免除{LONG}保守を含む。保守")
    assert found is not None
    assert found[1].startswith("[契約保証金]は免除")
    assert "[保守]を含む。[保守]" in found[1]


def test_of_words_that_mean_something_together_none_is_shown_without_the_other(database: Database) -> None:
    found = one(database, "smart city", text=f"City hall{LONG}スマートシティの推進")
    assert found is not None
    assert "[スマートシティ]の推進" in found[1]
    assert "hall" not in found[1]


def test_texts_are_loaded_for_those_only_that_need_them(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[UUID]] = []

    def counted(session: Session, sources: Mapping[UUID, Any]) -> dict[UUID, str]:
        asked.append(set(sources))
        return described.texts_of(session, sources)

    monkeypatch.setattr(snippets, "texts_of", counted)
    titled, said = keep(database, title="水素"), keep(database, text="水素")
    bought = keep(database, buyer="水素町")
    assert {id: one.place for id, one in shown(database, "水素", titled, said, bought).items()} == {
        titled.id: Scope.TITLE,
        said.id: Scope.TEXT,
        bought.id: Scope.BUYER,
    }
    assert asked == [{said.id}]
    assert shown(database, "area:renewables", titled, said) == {}
    assert len(asked) == 1


# How much of it --------------------------------------------------------------------------------------------


def test_a_long_text_is_shown_around_the_word(database: Database) -> None:
    found = one(database, "水素", text=f"{LONG}\n\n　水　素　を作る。\n{LONG}")
    assert found is not None
    said = found[1]
    assert said.startswith("…")
    assert said.endswith("…")
    assert "[水 素] を作る。 " in said
    assert len(said) <= AROUND + len("……[]")


@given(st.lists(st.sampled_from(["水素", "電池", "smart", " city ", "。", LONG[:60], "x" * 30, "\n"]), max_size=30))
def test_no_more_than_an_extract_is_shown_and_no_latin_word_is_cut(pieces: list[str]) -> None:
    text = "".join(pieces)
    words = words_of(parse('水素 "電池" "smart"'))
    taken = list(snippets._extract(text, [(word,) for word in words], words))
    assert sum(len(piece.text) for piece in taken if piece.text != "…") <= MOST
    assert any(piece.hit for piece in taken) == any(contains(fold(text), *word.pieces) for word in words)
    for piece in taken:
        if piece.hit:
            assert any(contains(fold(piece.text), *word.pieces) for word in words)


def test_a_phrase_that_is_longer_than_a_piece_is_shown_whole(database: Database) -> None:
    phrase = "水素" * 60
    found = one(database, f'"{phrase}"', text=f"{LONG}{phrase}。{LONG}")
    assert found == (Scope.TEXT, f"…[{phrase}]…")


def test_of_a_phrase_that_is_longer_than_an_extract_the_beginning_is_shown(database: Database) -> None:
    found = one(database, f'"{"水素" * MOST}"', text=f"{LONG}{'水素' * MOST}。{LONG}")
    assert found == (Scope.TEXT, f"…[{'水素' * (MOST // 2)}]…")


def test_a_word_is_found_wherever_a_long_text_is_cut_into_pieces() -> None:
    (word,) = words_of(parse("燃料電池"))
    for before in range(650):
        text = "字" * before + "燃料　電池" + "字" * 300
        taken = list(snippets._extract(text, [(word,)], [word]))
        assert [piece.text for piece in taken if piece.hit] == ["燃料 電池"], before


def test_a_word_with_very_many_gaps_in_it_is_found(database: Database) -> None:
    found = one(database, "水素", text=f"{LONG}水{' ' * 150}素{LONG}")
    assert found == (Scope.TEXT, "…[水 素]…")


# What is marked --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("LED", "ＬＥＤ照明、ledとLEDs", ["ＬＥＤ", "led"]),
        ("サーバー", "ｻｰﾊﾞｰ、サーバ、サーバーの更新", ["ｻｰﾊﾞｰ", "サーバ", "サーバー"]),
        ("サーバー更新", "サーバ更新とサーバー更新", ["サーバ更新", "サーバー更新"]),
        ("燃料電池", "燃料　電池・燃 料 電 池", ["燃料　電池", "燃 料 電 池"]),
        ("電池", "電池 電解", ["電池"]),
        ("がス", "か\u3099ス管", ["か\u3099ス"]),
        ("水素", "素𠮷水素𠮷", ["水素"]),
        ("株", "㈱見本", ["㈱"]),
        ("水 素", "水素", ["水素"]),
        ("EV", "level meter", []),
        ("a", "", []),
    ],
)
def test_marks_stand_at_the_words_as_they_were_published(query: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in spans(text, words_of(parse(query, with_synonyms=False)))] == found


def test_a_title_is_marked_as_a_whole_by_the_words_that_count_there() -> None:
    words = words_of(parse("title:水素 buyer:見本 text:設備 電解"))
    pieces = marked("水素　電解設備の見本", words, Scope.TITLE)
    assert [(piece.text, piece.hit) for piece in pieces] == [
        ("水素", True),
        ("\u3000", False),
        ("電解", True),
        ("設備の見本", False),
    ]
    assert marked("", words, Scope.TITLE) == ()


_TEXTS = st.text(alphabet="水素サーバｻﾊﾞー－ﾞ か\u3099㈱𠮷\u200bAaEVev１1・　x", max_size=25)


@given(_TEXTS, st.lists(_TEXTS.map(spelled).filter(bool), min_size=1, max_size=3))
@example("㈱㈱", ["株"])
@example("𠮷𠮷水", ["𠮷"])
def test_marking_loses_no_character_and_finds_what_is_there(text: str, terms: list[str]) -> None:
    words = [Word(Scope.ANY, term) for term in terms]
    pieces = marked(text, words, Scope.TITLE)
    assert "".join(piece.text for piece in pieces) == text
    assert any(piece.hit for piece in pieces) == any(contains(fold(text), *word.pieces) for word in words)
    assert all(piece.text for piece in pieces)
    assert not any(one.hit and other.hit for one, other in pairwise(pieces))

"""Words marked in the texts of a page: the right ones, in the right place, and never more than marks."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from db.vocabulary.reading import Evidence, Place
from db.vocabulary.text import fold
from monitor.reading.areas.lexicon import READ_CHARACTERS
from monitor.web.marking import SNIPPET_CHARACTERS, Terms, marked, snippet, spans


def terms(*words: str) -> Terms:
    return Terms.of(Evidence(word, "", Place.TITLE, 1.0) for word in words)


def bare(html: Markup) -> str:
    return unescape(re.sub("</?mark>", "", str(html)))


@pytest.mark.parametrize(
    ("text", "word", "shown"),
    [
        ("水素ステーション整備", "水素", "<mark>水素</mark>ステーション整備"),
        ("水素と水素", "水素", "<mark>水素</mark>と<mark>水素</mark>"),
        ("水素水素", "水素", "<mark>水素水素</mark>"),
        ("水 素　の利用", "水素", "<mark>水 素</mark>　の利用"),
        ("ｻｰﾊﾞｰの更新、サーバの更新", "サーバー", "<mark>ｻｰﾊﾞｰ</mark>の更新、<mark>サーバ</mark>の更新"),
        ("ＡＩの活用", "AI", "<mark>ＡＩ</mark>の活用"),
        ("㈱水素", "株", "<mark>㈱</mark>水素"),
        ("水素𠮷野", "水素", "<mark>水素</mark>𠮷野"),
        ("奈𠮷野の山", "𠮷野", "奈<mark>𠮷野</mark>の山"),
        ("水素👍🏽", "水素", "<mark>水素</mark>👍🏽"),
        ("水素 ", "水素", "<mark>水素</mark> "),
        ("Electric  Vehicles, 2 units", "electric vehicle", "<mark>Electric  Vehicles</mark>, 2 units"),
        ("Air and AIR, AIs and AI", "AI", "Air and AIR, <mark>AIs</mark> and <mark>AI</mark>"),
        ("型番DX-100、DX推進", "DX", "型番DX-100、<mark>DX</mark>推進"),
        ("型番X-DX、DX推進", "DX", "型番X-DX、<mark>DX</mark>推進"),
        ("<b>水素</b> & &amp;", "水素", "&lt;b&gt;<mark>水素</mark>&lt;/b&gt; &amp; &amp;amp;"),
        ("&amp;", "amp", "&amp;<mark>amp</mark>;"),
        ("鉛筆", "水素", "鉛筆"),
        ("", "水素", ""),
    ],
)
def test_words_are_marked_in_every_spelling_and_as_whole_words(text: str, word: str, shown: str) -> None:
    assert marked(text, terms(word)) == shown


def test_without_words_a_text_is_only_escaped() -> None:
    assert marked("<水素>", terms()) == "&lt;水素&gt;"


def test_words_that_overlap_are_one_mark() -> None:
    assert marked("電気自動車充電", terms("電気自動車", "自動車充電")) == "<mark>電気自動車充電</mark>"


def test_words_inside_the_buyers_name_are_not_marked_for_they_did_not_decide() -> None:
    words = Terms.of([Evidence("水素", "", Place.TITLE, 1.0)], buyers=["水素 協会", ""])
    assert (
        marked("水素協会の水素、水　素協会、水素協", words)
        == "水素協会の<mark>水素</mark>、水　素協会、<mark>水素</mark>協"
    )
    assert spans("水素協会水素協会", words) == []


@pytest.mark.parametrize("text", ["㈱" * 20_000, "水素\u3099" * 6_000, "水素𠮷" * 6_000, "水\u200b素" * 6_000])
def test_a_long_text_of_rare_characters_is_marked_as_any_other(text: str) -> None:
    words = terms("株", "水素", "素")
    assert len(spans(text, words)) > 0
    assert snippet(text, words) is not None


def test_only_the_beginning_of_a_very_long_text_is_looked_at() -> None:
    text = "水素" + "あ" * READ_CHARACTERS + "水素"
    assert spans(text, terms("水素")) == [(0, 2)]
    assert bare(marked(text, terms("水素"))) == text


PIECES = st.sampled_from(
    [
        *"水素サーバーｻﾊﾞﾞ゛が゙éＡＩaiｓs<>&;\"' \u3000\n・\0\u200b\ufe0f㈱㌔𠮷👍🏽-_ー〜",
        "水素",
        "AI",
        "サーバー",
        "&amp;",
        "<mark>",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join), st.lists(st.sampled_from(["水素", "AI", "サーバー", "amp", "株"])))
def test_a_text_without_its_marks_is_the_text(text: str, words: list[str]) -> None:
    html = marked(text, terms(*words))
    assert bare(html) == text.replace("<mark>", "") or "<mark>" in text
    assert html.replace("<mark>", "").replace("</mark>", "") == Markup.escape(text)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_what_is_marked_is_the_word(text: str) -> None:
    for start, end in spans(text, terms("水素")):
        assert 0 <= start < end <= len(text)
        assert set(fold(text[start:end]).replace(" ", "")) <= {"水", "素", *"\u3099\u309aー"}, text[start:end]


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_and_no_word_breaks_the_page(text: str, word: str) -> None:
    html = marked(text, terms(word))
    assert html.replace("<mark>", "").replace("</mark>", "") == Markup.escape(text)
    assert snippet(text, terms(word)) is None or spans(text, terms(word))


# Snippets


def test_a_word_far_into_the_text_is_shown_with_what_stands_around_it() -> None:
    html = snippet("あ" * 700 + "水素" + "い" * 700, terms("水素"))
    assert html is not None
    assert str(html) == f"…{'あ' * 38}<mark>水素</mark>{'い' * 38}…"
    assert len(bare(html)) == SNIPPET_CHARACTERS


def test_a_snippet_at_an_end_of_the_text_has_dots_only_where_something_is_left_out() -> None:
    assert str(snippet("水素" + "い" * 100, terms("水素"))).startswith("<mark>水素</mark>い")
    assert str(snippet("い" * 100 + "水素", terms("水素"))).endswith("い<mark>水素</mark>")
    assert snippet("水素の利用", terms("水素")) == "<mark>水素</mark>の利用"


def test_a_snippet_begins_and_ends_with_whole_words() -> None:
    html = snippet("unmistakably " * 60 + "hydrogen" + " unmistakably" * 60, terms("hydrogen"))
    assert str(html) == "… unmistakably unmistakably <mark>hydrogen</mark> unmistakably unmistakably …"


def test_a_snippet_is_markup_of_ours_only() -> None:
    assert snippet("<script>水素</script>", terms("水素")) == "&lt;script&gt;<mark>水素</mark>&lt;/script&gt;"


def test_a_text_that_lacks_the_word_has_no_snippet() -> None:
    assert snippet("あ" * 2000, terms("水素")) is None
    assert snippet("あ" * READ_CHARACTERS + "水素", terms("水素")) is None
    assert snippet("", terms("水素")) is None


@pytest.mark.parametrize("before", [*range(390, 410), *range(590, 610), 998, 999, 1000])
def test_a_word_is_found_wherever_the_text_is_cut_into_pieces(before: int) -> None:
    html = snippet("x" * before + " hydrogen" + " y" * 800, terms("hydrogen"))
    assert html is not None
    assert "<mark>hydrogen</mark>" in html
    assert snippet("x" * before + "hydrogen" + " y" * 800, terms("hydrogen")) is None


@pytest.mark.parametrize("before", [0, 200, 390, 395, 399, 400, 401, 590, 595, 600, 605, 790, 1195])
def test_a_snippet_shows_the_word_outside_the_buyers_name_wherever_that_stands(before: int) -> None:
    words = Terms.of([Evidence("水素", "", Place.BODY, 0.1)], buyers=["日本水素利用促進協会"])
    name = "あ" * before + "日本水素利用促進協会"
    assert snippet(name + "い" * 900, words) is None
    html = str(snippet(name + "は、水素を", words))
    assert html.endswith("日本水素利用促進協会は、<mark>水素</mark>を")


@given(st.integers(0, 2000), st.lists(PIECES, max_size=60).map("".join))
def test_snippets_stay_short_and_are_part_of_the_text(before: int, after: str) -> None:
    text = "あ" * before + "水素" + after
    html = snippet(text, terms("水素"))
    assert html is not None
    shown = unescape(str(html).replace("<mark>", "", 1).replace("</mark>", "", 1))
    assert len(shown) <= SNIPPET_CHARACTERS
    assert shown.removeprefix("…").removesuffix("…") in text

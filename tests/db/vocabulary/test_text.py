"""The one folding of Japanese text, and titles cleaned for readers."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from db.vocabulary.text import LONGEST_TITLE, clean_title, fold, fold_term, fold_with_offsets, term_spellings

# What Japanese notices are made of, and what breaks naive folding.
_TRICKY = (
    " 　\n・･-－ー−‐ｰ〜～カかｶﾞﾟゞ゛\u3099亜Ａa1１ΣςAİ\u200b\u00ad。（(㈱㎡Ⅱ①´¨\u0331HＨ&#;%4E0KB)].pdf別表ＫＢ[："
)
_TEXTS = st.one_of(st.text(), st.text(alphabet=_TRICKY))


@given(_TEXTS)
@example("か\u200b\u3099")
@example("カ-ー-カ")
@example("ＳＳΣ Σ")
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(_TEXTS)
@example("太陽光　発電・設備 ー")
def test_every_folded_character_knows_where_it_comes_from(text: str) -> None:
    folded, offsets = fold_with_offsets(text)
    assert folded == fold(text)
    assert len(offsets) == len(folded)
    assert offsets == sorted(offsets)
    assert all(0 <= offset < len(text) for offset in offsets)


@given(_TEXTS)
def test_cleaning_a_title_twice_is_cleaning_it_once(title: str) -> None:
    assert clean_title(clean_title(title)) == clean_title(title)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ＬＥＤ照明", "led照明"),
        ("ｶﾞﾊﾞﾒﾝﾄｸﾗｳﾄﾞ", "ガバメントクラウド"),
        ("太陽光　発電\n設備 工事", "太陽光発電設備工事"),
        ("まち・ひと・しごと創生", "まちひとしごと創生"),
        ("AI・IoT", "ai iot"),
        ("AI・人工知能", "ai 人工知能"),
        ("サ−バの更新", "サーバの更新"),
        ("CO₂排出量", "co2排出量"),
        ("03−1234‐5678", "03-1234-5678"),
        ("令和８年度〜令和９年度", "令和8年度~令和9年度"),
        ("  Web   site ", "web site"),
        ("スキー場", "スキー場"),
        ("㈱日本", "(株)日本"),
        ("か\u200bな", "かな"),
        ("", ""),
    ],
)
def test_spellings_that_readers_take_for_equal_fold_to_one(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(
    ("term", "folded"),
    [
        ("サーバー", "サーバ"),
        ("コンピューター", "コンピュータ"),
        ("スキー", "スキー"),
        ("ルーター室", "ルーター室"),
        ("エネルギー", "エネルギ"),
        ("ＥＶ", "ev"),
    ],
)
def test_a_term_is_looked_for_by_its_shorter_stem(term: str, folded: str) -> None:
    assert fold_term(term) == folded


def test_a_long_vowel_inside_a_term_is_looked_for_with_and_without() -> None:
    assert term_spellings("サーバー更新") == ("サーバー更新", "サーバ更新")
    assert term_spellings("スキー場") == ("スキー場",)
    assert term_spellings("ict支援員") == ("ict支援員", "ict 支援員")
    assert term_spellings("ict 支援員") == ("ict 支援員", "ict支援員")
    assert term_spellings("aiサーバー") == ("aiサーバー", "aiサーバ", "ai サーバー", "ai サーバ")


@pytest.mark.parametrize(
    ("published", "shown"),
    [
        ("庁舎解体工事 (138.4KB)", "庁舎解体工事"),
        ("庁舎解体工事[PDFファイル／120KB]", "庁舎解体工事"),
        ("庁舎解体工事（PDF：152KB）", "庁舎解体工事"),
        ("照明改修工事 別表 （PDF 122.6 KB）", "照明改修工事"),
        ("照明改修工事【 PDFファイル：112.6 キロバイト 】", "照明改修工事"),
        ("照明改修工事(PDF形式、122.74KB)", "照明改修工事"),
        ("入札説明書（エクセル：34KB）", "入札説明書"),
        ("質問書［Word］", "質問書"),
        ("校舎改修(PDFファイル:363.9KB)(PDFファイル:364KB)", "校舎改修"),
        ("図面（PDF：9,376KB）（別ウィンドウで開きます）", "図面"),
        ("仕様書.pdf [ 128 KB pdfファイル]", "仕様書"),
        ("公告 [ZIP：17.3MB] 第２号", "公告 第２号"),
        ("合同庁舎改修（第&#8545;期）工事", "合同庁舎改修（第Ⅱ期）工事"),
        ("保守&amp;運用", "保守&運用"),
        ("%E4%BB%A4%E5%92%8C%EF%BC%98年度", "令和８年度"),
        ("\u200b\u200b公民館改修\t工事 ", "公民館改修 工事"),
        ("業務\u3000 一式", "業務\u3000一式"),
        ("(PDF:120KB)", "(PDF:120KB)"),
    ],
)
def test_marks_of_the_portal_are_not_part_of_a_title(published: str, shown: str) -> None:
    assert clean_title(published) == shown


@pytest.mark.parametrize(
    "title",
    [
        "ＰＤＦ編集ソフトウェアライセンスの調達（単価）",
        "ノートパソコン（メモリ16GB）の購入",
        "外付けメモリ（16GB）",
        "総合流域防災工事（河川情報基盤） 02-KB86-20",
        "R&D支援業務　一式",
        "使用率50%削減",
    ],
)
def test_a_title_that_only_looks_marked_stays_as_published(title: str) -> None:
    assert clean_title(title) == title


@pytest.mark.parametrize("mark", ["（PDF）", "amp;", ".pdf"])
def test_a_title_of_endless_marks_is_cleaned_in_no_time(mark: str) -> None:
    cleaned = clean_title("x&" + mark * 16_000)
    assert len(cleaned) <= LONGEST_TITLE

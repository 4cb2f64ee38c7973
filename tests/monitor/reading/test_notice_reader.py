"""All readers together: the same notice always reads the same, what they find can be stored, and no text stops them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import msgspec
import pytest

from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import DateKind, Reading
from monitor.reading.area_reader import AreaReader
from monitor.reading.areas import load_lexicon
from monitor.reading.reader import NoticeReader

NOTICE = ScrapedNotice(
    source="kkj",
    key="1",
    title="公用車購入（その１）",
    kind=NoticeKind.TENDER,
    published=date(2026, 6, 22),
    url="https://example.jp/1",
    buyer="上士幌町",
    prefecture="北海道",
    text="予定価格 5,280,000円（税込） 入札書の提出期限 令和8年7月3日 開札 令和8年7月6日10時 町内に本店を有すること。",
)


@pytest.fixture(scope="module")
def read() -> Callable[[ScrapedNotice], Reading]:
    return NoticeReader(AreaReader(load_lexicon())).read


def test_a_notice_always_reads_the_same_and_can_be_stored(read: Callable[[ScrapedNotice], Reading]) -> None:
    other = replace(NOTICE, title="庁舎清掃業務", kind=NoticeKind.AMENDMENT)
    first = [read(one) for one in (NOTICE, other)]
    assert [read(one) for one in (other, NOTICE)] == first[::-1]
    assert [msgspec.json.decode(msgspec.json.encode(one), type=Reading) for one in first] == first


def test_halves_of_surrogate_pairs_stop_no_reader(read: Callable[[ScrapedNotice], Reading]) -> None:
    half = "\ud800"
    broken = replace(
        NOTICE,
        title=NOTICE.title + half,
        buyer=f"上士幌町{half}",
        text=NOTICE.text.replace("開札", f"開札{half}"),
        references=((half, half),),
    )
    found = read(broken)
    assert DateKind.DEADLINE in [one.kind for one in found.dates]
    assert msgspec.json.encode(found)


@pytest.mark.parametrize(
    "text",
    [
        "令和99年13月45日",
        "入札書の提出期限 令和8年6月31日 ",
        "9" * 10_000 + "円 予定価格 ",
        "(（「『【",
        "\x00\u202e開札 ",
        "同月15日から同月",
        "6 月 1 1 日",
        "変更前 変更後 6月1日 ",
        "「役務の提供等」のＡ又は",
        "説明会に参加しない者",
        "Time limit for tender: 17:00, 10 December 2026. Delivery: ",
    ],
)
def test_a_hostile_text_is_read_to_an_end(read: Callable[[ScrapedNotice], Reading], text: str) -> None:
    long = text * (300_000 // len(text))
    for kind in (NoticeKind.TENDER, NoticeKind.AMENDMENT):
        assert msgspec.json.encode(read(replace(NOTICE, kind=kind, text=long, text_en=long, title=long, buyer=long)))

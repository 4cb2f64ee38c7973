"""Of all press releases of the Metropolitan Government, the calls for firms and their results are kept."""

from datetime import date, datetime

import pytest

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from scrapers.errors import FetchError
from scrapers.source import Page, Request, Window, crawl, page_of
from scrapers.sources.tokyo_press import TokyoPress
from scrapers.tokyo_calls import CALLS

NOW = datetime(2026, 6, 15, 9, tzinfo=TOKYO)
WINDOW = Window(date(2026, 6, 5), None, NOW)
CALL, AWARD, TENDER = NoticeKind.PROPOSAL_CALL, NoticeKind.AWARD, NoticeKind.TENDER
RDF = """<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<channel rdf:about="https://www.metro.tokyo.lg.jp/rss/index.rdf"><title>東京都</title></channel>
<item rdf:about="https://www.metro.tokyo.lg.jp/1"><title>{title}</title><link>https://www.metro.tokyo.lg.jp/1</link></item>
</rdf:RDF>
"""


def kept(title: str) -> list[NoticeKind]:
    """The kinds of the notices that come of a feed with one release."""

    def fetch(request: Request) -> Page:
        return page_of(RDF.format(title=title).encode(), request, headers={"content-type": "application/xml"})

    return [found.kind for found in crawl(TokyoPress(), WINDOW, fetch) if isinstance(found, ScrapedNotice)]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("グリーン水素等の国際サプライチェーン構築に関する事業可能性調査等を行う事業者を募集します", CALL),
        ("都有地活用型太陽光発電設備設置事業 事業者募集", CALL),
        ("「都有施設における再生可能エネルギー見える化モデル事業」の公募開始", CALL),
        ("再生可能エネルギー見える化モデル事業(建材一体型太陽光発電設備)の公募開始", CALL),
        ("有明アーバンスポーツパーク整備運営事業　事業者募集について", CALL),
        ("東京都産グリーン水素を使った窒素系肥料を製造する事業者の募集", CALL),
        ("水素ステーションの整備・運営を行う民間事業者を公募", CALL),
        ("次期見本システム構築業務委託の企画提案(プロポーザル)を実施します", CALL),
        ("見本公園の指定管理者を公募します", CALL),
        ("補助金交付事務の受託事業者を募集します", CALL),
        (
            "青海地区のまちづくりに向けた民間事業者からの事業提案を募集します(サウンディング調査)",
            NoticeKind.INFORMATION_REQUEST,
        ),
        ("再生可能エネルギー見える化モデル事業 事業実施者を決定しました", AWARD),
        ("見本地区開発事業の優先交渉権者を決定", AWARD),
        ("見本地区開発事業 事業予定者決定", AWARD),
        ("見本給食センター整備事業の落札者の決定について", AWARD),
        ("一般競争入札の実施について", TENDER),
        ("見本地区開発事業 事業者募集の中止について", NoticeKind.CANCELLATION),
    ],
)
def test_a_release_that_looks_for_firms_or_names_them_is_kept(title: str, kind: NoticeKind) -> None:
    assert kept(title) == [kind]


@pytest.mark.parametrize(
    "title",
    [
        "東京都職員の募集(キャリア活用採用選考)",
        "課長級職員を公募します",
        "見本審議会の公募委員を募集します",
        "水素を知るイベントの参加者募集",
        "中小事業者向けセミナーの参加者を募集します",
        "エコな絵手紙の作品募集",
        "防災ボランティアの募集について",
        "見本動物園の動物の愛称を公募",
        "都営住宅の入居者募集",
        "モニターの募集",
        "見本展示会の出展事業者を募集します",
        "節電プロジェクトの参加事業者を募集",
        "省エネ設備導入 助成対象事業者の募集",
        "スタートアップ補助事業の公募開始",
        "水素設備導入補助金の申請事業者を募集",
        "都民による事業提案を募集します",
        "見本計画(案)への意見を募集します",
        "都有地を一般競争入札により売却します",
        "入札監視委員会の開催について",
        "指名停止措置について",
        "令和8年度東京都予算案の決定",
    ],
)
def test_a_release_that_looks_for_anybody_else_is_not(title: str) -> None:
    assert not CALLS.search(title)
    assert kept(title) == []


def test_a_feed_that_is_gone_is_an_error_and_not_a_quiet_day() -> None:
    def fetch(request: Request) -> Page:
        raise FetchError("{host}: answered {status}", host="www.metro.tokyo.lg.jp", status=404)

    with pytest.raises(FetchError, match="404"):
        list(crawl(TokyoPress(), WINDOW, fetch))

"""The words that say what a date in a Japanese notice is for, and the words that may stand between them and the date.

All are compared in text without white space: notices space their labels out (日　　時, 件　　名). Of several words the
one nearest to the date counts, for a Japanese phrase ends with its head; a longer word beats the shorter within it,
so that 参考見積書 and 入札書類 are not taken for 見積書 and 入札書. To teach the reader a wording, add it here.
"""

import re
from collections.abc import Iterable
from enum import Enum, auto


class Subject(Enum):
    """What a phrase speaks of. What that means for the date depends on the notice (``japanese.py``)."""

    BID = auto()
    BIDDING = auto()
    """Bids are made then, on the spot (入札日時): a time for opening as well, if none is stated."""
    BIDDING_AND_OPENING = auto()
    OPENING = auto()
    PROPOSAL = auto()
    """The end of a proposal call; where a price is bid for as well, a paper that may be due before the bid."""
    ENTRY = auto()
    """The end of an open call (応募期限); where a price is bid for, an application to take part."""
    APPLICATION = auto()
    PAPERS = auto()
    """An application where they have a day of their own; due with the bid they are nothing besides it."""
    QUESTIONS = auto()
    DOCUMENTS = auto()
    MEETING = auto()
    RESPONSE = auto()
    DELIVERY = auto()
    OTHER = auto()
    """Known, and none of ours: answers, results, hearings, samples, permission to bid on paper."""


SUBJECTS = {
    Subject.BID: """
        入札書 応札書 入札の締切 入札締切 入札〆切 入札の〆切 入札の締め切り 入札締め切り 入札期間 入札受付 入札の受付
        電子入札の締切 電子入札の締め切り 電子入札締切 電子入札期限 電子入札の期限 電子入札受付 電子入札の受付
        電子入札の提出 電子入札書 紙入札の締切 紙入札の提出 紙入札提出 紙入札受付 入札提出 入札の提出 入札期限 入札の期限 入札の受領 入札受領 入札書提出 郵便入札 電子入札期間 入札書等 入札の終了
        見積書 見積り書 見積提出 見積の提出 見積期限 見積締切 見積期間 見積受付 入札金額を送信 入札金額の送信""",
    Subject.BIDDING: """
        入札日時 入札の日時 入札執行 入札会場 入札日 入札の日 入札年月日 入札時刻 競争執行 競争入札執行 入札すること 入札場所及び日時
        入札""",
    Subject.BIDDING_AND_OPENING: """
        入札及び開札 入札・開札 入札･開札 入札、開札 入札,開札 入札(開札) 入札並びに開札 入札/開札 入開札 入札開札
        入札書の開札 入札と開札 入札書の提出及び開札""",
    Subject.OPENING: "開札 開札開始 開札開始日時 開札開始日 開札開始時刻 見積合わせ 見積合せ 見積り合わせ 見積書の開封 入札書の開封 開封",
    Subject.PROPOSAL: """
        提案書 企画書 企画案 企画提案 技術提案書 技術等提案書 提案書類 提案期限 総合評価のための書類""",
    Subject.ENTRY: """
        応募書類 応募書 応募申請 応募期限 応募期間 応募締切 応募の締切 応募 公募期間 公募期限 公募締切 公募締め切り
        公募の期間 公募 募集期間 募集期限 募集締切""",
    Subject.APPLICATION: """
        申請書 確認申請 参加申請 参加申込 申込書 申込期限 申込期間 参加表明 参加意思 参加意向 参加意向申出書 証明書 証明する書類 証する書類 適合証明 適合条件 資格確認
        事前提出書類 提出書類 提出すべき書類 必要書類 必要な書類 資格確認関係書類 書類の受領 書類の提出 書類等の提出 書類等の受領
        書類を 書類等を 資料の提出 資料等の提出 資料の受領 資料等の受領 申請書及び資料 提出資料 応札資料 誓約書 届出書
        入札書類データ 希望申請 申請期間 申請期限 申請の期間 申請受付 競争参加資格の確認 技術資料 応札仕様書 参加申込期限 審査結果通知書 結果通知書""",
    Subject.PAPERS: "関係書類",
    Subject.QUESTIONS: "質問 質問書 質問受付 質問の受付及び回答 質疑 質疑書 疑義 問い合わせの受付 問合せの受付 問い合わせ受付 照会期限",
    Subject.DOCUMENTS: """
        交付 配布 配付 入手 貸与 貸出 頒布 ダウンロード 設計図書の閲覧 設計図書等の閲覧 仕様書の閲覧 仕様書等の閲覧
        図面の閲覧 設計図書閲覧 設計図書等閲覧 仕様書閲覧 仕様書等閲覧 図面閲覧""",
    Subject.MEETING: "説明会",
    Subject.RESPONSE: """
        意見 意見書 意見等 提供期限 資料等の提供 資料の提供 資料提供 コメント 情報提供 情報提供書 回答書""",
    Subject.DELIVERY: """
        履行期間 履行期限 履行期日 履行日 納入期限 納入期間 納入期日 納入日 納期 納期限 納品期限 納品期日 契約期間 契約期限
        業務期間 業務履行期間 委託期間 委託予定期間 借入期間 賃貸借期間 賃借期間 工期 使用期間 供給期間 需給期間 実施期間
        事業期間 事業実施期間 業務実施期間 請負期間 作業期間 作業等期間 リース期間 調達期間 引渡期限 引渡期日 引渡し期限
        完成期限 工事期間 工事等の期間 工事終了期限 派遣期間 実施時期""",
    Subject.OTHER: """
        回答 質問に対する回答 質問への回答 質問に対する回答書 質問回答 質問回答書 閲覧 結果 審査結果 通知 落札 プレゼン プレゼンテーション ヒアリング 提案会 企画提案会
        審査委員会 審査会 現場説明 現場説明会 現地説明会 現地確認 現地調査 見学 見学会 再度入札 再度の入札 再入札 説明を求め
        官報 公告期間 公示期間 公開終了 公開開始 掲載 更新 有効期間 有効期限 サンプル 見本 下見積 下見積書 参考見積
        参考見積書 参考資料 余裕期間 導入期間 入札書の日付 在中 理由書 理由の 変更 実績 様式 苦情 支払 着手 契約締結期限
        選定通知 指名通知 入札方法 入札金額 入札保証金 保証金 納付等に係る書類 参加を希望 説明会への参加
        説明会に参加 説明会参加 説明会の参加 登録 連絡 申し込 承認の申請 承認申請 承認申請書 承認申請期限 同等品 同等品申請 同等品申請書 同等品確認申請 同等品確認書
        同等品承認願 紙入札方式参加 紙入札方式による参加申請書
        紙入札参加 紙入札方式参加願 承諾願 参加願 申出書 交付申請 交付決定 補助金 開札日の前日 開札の時 開札時 開札結果
        開札日から 事項等説明 運用仕様書の事前提出 試験日 実施日 入札書記載 着工 検査 引渡し 入札参加資格 競争参加資格者
        入札心得 入札説明書 入札室 入札執行者 入札書類 工事着手 開始日""",
}
GENERIC = frozenset(
    ("提出書類", "書類の提出", "書類等の提出", "書類の受領", "書類等の受領", "必要書類", "必要な書類")
)
"""Papers that are those of the word before them, if it stands right there: 企画書等の提出書類."""
OF = re.compile("(?:等|類)?(?:の|に係る|に関する)")
WEAK = frozenset(("入札", "応募", "公募"))
"""Words of every notice: they count only where nothing but filling stands between them and the date."""
PASSED_OVER = frozenset(
    (
        *("入札書の提出方法", "入札書提出方法", "入札書の提出先", "入札書等の提出方法"),
        *("紙入札", "電子入札", "一般競争入札", "指名競争入札", "入札公告"),
        *("入札に参加を希望する者", "入札への参加を希望する者", "参加を希望する者"),
    )
)
"""What a label says besides, and the date is not for: 入札書の受領期限及び入札書の提出方法."""


def _trie(words: Iterable[str]) -> str:
    """The words as one expression in which each character is looked at once; the longest word is taken."""
    branches: dict[str, list[str]] = {}
    for word in words:
        branches.setdefault(word[:1], []).append(word[1:])
    optional = branches.pop("", None)
    parts = [re.escape(first) + _trie(rest) for first, rest in branches.items()]
    if not parts:
        return ""
    return f"(?:{'|'.join(parts)}){'?' if optional else ''}" if optional or len(parts) > 1 else parts[0]


SUBJECT_OF = {word: subject for subject, words in SUBJECTS.items() for word in words.split()}
SUBJECT_WORD = re.compile(_trie((*SUBJECT_OF, *PASSED_OVER)))

_FILLING = """
    の 等 類 データ 及び 並びに ならびに または 又は ・ ･ 、 , / 提出 受領 受付 受理 受取 到着 送付 送信 必着 締切 締め切り
    〆切 期限 期間 期日 日時 日程 日限 時刻 時期 時間 日 場所 方法 会場 開催 実施 執行 予定 開始 終了 最終 年月日 到達 郵便 先 する ついて は を に と
    が がある場合 関する 係る : ； ; - > ~ 「 」 『 』 【 】 [ ] 〔 〕 < > ■ ● ◎ ○ 〇 ※ → . 郵送 持参 場合 による よる により
    方式 限 内 配布 配付 交付 入手 書 ください とおり 次の 下記の とする 件名ごと 締切日 締切日時 原則 原則として 必ず まで 電子調達システム システム
    電子入札システム 電子入札 紙入札 紙 電子 参加 者 電子メール し
    工事費内訳書 業務費内訳書 積算内訳書 内訳書 ( )"""
_BEGINNING = (
    r"(?:この|本|入札)?(?:公告|公示|公募|募集|掲示)(?:の)?(?:開始)?日(?:の翌日)?(?:から|より|以降|~|-)、?",
    r"(?:委託|請負|本|変更)?契約(?:の)?(?:締結)?(?:の)?(?:日|後)?(?:の)?(?:翌(?:平|営業)?日)?(?:から|より|以降|~|-)、?",
    r"協定を締結した日から",
    r"議会(?:の|による)?(?:議決)?(?:の|を得た|後)?(?:日)?(?:の)?(?:翌日)?(?:から|より|以降|~)、?",
    "自",
)
_MARKS = (r"\([^()]{0,25}\)", "[A-ZＡ-Ｚ]{1,3}(?![a-z])", r"\(?[0-9ア-コｱ-ｺ]{1,2}[).、．]", "[0-9]{1,2}", "[①-⑳⑴-⒇]")
# Possessive, so that a text of nothing but filling costs its length and no more.
FILLING = re.compile(f"(?:{'|'.join((*_BEGINNING, *_MARKS, _trie((*_FILLING.split(), *PASSED_OVER))))})*+")
"""What may stand between the word and the date: の提出期限及び場所, （必着）, は、, 公告日から."""
SUBJECT_AND = re.compile(
    r"(?:等|類|\([^()]{0,20}\))?(?:」という。?\))?(?:及び|並びに|又は|・|、|,|と)+[^による、()0-9場期日]{0,6}"
)
"""What joins two words of one phrase: 入札書及び証明書, 提案書等・入札書."""
PLACE_FIRST = re.compile(r"の?[^。、()]{0,4}場所(?:及び|並びに|・|、)[^。、()]{0,4}(?:日時|期限)[:：]?[^。]{1,40}")
"""A place may stand before the date: 開札の場所及び日時 会議室 令和…."""
STARTS = re.compile(
    r"(?:受付|受領|提出|公募|募集|応募|申請|申込|交付|配布|配付|質問|閲覧|期間|掲載|販売|供用|運用|利用|稼働|履行|契約|借入|納入|事業|業務"
    r"|賃貸借|工事|\()の?開始(?:予定)?(?:年月)?(?:日時?|時期|時刻)?\)?は?[:：]?\Z"
)
"""A day behind 受付開始 or （開始） ends nothing."""
STARTS_WITHIN = 12
"""Characters before such a day in which 開始 stands: 開始予定年月日時：."""
PUBLISHED_ON = re.compile(r"(?:公告|公示|掲示)の?日(?:から|より|~|-)、?\Z")
"""A period that begins on the day of the notice."""
DEADLINE_ALONE = re.compile(
    r"(?:[(]?[0-9]{1,2}[).．、]?)?(?:提出|応募|公募|受付|募集)?(?:の)?(?:期限|締切|締め切り|締切日|〆切)(?:日時?)?[:：]?"
)
"""期限 and nothing else: of the one thing that such a notice asks for."""
PROPOSALS_CALLED = re.compile("企画競争|プロポーザル|企画案|企画提案|企画書|公募|募集")
PRICES_CALLED = re.compile("一般競争|指名競争|競争入札|入札公告|総合評価落札")
QUOTATIONS_CALLED = re.compile("オープンカウンタ|見積合わせ|見積依頼|見積り合わせ|見積合せ")
BY_POST = re.compile(
    "郵(?:送|便)(?:等|入札)?(?:による|により|で|の)?(?:場合の)?(?:入札|応札|見積|提出|の場合|場合|受領|受付)"
    "|(?:入札書|見積書)等?を郵(?:送|便)"
)
BY_HAND = re.compile("持参|紙入札|紙方式|紙による|紙媒体")
BY_SYSTEM = re.compile("電子|(?<![紙])システム")
"""How a bid is made: of several deadlines the electronic one counts first, then the one by hand, the one by post."""
MINUTES_BEFORE = re.compile(
    r"(?:電子|システム)[^。]{0,40}?(?:入札|開札|執行)[^。]{0,6}?(?:時間|時刻|日時)の\s?(?P<minutes>[0-9]{1,2})\s?分前まで"
)
"""An electronic bid is due before the bidding: 入札執行時間の５分前までに."""
PAPERS_LISTED = re.compile("示す提案書等")
PROOF_LISTED = re.compile(r"[・〇○●]\s?[^・〇○●\s。]{0,30}?(?:証明書|審査結果通知書)")
"""A proof of qualification among the papers that are listed as due with the bid."""
CALLED_PAPER = re.compile("(?<!参加)(?:申込書|届出書|申請書)")
OTHER_PAPER = re.compile("提案書|企画書|企画案|企画提案|見積書|入札書|応募書|参加表明")
"""An open call asks for one paper (希望届出書); where it speaks of another one, that may be due later."""

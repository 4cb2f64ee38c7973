"""KKJ answers made for measuring: the real format, invented content, texts of about 2 kB in UTF-8."""

import random
from base64 import b64encode
from collections.abc import Iterator
from datetime import date, timedelta

TITLES = (
    "令和８年度庁舎照明ＬＥＤ化改修工事",
    "太陽光発電設備設置工事（その{number}）",
    "市道{number}号線舗装補修工事",
    "電子カルテシステム更新業務",
    "公用車購入（{number}台）",
    "高齢者見守りサービス運用業務委託",
    "小学校給食調理業務委託",
    "庁内ネットワーク機器賃貸借",
    "観光プロモーション業務委託",
    "下水道管渠更生工事第{number}工区",
)
SENTENCES = (
    "次のとおり一般競争入札に付します。",
    "競争参加資格は、全省庁統一資格の「役務の提供等」のＡ、Ｂ又はＣ等級に格付けされている者とする。",
    "入札書の提出期限は令和８年７月１０日１７時００分とし、郵送による場合は必着とする。",
    "開札の日時及び場所は、別に定める入札説明書による。",
    "契約条項を示す場所は、総務課契約係とする。",
    "暴力団員による不当な行為の防止等に関する法律に規定する者でないこと。",
    "履行期間は契約締結日の翌日から令和９年３月３１日までとする。",
    "入札金額は、消費税及び地方消費税を除いた額を記載すること。",
)
TEXT_BYTES = 2_000


def answers(records: int, *, per_answer: int = 1000, seed: int = 7) -> Iterator[bytes]:
    """Answers of the API that hold so many records in all."""
    rng = random.Random(seed)
    made = 0
    while made < records:
        count = min(per_answer, records - made)
        rows = "".join(_record(rng, made + number) for number in range(count))
        made += count
        yield (
            f'<?xml version="1.0" encoding="UTF-8"?><Results><Version>1.0</Version><SearchResults>'
            f"<SearchHits>{count}</SearchHits>{rows}</SearchResults></Results>"
        ).encode()


def _record(rng: random.Random, number: int) -> str:
    day = date(2026, 4, 1) + timedelta(days=number % 60)
    key = b64encode(f"tokyo/mihon_city/2026/{day:%Y%m%d}_{number:07}\n".encode()).decode()
    title = rng.choice(TITLES).format(number=number)
    text = f"{title}\n"
    size = len(text.encode())
    while size < TEXT_BYTES:
        sentence = rng.choice(SENTENCES)
        text += sentence
        size += len(sentence.encode())
    return (
        f"<SearchResult><ResultId>{number % 1000 + 1}</ResultId><Key><![CDATA[{key}]]></Key>"
        f"<ExternalDocumentURI><![CDATA[https://example.jp/{number}.pdf]]></ExternalDocumentURI>"
        f"<ProjectName>{title}</ProjectName><Date>{day}T19:30:00+09:00</Date><FileType>pdf</FileType>"
        f"<LgCode>13</LgCode><PrefectureName>東京都</PrefectureName><CityName>見本市</CityName>"
        f"<OrganizationName>東京都見本市</OrganizationName><CftIssueDate>{day}T00:00:00+09:00</CftIssueDate>"
        f"<Category>役務</Category><ProcedureType>一般競争入札</ProcedureType>"
        f"<ProjectDescription>{text}</ProjectDescription></SearchResult>"
    )

"""One stand-in server for these tests, over a few records of its own; every test finds all switches off."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.serving import serve
from monitor.standins.server import Switchboard, app

LG = {"13": "東京都", "27": "大阪府", "31": "鳥取県", "01": "北海道"}


def notice(number: int, title: str, issued: str, lg: str | None = None, **more: Any) -> dict[str, Any]:
    place = {} if lg is None else {"lg_code": lg, "prefecture": LG[lg]}
    return {
        "key": f"a2V5{number:08d}",
        "title": title,
        "cft_issue_date": issued,
        "fetched": f"{issued[:10]}T19:30:00+09:00",
        "external_document_uri": f"https://example.jp/{number}.pdf",
        **place,
        **more,
    }


NOTICES = [
    notice(
        1,
        "市役所LED照明改修工事",
        "2026-06-10",
        "13",
        city="見本市",
        organization="東京都見本市",
        category="工事",
        procedure_type="条件付き一般競争入札",
        certification="A B",
        location="見本市役所",
        body="次のとおり入札に付します。\n工期は秋まで。",
        attachments=[
            {"name": "仕様書 <1>", "uri": "https://example.jp/a.pdf?x=1&y=2"},
            {"name": "図面", "uri": "https://example.jp/b.pdf"},
        ],
    ),
    notice(
        2,
        "電子カルテ更新",
        "2026-06-12T00:00:00+09:00",
        "27",
        organization="大阪府例示市",
        category="役務",
        procedure_type="簡易公募型競争入札",
        certification="C",
        tender_submission_deadline="2026-07-01",
        opening_tenders_event="2026-07-03T10:00:00+09:00",
        period_end_time="2027-03-31",
        external_document_uri="https://www.p-portal.go.jp/pps-web-biz/UAA01/OAA0101",
    ),
    notice(
        3,
        "トナーの購入",
        "2026-06-11",
        "13",
        organization="例示省",
        category="物品",
        procedure_type="簡易公募型指名競争入札",
    ),
    notice(4, "𠮷見本橋の清掃 R&D", "2026-06-09", organization="例示省", fetched="2026-06-10", body="𠮷と工事"),
    notice(5, "印刷", "2026-05-01", "27"),
]
MANY = [notice(100 + n, f"除雪{n}", f"2026-01-{1 + n % 28:02d}", "31") for n in range(1005)]


class Kkj:
    """The API as a test asks it."""

    def __init__(self, client: httpx.Client, board: Switchboard) -> None:
        self.client = client
        self.board = board

    def get(self, **params: str | int) -> httpx.Response:
        return self.client.get("/www.kkj.go.jp/api/", params=params)


@pytest.fixture(scope="session")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kkj]:
    data = tmp_path_factory.mktemp("data")
    (data / "kkj").mkdir()
    with (data / "kkj" / "notices.jsonl").open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in NOTICES + MANY)
    board = Switchboard()
    with serve(app(data, board)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        yield Kkj(client, board)


@pytest.fixture
def kkj(_running: Kkj) -> Kkj:
    _running.board.reset()
    return _running


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """An empty DATA folder."""
    return tmp_path

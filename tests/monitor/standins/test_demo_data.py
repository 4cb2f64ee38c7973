"""The project's own small set: always the same for a day, sound, and recognisably invented."""

import base64
import csv
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree
from stdnum.jp import cn

from monitor.serving import serve
from monitor.standins import demo_data as module
from monitor.standins.demo_data import demo_data
from monitor.standins.server import app
from scrapers.sources.pportal_awards import METHODS, MINISTRIES

HOME_DAY = date(2026, 6, 1)
END = "これは見本データであり、実在の調達ではありません。"


@pytest.fixture
def notices(tmp_path: Path) -> list[dict[str, Any]]:
    lines = (demo_data(HOME_DAY, tmp_path) / "kkj" / "notices.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def age(notice: dict[str, Any]) -> int:
    return (HOME_DAY - date.fromisoformat(notice["cft_issue_date"])).days


def test_the_same_day_gives_the_same_bytes_and_another_day_gives_others(tmp_path: Path) -> None:
    def written(day: date, name: str) -> bytes:
        return (demo_data(day, tmp_path / name) / "kkj" / "notices.jsonl").read_bytes()

    assert written(HOME_DAY, "a") == written(HOME_DAY, "b")
    assert written(HOME_DAY, "a") != written(date(2026, 6, 2), "a")


def test_no_placeholder_is_left(notices: list[dict[str, Any]]) -> None:
    assert not [notice["title"] for notice in notices if "{day" in json.dumps(notice)]


def test_a_record_has_the_fields_of_the_samples_and_no_others(notices: list[dict[str, Any]]) -> None:
    always = {"key", "title", "cft_issue_date", "fetched", "external_document_uri"}
    layout = always | {
        "organization",
        "prefecture",
        "lg_code",
        "city",
        "category",
        "procedure_type",
        "location",
        "attachments",
        "body",
    }
    for notice in notices:
        assert always <= set(notice) <= layout
        assert ("prefecture" in notice) is ("lg_code" in notice)
        assert notice.get("category", "工事") in ("物品", "工事", "役務")


def test_keys_are_unique_and_in_the_real_form_with_the_notices_day(notices: list[dict[str, Any]]) -> None:
    assert len({notice["key"] for notice in notices}) == len(notices)
    for notice in notices:
        day = notice["cft_issue_date"].replace("-", "")
        key = base64.b64decode(notice["key"], validate=True).decode()
        assert re.fullmatch(
            rf"([a-z0-9]+/[a-z_]+/{day[:4]}|search/p_portal/{day[:4]}/{day[4:6]})/{day}_\d{{5}}\n", key
        )


def test_the_days_spread_over_forty_and_a_dozen_are_of_the_last_three(notices: list[dict[str, Any]]) -> None:
    ages = Counter(map(age, notices))
    assert (min(ages), max(ages)) == (0, 40)
    assert ages[0] + ages[1] + ages[2] >= 12
    assert 40 <= len(notices) <= 60


def test_nothing_is_taken_before_it_is_published_or_after_the_home_was_made(notices: list[dict[str, Any]]) -> None:
    for notice in notices:
        assert notice["cft_issue_date"] <= notice["fetched"][:10] <= HOME_DAY.isoformat()


WORDS = {
    "decarbonization": "温室効果ガス|地球温暖化|ＬＥＤ照明|省エネルギー",
    "renewables": "太陽光発電|バイオマス発電|小水力発電",
    "digital-health": "電子カルテ|医療情報|病院情報システム",
    "aging-society": "高齢者|介護",
    "education-it-skills": "学習者用端末|ＩＣＴ支援員|リスキリング",
    "digital-transformation": "文書管理システム|ガバメントクラウド|生成ＡＩ|ノートパソコン",
    "regional-revitalization": "移住|ふるさと納税|商店街",
    "smart-city": "都市ＯＳ|３Ｄ都市モデル|スマートシティ",
    "mobility": "オンデマンド交通|電気自動車|自動運転|シェアサイクル",
}


@pytest.mark.parametrize("area", WORDS)
def test_every_focus_area_has_some_notices(notices: list[dict[str, Any]], area: str) -> None:
    assert sum(bool(re.search(WORDS[area], notice["title"])) for notice in notices) >= 3


def test_a_third_is_in_no_area(notices: list[dict[str, Any]]) -> None:
    none = [n["title"] for n in notices if not re.search("|".join(WORDS.values()), n["title"])]
    assert len(notices) / 4 <= len(none) <= len(notices) / 2


@pytest.mark.parametrize(
    "word",
    ["プロポーザル", "発注見通し", "入札結果", "訂正", "中止", "取消", "意見招請", "オープンカウンタ", "ＲＦＩ"],
)
def test_every_kind_of_notice_is_there(notices: list[dict[str, Any]], word: str) -> None:
    assert any(word in notice["title"] for notice in notices)


def test_the_pitfalls_of_the_portal_are_there(notices: list[dict[str, Any]]) -> None:
    addresses = Counter(notice["external_document_uri"] for notice in notices)
    assert addresses["https://www.p-portal.go.jp/pps-web-biz/UAA01/OAA0101"] >= 3
    assert [notice for notice in notices if "prefecture" not in notice]
    assert [notice for notice in notices if "organization" not in notice]
    for mark in ("𠮷", "&#8545;", "ＬＥＤ", "KB"):
        assert [notice for notice in notices if mark in notice["title"]], mark


def test_everything_is_recognisably_invented(notices: list[dict[str, Any]]) -> None:
    for notice in notices:
        assert re.search("見本|みほん|例示|架空", notice.get("organization", "例示"))
        assert notice.get("body", END).endswith(END)
        addresses = [notice["external_document_uri"], *(one["uri"] for one in notice.get("attachments", ()))]
        assert all(re.match(r"https://(example\.jp/|www\.p-portal\.go\.jp/pps-web-biz/UAA01/)", a) for a in addresses)
        text = json.dumps(notice, ensure_ascii=False)
        assert "@" not in text
        assert not re.search(r"0\d{1,3}[-(（－]\d{2,4}[-)）－]\d{4}", text)


def test_a_correction_tells_the_day_of_the_notice_that_it_corrects(notices: list[dict[str, Any]]) -> None:
    (correction,) = [notice for notice in notices if "訂正公告" in notice["title"]]
    assert "令和8年5月24日付けで公告した" in correction["body"]
    (original,) = [
        notice for notice in notices if notice["title"] == correction["title"].removeprefix("【訂正公告】")
    ]
    assert original["cft_issue_date"] == "2026-05-24"


def test_the_stand_in_answers_with_the_whole_set(notices: list[dict[str, Any]], tmp_path: Path) -> None:
    with serve(app(tmp_path)) as base:
        answer = httpx.get(
            f"{base}/www.kkj.go.jp/api/", params={"Query": "NOT 存在しない語", "Count": 1000}, trust_env=False
        )
    document = etree.fromstring(answer.content)
    assert {element.text for element in document.iter("Key")} == {notice["key"] for notice in notices}


@pytest.mark.parametrize(
    ("placeholder", "text"),
    [
        ("{day+20:era}", "令和8年6月20日"),
        ("{day+20:era-wide}", "令和８年６月２０日"),
        ("{day+20:era-short}", "R8.6.20"),
        ("{day+20:iso}", "2026-06-20"),
        ("{day-70:compact}", "20260322"),
        ("{day:year}/{day:month}", "2026/05"),
        ("{day:weekday}", "日"),
        ("{day:fiscal}", "令和8年度"),
        ("{day-70:fiscal-wide}", "令和７年度"),
        ("{day:fiscal-year} {day-70:fiscal-year}", "2026 2025"),
    ],
)
def test_days_in_texts_are_counted_from_the_records_own_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, placeholder: str, text: str
) -> None:
    assert _made(tmp_path, monkeypatch, {"day": -1, "body": [placeholder]}) == {"body": [text]}


def test_a_record_without_its_day_or_with_an_unknown_form_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="record 1: no day or form 'day'"):
        _made(tmp_path, monkeypatch, {"body": ""})
    with pytest.raises(ValueError, match="record 1: no day or form 'julian'"):
        _made(tmp_path, monkeypatch, {"day": 0, "body": "{day:julian}"})


def _made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: dict[str, Any]) -> Any:
    source = tmp_path / "demo" / "one"
    source.mkdir(parents=True, exist_ok=True)
    (source / "notices.jsonl").write_text(json.dumps(record), encoding="utf-8")
    monkeypatch.setattr(module, "DEMO", tmp_path / "demo")
    made = demo_data(date(2026, 6, 1), tmp_path / "out") / "one" / "notices.jsonl"
    return json.loads(made.read_text(encoding="utf-8"))


# Files of values parted by commas: their days are counted from the home's


def _file_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str) -> Path:
    """The only file that is made of one with this name and content."""
    source = tmp_path / "demo" / "one"
    source.mkdir(parents=True)
    (source / name).write_text(content, encoding="utf-8")
    monkeypatch.setattr(module, "DEMO", tmp_path / "demo")
    (made,) = (demo_data(HOME_DAY, tmp_path / "out") / "one").iterdir()
    return made


def test_a_csv_is_dated_from_the_homes_day_and_written_as_portals_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _file_made(tmp_path, monkeypatch, "a.csv", '"見本","{day-3:iso}"\n"{day:fiscal-wide}","1"\n')
    assert made.read_bytes() == '\ufeff"見本","2026-05-29"\r\n"令和８年度","1"\r\n'.encode()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("record_diff_{day-3_compact}.csv", "record_diff_20260529.csv"),
        ("record_all_{day-70_fiscal-year}.csv", "record_all_2025.csv"),
        ("{day_iso}.jsonl", "2026-06-01.jsonl"),
        ("{day-3:compact}.csv", "20260529.csv"),
        ("plain.csv", "plain.csv"),
    ],
)
def test_the_name_of_a_file_may_hold_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, made: str
) -> None:
    assert _file_made(tmp_path, monkeypatch, name, "").name == made


def test_the_files_can_be_checked_out_on_windows_too() -> None:
    files = [path for path in module.DEMO.rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if re.search(r'[<>:"\\|?*]|[. ]$', path.name)] == []


@pytest.mark.parametrize(("name", "content"), [("a.csv", "{day:julian}"), ("{day_julian}.csv", "")])
def test_an_unknown_form_in_a_csv_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    with pytest.raises(ValueError, match=r"\.csv: no form 'julian'"):
        _file_made(tmp_path, monkeypatch, name, content)


@pytest.fixture
def awards(tmp_path: Path) -> dict[str, list[list[str]]]:
    """Name → rows of the award open data in the small set."""
    folder = demo_data(HOME_DAY, tmp_path) / "pportal_awards"
    return {
        path.name: list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines())) for path in folder.iterdir()
    }


def test_the_awards_are_in_the_layout_of_the_portal(awards: dict[str, list[list[str]]]) -> None:
    for name, rows in awards.items():
        file = re.fullmatch(r"successful_bid_record_info_(?:all_(?P<year>20\d\d)|diff_(?P<day>\d{8}))\.csv", name)
        assert file, name
        for case, title, day, price, ministry, method, winner, number in rows:
            assert re.fullmatch(r"\d{19}", case)
            assert 0 <= (HOME_DAY - date.fromisoformat(day)).days <= 40
            assert file["year"] == "2026" or day.replace("-", "") <= file["day"] <= "20260601"
            assert re.fullmatch(r"\d+\.\d\d", price)
            assert ministry in MINISTRIES
            assert method in METHODS
            assert title
            assert winner
            # No registry gives numbers that begin so after their check digit.
            assert number == "" or (cn.is_valid(number) and number[1:5] == "9999")


def test_the_awards_have_what_is_difficult_about_awards(awards: dict[str, list[list[str]]]) -> None:
    rows = [row for rows in awards.values() for row in rows]
    assert 8 <= len({row[0] for row in rows}) <= 15
    assert any(not row[7] for row in rows), "a winner without a number"
    assert any(not row[3].endswith(".00") for row in rows), "a price of a unit"
    winners = Counter(row[0] for row in rows if row[5] == "8002050")
    assert max(winners.values()) > 1, "a case with several winners"
    several = Counter((name, row[0], row[2], row[6]) for name, file in awards.items() for row in file)
    assert max(several.values()) > 1, "a winner with several prices in one case"
    single = {row[0]: row[3] for file in awards.values() for row in file if row[5] != "8002050"}
    assert any(single.get(row[0], row[3]) != row[3] for row in rows), "a price that was corrected"


def test_the_awards_are_recognisably_invented(awards: dict[str, list[list[str]]]) -> None:
    for row in (row for rows in awards.values() for row in rows):
        assert re.search("見本|みほん|例示|架空", row[6])

"""The stand-in of KKJ keeps the portal's contract, over real HTTP on loopback."""

import json
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from lxml import etree

from monitor.serving import serve
from monitor.standins.kkj import Complaint, expression
from monitor.standins.server import Switchboard, app


class Kkj(Protocol):
    client: httpx.Client
    board: Switchboard

    def get(self, **params: str | int) -> httpx.Response: ...


def parsed(answer: httpx.Response) -> etree._Element:
    return etree.fromstring(answer.content, etree.XMLParser(huge_tree=True))


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    """Tag → text of each row."""
    return [{str(child.tag): child.text or "" for child in row} for row in parsed(answer).iter("SearchResult")]


def titles(answer: httpx.Response) -> list[str]:
    return [row["ProjectName"] for row in rows(answer)]


def hits(answer: httpx.Response) -> int:
    return int(parsed(answer).findtext("SearchResults/SearchHits") or "-1")


def complaint(answer: httpx.Response) -> str:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=UTF-8"
    return parsed(answer).findtext("Error") or ""


LED, KARTE, TONER, BRIDGE, PRINT = (
    "市役所LED照明改修工事",
    "電子カルテ更新",
    "トナーの購入",
    "𠮷見本橋の清掃 R&D",
    "印刷",
)
ALL_PREFECTURES = "13,27"


# The request


@pytest.mark.parametrize("params", [{}, {"Query": ""}, {"LG_Code": " "}, {"Category": "1", "Count": "5"}])
def test_one_of_the_four_search_words_is_required(kkj: Kkj, params: dict[str, str]) -> None:
    assert complaint(kkj.get(**params)) == "no searchword"


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"Query": "秋まで"}, [LED]),
        ({"Project_Name": "LED照明"}, [LED]),
        ({"Project_Name": "秋まで"}, []),
        ({"Organization_Name": "例示"}, [KARTE, TONER, BRIDGE]),
        ({"LG_Code": "13"}, [TONER, LED]),
    ],
)
def test_each_of_the_four_search_words_suffices(kkj: Kkj, params: dict[str, str], found: list[str]) -> None:
    assert titles(kkj.get(**params)) == found


def test_all_parameters_are_anded(kkj: Kkj) -> None:
    assert titles(kkj.get(Organization_Name="例示", LG_Code="13", Category="3")) == []
    assert titles(kkj.get(Organization_Name="例示", LG_Code="13", Category="1")) == [TONER]


def test_several_prefectures_may_be_asked_for_at_once(kkj: Kkj) -> None:
    assert titles(kkj.get(LG_Code="13,27")) == [KARTE, TONER, LED, PRINT]


def test_a_prefecture_code_of_one_digit_finds_nothing(kkj: Kkj) -> None:
    answer = kkj.get(LG_Code="1")
    assert (hits(answer), rows(answer)) == (0, [])


@pytest.mark.parametrize(
    ("category", "found"),
    [("1", [TONER]), ("2", [LED]), ("3", [KARTE]), ("4", [KARTE, TONER, LED, PRINT])],
)
def test_a_category_beyond_three_is_ignored_and_a_record_without_one_falls_out(
    kkj: Kkj, category: str, found: list[str]
) -> None:
    assert titles(kkj.get(LG_Code=ALL_PREFECTURES, Category=category)) == found


@pytest.mark.parametrize(("procedure", "found"), [("1", [LED]), ("2", [KARTE]), ("3", [TONER])])
def test_a_procedure_is_found_within_the_free_text(kkj: Kkj, procedure: str, found: list[str]) -> None:
    assert titles(kkj.get(LG_Code=ALL_PREFECTURES, Procedure_Type=procedure)) == found


@pytest.mark.parametrize(("ranks", "found"), [("A", [LED]), ("B,C", [KARTE, LED]), ("D", [])])
def test_one_of_the_ranks_suffices(kkj: Kkj, ranks: str, found: list[str]) -> None:
    assert titles(kkj.get(LG_Code=ALL_PREFECTURES, Certification=ranks)) == found


@pytest.mark.parametrize(
    ("period", "found"),
    [
        ("2026-06-10/2026-06-11", [TONER, LED]),
        ("2026-06-11/", [KARTE, TONER]),
        ("/2026-06-10", [LED, PRINT]),
        ("2026-06-12", [KARTE]),
        ("2026-06-12/2026-06-10", []),
    ],
)
def test_a_period_is_closed_half_open_or_one_day(kkj: Kkj, period: str, found: list[str]) -> None:
    assert titles(kkj.get(LG_Code=ALL_PREFECTURES, CFT_Issue_Date=period)) == found


@pytest.mark.parametrize("period", ["/", "2026-6-1", "2026-02-30", "20260610", "2026-06-10/x", "2026/06/10", "昨日"])
def test_a_period_that_is_no_period_is_a_complaint(kkj: Kkj, period: str) -> None:
    assert complaint(kkj.get(LG_Code="13", CFT_Issue_Date=period)) == "Invalid Date Parameter"


@pytest.mark.parametrize(
    "params",
    [
        {"Tender_Submission_Deadline": "2026-07-01"},
        {"Opening_Tenders_Event": "2026-07-03/2026-07-03"},
        {"Period_End_Time": "2027-01-01/"},
        {"Period_End_Time": "/2099-01-01"},
    ],
)
def test_a_record_without_the_date_falls_out_of_a_refinement_on_it(kkj: Kkj, params: dict[str, str]) -> None:
    assert titles(kkj.get(LG_Code=ALL_PREFECTURES, **params)) == [KARTE]


@pytest.mark.parametrize(
    ("count", "given"), [(None, 10), ("3", 3), ("1000", 1000), ("5000", 1000), ("0", 10), ("-1", 10), ("all", 10)]
)
def test_ten_rows_unless_more_are_asked_for_and_never_more_than_a_thousand(
    kkj: Kkj, count: str | None, given: int
) -> None:
    answer = kkj.get(LG_Code="31") if count is None else kkj.get(LG_Code="31", Count=count)
    assert (len(rows(answer)), hits(answer)) == (given, 1005)


def test_there_is_no_paging(kkj: Kkj) -> None:
    first = kkj.get(LG_Code="31")
    assert kkj.get(LG_Code="31", Start=11, Offset=10, Page=2).content == first.content


def test_parameters_that_the_guide_does_not_know_are_no_search_words(kkj: Kkj) -> None:
    assert complaint(kkj.get(Keyword="工事")) == "no searchword"


# The grammar of Query


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("甲", True),
        ("戊", False),
        ("甲 乙", True),
        ("甲 AND 戊", False),
        ("戊 OR 甲", True),
        ("甲 ANDNOT 戊", True),
        ("甲 ANDNOT 乙", False),
        ("NOT 戊", True),
        ("甲 NOT 乙", False),
        ("NOT 戊 AND 甲", True),
        ("NOT NOT 甲", True),
        ("甲 OR 乙 AND 戊", False),
        ("甲 OR (乙 AND 戊)", True),
        ("(戊 OR 甲)(戊 OR 乙)", True),
        ("NOT (甲 乙)", False),
        ("戊 OR 甲 ANDNOT 乙", False),
        ("甲　乙", False),
        ("甲 or 戊", False),
        ("甲 ＯＲ 戊", False),
    ],
)
def test_not_binds_first_and_the_rest_goes_from_left_to_right(query: str, matches: bool) -> None:
    assert expression(query)("甲と乙") is matches


@pytest.mark.parametrize("query", ["あ", "ア", "ｱ", "工事 OR あ"])
def test_a_single_kana_is_a_complaint(query: str) -> None:
    with pytest.raises(Complaint, match="Only one Kana character in search expression"):
        expression(query)


@pytest.mark.parametrize("query", ["(工事", "工事)", "工事 OR", "AND 工事", "()", "NOT"])
def test_a_broken_expression_is_a_complaint(query: str) -> None:
    with pytest.raises(Complaint, match="internal error"):
        expression(query)


def test_a_query_searches_title_and_text(kkj: Kkj) -> None:
    assert titles(kkj.get(Query="工事")) == [LED, BRIDGE]
    assert titles(kkj.get(Query="工事 ANDNOT (照明 OR 印刷)")) == [BRIDGE]
    assert complaint(kkj.get(Query="あ")) == "Only one Kana character in search expression"


# The answer


def test_the_answer_is_xml_with_version_and_total(kkj: Kkj) -> None:
    answer = kkj.get(LG_Code="13")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=UTF-8"
    assert parsed(answer).findtext("Version") == "1.0"
    assert hits(answer) == 2


def test_rows_come_newest_first_and_are_numbered_in_this_answer(kkj: Kkj) -> None:
    answer = rows(kkj.get(LG_Code="13,27"))
    assert [row["ResultId"] for row in answer] == ["1", "2", "3", "4"]
    assert sorted((row["CftIssueDate"] for row in answer), reverse=True) == [r["CftIssueDate"] for r in answer]
    assert rows(kkj.get(Query="LED"))[0]["ResultId"] == "1"


def test_a_row_has_what_the_record_has(kkj: Kkj) -> None:
    (row,) = rows(kkj.get(Project_Name="LED"))
    del row["Attachments"]
    assert row == {
        "ResultId": "1",
        "Key": "a2V500000001",
        "ExternalDocumentURI": "https://example.jp/1.pdf",
        "ProjectName": LED,
        "Date": "2026-06-10T19:30:00+09:00",
        "FileType": "pdf",
        "LgCode": "13",
        "PrefectureName": "東京都",
        "CityName": "見本市",
        "OrganizationName": "東京都見本市",
        "CftIssueDate": "2026-06-10T00:00:00+09:00",
        "Category": "工事",
        "ProcedureType": "条件付き一般競争入札",
        "Certification": "A B",
        "Location": "見本市役所",
        "ProjectDescription": "次のとおり入札に付します。\n工期は秋まで。",
    }


def test_what_the_record_lacks_is_left_out(kkj: Kkj) -> None:
    (row,) = rows(kkj.get(Project_Name="印刷"))
    assert set(row) == {
        "ResultId",
        "Key",
        "ExternalDocumentURI",
        "ProjectName",
        "Date",
        "FileType",
        "LgCode",
        "PrefectureName",
        "CftIssueDate",
    }


def test_attachments_have_name_and_address(kkj: Kkj) -> None:
    attachments = parsed(kkj.get(Project_Name="LED")).iterfind(".//Attachments/Attachment")
    assert [(one.findtext("Name"), one.findtext("Uri")) for one in attachments] == [
        ("仕様書 <1>", "https://example.jp/a.pdf?x=1&y=2"),
        ("図面", "https://example.jp/b.pdf"),
    ]


def test_dates_are_written_with_the_offset_of_japan(kkj: Kkj) -> None:
    (karte,) = rows(kkj.get(Query="カルテ"))
    assert karte["CftIssueDate"] == "2026-06-12T00:00:00+09:00"
    assert karte["TenderSubmissionDeadline"] == "2026-07-01T00:00:00+09:00"
    assert karte["OpeningTendersEvent"] == "2026-07-03T10:00:00+09:00"
    (bridge,) = rows(kkj.get(Query="清掃"))
    assert bridge["Date"] == "2026-06-10T00:00:00+09:00"


def test_an_address_without_a_telling_end_is_a_page(kkj: Kkj) -> None:
    assert rows(kkj.get(Query="カルテ"))[0]["FileType"] == "html"


def test_key_and_address_stand_in_cdata(kkj: Kkj) -> None:
    answer = kkj.get(Project_Name="LED").text
    assert "<Key><![CDATA[a2V500000001]]></Key>" in answer
    assert "<ExternalDocumentURI><![CDATA[https://example.jp/1.pdf]]></ExternalDocumentURI>" in answer


def test_the_order_of_tags_differs_between_records_and_never_for_one(kkj: Kkj) -> None:
    def orders() -> list[list[str]]:
        return [[str(child.tag) for child in row] for row in parsed(kkj.get(LG_Code="31")).iter("SearchResult")]

    assert orders() == orders()
    assert len({tuple(order) for order in orders()}) > 5


def test_markup_in_a_title_is_escaped_and_rare_characters_are_kept(kkj: Kkj) -> None:
    assert titles(kkj.get(Project_Name="R&D")) == [BRIDGE]


def test_no_hits_is_a_sound_answer(kkj: Kkj) -> None:
    answer = kkj.get(Query="存在しない言葉")
    assert (answer.status_code, hits(answer), rows(answer)) == (200, 0, [])


def test_the_notice_page_shows_title_and_text(kkj: Kkj) -> None:
    page = kkj.client.get("/www.kkj.go.jp/d/", params={"D": "a2V500000004", "L": "ja"})
    assert page.status_code == 200
    assert "𠮷見本橋の清掃 R&amp;D" in page.text
    assert "𠮷と工事" in page.text
    assert kkj.client.get("/www.kkj.go.jp/d/", params={"D": "none"}).status_code == 404


def test_a_portal_without_records_answers_zero(records: Path) -> None:
    with serve(app(records)) as base:
        assert hits(httpx.get(f"{base}/www.kkj.go.jp/api/", params={"LG_Code": "13"}, trust_env=False)) == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: is not JSON"),
        ("[1]", "line 2: is no JSON object"),
        ('{"key": "k"}', "line 2: lacks title"),
        ('{"key": "k", "title": "t"}', "k: neither cft_issue_date nor fetched"),
    ],
)
def test_a_record_that_cannot_be_read_is_named_at_the_start(records: Path, line: str, message: str) -> None:
    (records / "kkj").mkdir()
    good = json.dumps({"key": "a", "title": "b", "fetched": "2026-06-01"})
    (records / "kkj" / "notices.jsonl").write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        app(records)


SAMPLES = Path(__file__).parents[4] / "shared" / "samples"


@pytest.mark.skipif(not (SAMPLES / "kkj" / "notices.jsonl").exists(), reason="the samples lie beside the project")
def test_every_sample_is_answered_just_as_it_is() -> None:
    lines = (SAMPLES / "kkj" / "notices.jsonl").read_text(encoding="utf-8").splitlines()
    samples = {sample["key"]: sample for sample in map(json.loads, lines)}
    with serve(app(SAMPLES)) as base, httpx.Client(base_url=base, trust_env=False) as client:
        answer = client.get("/www.kkj.go.jp/api/", params={"Query": "NOT ありえない語", "Count": 1000})
        assert hits(answer) == len(samples)
        given = rows(answer)
    assert len(given) == 1000
    for row in given:
        sample = samples[row["Key"]]
        assert row["ProjectName"] == sample["title"]
        assert row.get("OrganizationName") == sample.get("organization")
        assert row.get("LgCode") == sample.get("lg_code")
        assert row["CftIssueDate"][:10] == sample["cft_issue_date"][:10]
        assert row.get("ProjectDescription") == sample.get("body")


# The switches


def test_the_cap_can_be_lowered_and_the_total_stays_true(kkj: Kkj) -> None:
    kkj.board.turn(cap=2)
    answer = kkj.get(LG_Code="13,27", Count=1000)
    assert (titles(answer), hits(answer)) == ([KARTE, TONER], 4)


def test_an_error_text_can_be_put_in_the_portals_own_form(kkj: Kkj) -> None:
    kkj.board.turn(error_body="search disabled")
    assert complaint(kkj.get(LG_Code="13")) == "search disabled"


def test_cesu8_breaks_a_strict_parser_for_the_whole_answer(kkj: Kkj) -> None:
    kkj.board.turn(cesu8=True)
    answer = kkj.get(Query="清掃 OR 照明")
    assert "𠮷".encode() not in answer.content
    assert b"\xed\xa1\x82\xed\xbe\xb7" in answer.content
    with pytest.raises(etree.XMLSyntaxError):
        parsed(answer)
    halves = answer.content.decode("utf-8", "surrogatepass")
    joined = halves.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    assert BRIDGE.replace("&", "&amp;") in joined
    with pytest.raises(UnicodeDecodeError, match="illegal UTF-16 surrogate"):
        halves.encode("utf-16", "surrogatepass").decode("utf-16")


def test_control_characters_break_a_strict_parser(kkj: Kkj) -> None:
    kkj.board.turn(control_characters=True)
    answer = kkj.get(Project_Name="LED")
    assert f"{LED}\x0b" in answer.text
    assert "&#31;" in answer.text
    with pytest.raises(etree.XMLSyntaxError):
        parsed(answer)


@pytest.mark.parametrize("size", [1, 1_000, 5_000_001])
def test_the_first_row_can_have_a_text_of_any_size(kkj: Kkj, size: int) -> None:
    kkj.board.turn(huge_text_bytes=size)
    answer = kkj.get(LG_Code="13")
    toner, led = rows(answer)
    assert len(toner["ProjectDescription"].encode()) == size
    assert led["ProjectDescription"].startswith("次のとおり")
    assert "content-length" not in answer.headers


def test_a_client_may_leave_in_the_midst_of_a_huge_text(kkj: Kkj) -> None:
    kkj.board.turn(huge_text_bytes=157_000_000)
    with kkj.client.stream("GET", "/www.kkj.go.jp/api/", params={"LG_Code": "13"}) as answer:
        next(answer.iter_bytes())
    kkj.board.turn(huge_text_bytes=0)
    assert titles(kkj.get(LG_Code="13")) == [TONER, LED]


def test_optional_tags_can_be_missing_or_empty_but_never_those_that_are_always_there(kkj: Kkj) -> None:
    kkj.board.turn(missing_tags=True)
    answer = rows(kkj.get(LG_Code="31", Count=100))
    assert {frozenset(row) & {"LgCode", "PrefectureName"} for row in answer} >= {
        frozenset(),
        frozenset({"LgCode", "PrefectureName"}),
    }
    assert {row["LgCode"] for row in answer if "LgCode" in row} == {"31", ""}
    assert all(row["Key"] and row["ProjectName"] and row["Date"] and row["CftIssueDate"] for row in answer)
    assert rows(kkj.get(LG_Code="31", Count=100)) == answer


def test_one_title_can_have_raw_entities(kkj: Kkj) -> None:
    kkj.board.turn(html_entities=True)
    answer = kkj.get(LG_Code="13")
    assert f"<ProjectName>{TONER}&nbsp;R&D</ProjectName>" in answer.text
    assert answer.text.count("&nbsp;") == 1
    with pytest.raises(etree.XMLSyntaxError):
        parsed(answer)


def test_a_row_can_come_twice(kkj: Kkj) -> None:
    kkj.board.turn(duplicate_rows=True)
    answer = kkj.get(LG_Code="13")
    assert (titles(answer), hits(answer)) == ([TONER, TONER, LED], 3)


def test_the_total_can_be_larger_than_what_is_there(kkj: Kkj) -> None:
    kkj.board.turn(wrong_hits=7)
    answer = kkj.get(LG_Code="13")
    assert (titles(answer), hits(answer)) == ([TONER, LED], 9)


def test_the_answer_can_be_empty_whatever_is_asked(kkj: Kkj) -> None:
    kkj.board.turn(empty=True)
    answer = kkj.get(LG_Code="13")
    assert (rows(answer), hits(answer)) == ([], 0)


def test_with_all_switches_off_again_the_answer_is_as_before(kkj: Kkj) -> None:
    before = kkj.get(LG_Code="13,27").content
    kkj.board.turn(cesu8=True, control_characters=True, html_entities=True, missing_tags=True, huge_text_bytes=50)
    assert kkj.get(LG_Code="13,27").content != before
    kkj.board.reset()
    assert kkj.get(LG_Code="13,27").content == before

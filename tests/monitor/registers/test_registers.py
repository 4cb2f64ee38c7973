"""Asking registers for companies: against a server on loopback that speaks as they do."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID
from xml.sax.saxutils import escape

import pytest
from sqlalchemy import select

from db import awards
from db.award import Supplier
from db.bulk import table
from db.companies import Registered
from db.engine import Database
from db.vocabulary.award import ScrapedAward
from monitor.registers import Register, RegisterSettings
from monitor.registers.gbizinfo import GBizInfo
from monitor.registers.houjin_bangou import HoujinBangou
from monitor.registers.rounds import HOLDS, look_up_due, register_of
from scrapers.errors import FetchError, ScrapeError, SourceChanged
from scrapers.fetch import HttpFetcher, NetworkSettings
from scrapers.source import Fetch

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ID, TOKEN = "Kmihon0000001", "mihon-token"
TOKYO, ABROAD, BRANCH, NOBODY = "8999900000001", "7000012050002", "9010401127151", "3120001253929"

COMPANIES = {
    TOKYO: {
        "kind": "301",
        "prefectureName": "東京都",
        "cityName": "千代田区",
        "prefectureCode": "13",
        "name": "見本＆例示株式会社",
    },
    ABROAD: {"kind": "499", "prefectureCode": "99", "addressOutside": "1 Example Street", "enName": "Example & Co."},
    BRANCH: {"kind": "401", "prefectureName": "大阪府", "cityName": "大阪市北区", "prefectureCode": "27"},
}
FIELDS = ("kind", "name", "prefectureName", "cityName", "prefectureCode", "addressOutside", "enName")


def corporations(numbers: list[str]) -> bytes:
    """An answer in the register's own form: what is not known of a company is an empty element."""
    found = [number for number in numbers if number in COMPANIES]
    listed = "".join(
        f"<corporation><sequenceNumber>{place}</sequenceNumber><corporateNumber>{number}</corporateNumber>"
        + "".join(
            f"<{name}>{escape(COMPANIES[number][name])}</{name}>" if name in COMPANIES[number] else f"<{name}/>"
            for name in FIELDS
        )
        + "<closeDate/><latest>1</latest></corporation>"
        for place, number in enumerate(found, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><corporations><lastUpdateDate>2026-05-29</lastUpdateDate>'
        f"<count>{len(found)}</count><divideNumber>1</divideNumber><divideSize>1</divideSize>{listed}</corporations>"
    ).encode()


@dataclass
class Registers:
    """Both registers on one port; ``says`` overrides what is answered, as status and body."""

    base: str = ""
    asked: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    says: Callable[[list[str]], tuple[int, bytes] | None] = lambda numbers: None

    def answer(self, path: str, params: dict[str, str], token: str) -> tuple[int, bytes]:
        if path == "/robots.txt":
            return 404, b""
        self.asked.append((path, params, token))
        numbers = params["number"].split(",") if "number" in params else [path.rpartition("/")[2]]
        if (said := self.says(numbers)) is not None:
            return said
        if path == "/4/num":
            return (200, corporations(numbers)) if params["id"] == ID else (404, b"")
        if token != TOKEN:
            return 401, b'{"message": "401 - Unauthorized."}'
        if numbers[0] not in COMPANIES:
            return 404, b'{"hojin-infos": null, "message": "404 - Not Found."}'
        company = COMPANIES[numbers[0]]
        seat = company.get("prefectureName", "") + company.get("cityName", "")
        one = {"corporate_number": numbers[0], "location": seat, "name_en": company.get("enName"), "status": "-"}
        return 200, json.dumps({"hojin-infos": [one], "message": "200 - OK."}).encode()


@pytest.fixture
def registers() -> Iterator[Registers]:
    found = Registers()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            params = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, body = found.answer(parts.path, params, self.headers.get("X-hojinInfo-api-token", ""))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        found.base = f"http://127.0.0.1:{server.server_port}"
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def fetching(*, retries: int = 0) -> Iterator[Fetch]:
    settings = NetworkSettings("japan-tender-monitor/0.1", retries=retries, allow_loopback=True)
    with HttpFetcher(settings, clock=lambda: NOW, sleep=lambda seconds: None, rng=random.Random(1)) as fetcher:
        yield fetcher.for_source(0, 1 << 20)


@pytest.fixture
def houjin_bangou(registers: Registers) -> Iterator[HoujinBangou]:
    with fetching() as fetch:
        yield HoujinBangou(fetch, ID, address=registers.base)


@pytest.fixture
def gbizinfo(registers: Registers) -> Iterator[GBizInfo]:
    with fetching() as fetch:
        yield GBizInfo(fetch, TOKEN, address=registers.base)


# The register of corporate numbers --------------------------------------------------------------------------


def test_a_call_asks_for_several_companies_and_tells_who_is_from_abroad(
    registers: Registers, houjin_bangou: HoujinBangou
) -> None:
    assert houjin_bangou.look_up([TOKYO, ABROAD, BRANCH, NOBODY]) == {
        TOKYO: Registered(abroad=False, prefecture="東京都", city="千代田区"),
        ABROAD: Registered(abroad=True, name_en="Example & Co."),
        BRANCH: Registered(abroad=True, prefecture="大阪府", city="大阪市北区"),
        NOBODY: None,
    }
    ((path, params, _),) = registers.asked
    assert path == "/4/num"
    assert params == {"id": ID, "number": f"{TOKYO},{ABROAD},{BRANCH},{NOBODY}", "type": "12", "history": "0"}


def test_an_error_of_the_register_is_told_with_its_code_and_without_the_id(
    registers: Registers, houjin_bangou: HoujinBangou
) -> None:
    registers.says = lambda numbers: (200, "030,法人番号の件数が上限を超えています\r\n".encode())
    with pytest.raises(FetchError, match="refused with error 030") as raised:
        houjin_bangou.look_up([TOKYO])
    assert "上限" in str(raised.value)
    assert ID not in str(raised.value)


@pytest.mark.parametrize("status", [403, 404])
def test_an_id_that_is_not_known_names_the_key_of_the_configuration(
    registers: Registers, houjin_bangou: HoujinBangou, status: int
) -> None:
    registers.says = lambda numbers: (status, b"")
    with pytest.raises(FetchError, match="correct houjin_bangou_id") as raised:
        houjin_bangou.look_up([TOKYO])
    assert ID not in str(raised.value)


def test_a_number_that_the_register_takes_for_none_does_not_hold_up_the_others(
    registers: Registers, houjin_bangou: HoujinBangou
) -> None:
    registers.says = lambda numbers: (400, b"011,x") if NOBODY in numbers else None
    found = houjin_bangou.look_up([NOBODY, TOKYO])
    assert (found[NOBODY], found[TOKYO]) == (None, Registered(abroad=False, prefecture="東京都", city="千代田区"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>maintenance</body></html>",
        b"<corporations><corporation>",
        "ただいまメンテナンス中".encode(),
    ],
)
def test_whatever_else_is_answered_is_no_answer(
    registers: Registers, houjin_bangou: HoujinBangou, body: bytes
) -> None:
    registers.says = lambda numbers: (200, body)
    with pytest.raises(SourceChanged):
        houjin_bangou.look_up([TOKYO])


# gBizINFO -----------------------------------------------------------------------------------------------------


def test_gbizinfo_knows_seats_and_names_and_not_where_a_company_is_registered(gbizinfo: GBizInfo) -> None:
    assert gbizinfo.look_up([TOKYO, ABROAD, NOBODY]) == {
        TOKYO: Registered(prefecture="東京都"),
        ABROAD: Registered(name_en="Example & Co."),
        NOBODY: None,
    }


def test_a_token_that_is_not_accepted_names_the_key_of_the_configuration(registers: Registers) -> None:
    with fetching() as fetch, pytest.raises(FetchError, match="correct gbizinfo_token"):
        GBizInfo(fetch, "another", address=registers.base).look_up([TOKYO])


def test_gbizinfo_answering_something_else_is_no_answer(registers: Registers, gbizinfo: GBizInfo) -> None:
    registers.says = lambda numbers: (200, b"<html>")
    with pytest.raises(SourceChanged):
        gbizinfo.look_up([TOKYO])


# A round --------------------------------------------------------------------------------------------------------


def test_the_register_of_numbers_comes_first_and_without_a_key_none_is_asked() -> None:
    with fetching() as fetch:
        assert register_of(RegisterSettings(), fetch) is None
        assert isinstance(register_of(RegisterSettings("id", "token"), fetch), HoujinBangou)
        assert isinstance(register_of(RegisterSettings("", "token"), fetch), GBizInfo)


def won(database: Database, *numbers: str) -> None:
    found = [
        ScrapedAward(
            source="pportal_awards",
            key=number,
            title="庁舎清掃業務",
            date=date(2026, 4, 1),
            published=date(2026, 5, 1),
            supplier=f"見本{number}株式会社",
            corporate_number=number,
        )
        for number in numbers
    ]
    database.write(lambda session: awards.record(session, found, run_id=UUID(int=1), now=NOW))


def abroad(database: Database) -> dict[str, bool | None]:
    supplier = table(Supplier)
    with database.reading() as session:
        rows = session.connection().execute(select(supplier.c.number, supplier.c.abroad))
        return {row.number: row.abroad for row in rows}


class Refusing:
    """A register that answers some calls and then no more."""

    name, at_once = "refusing", 2

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def look_up(self, numbers: Any) -> dict[str, Registered | None]:
        self.calls -= 1
        if self.calls < 0:
            raise ScrapeError("refusing: no more")
        return {number: Registered(abroad=False) for number in numbers}


def test_a_round_asks_for_who_is_due_and_the_next_one_asks_for_nobody_again(
    database: Database, registers: Registers, houjin_bangou: HoujinBangou
) -> None:
    won(database, TOKYO, ABROAD, NOBODY)
    done = look_up_due(database, houjin_bangou, clock=lambda: NOW)
    assert (done.asked, done.known, done.stopped) == (3, 2, None)
    assert abroad(database) == {TOKYO: False, ABROAD: True, NOBODY: None}
    assert look_up_due(database, houjin_bangou, clock=lambda: NOW).asked == 0
    assert look_up_due(database, houjin_bangou, clock=lambda: NOW + HOLDS + timedelta(days=1)).asked == 3
    assert len(registers.asked) == 2


def test_a_register_that_refuses_ends_the_round_and_what_it_had_said_is_kept(database: Database) -> None:
    won(database, TOKYO, ABROAD, BRANCH)
    register: Register = Refusing(1)
    done = look_up_due(database, register, clock=lambda: NOW)
    assert (done.asked, str(done.stopped)) == (2, "refusing: no more")
    assert sorted(map(str, abroad(database).values())) == ["False", "False", "None"]


def test_a_round_has_a_limit_and_ends_with_the_program(database: Database) -> None:
    won(database, TOKYO, ABROAD, BRANCH)
    assert look_up_due(database, Refusing(9), clock=lambda: NOW, stopping=lambda: True).asked == 0
    assert look_up_due(database, Refusing(9), clock=lambda: NOW, most=1).asked == 1

"""English titles from a service: both formats over the wire, what is kept, what is paid for, and what may fail."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.pool import QueuePool
from sqlmodel import Session, select

from db import notices, tenders, translations
from db.engine import Database
from db.errors import Busy
from db.notices import ReadNotice
from db.tender import Tender, TenderEvent
from db.translation import Translation
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.reading import AreaScore, EnglishOrigin, Evidence, Identity, Place, Reading
from monitor import translation
from monitor.pipeline import composed
from monitor.translation import (
    DeepL,
    LibreTranslate,
    Outcome,
    TranslationError,
    TranslationSettings,
    Translator,
    translate_due,
    translator,
)

NOW = datetime(2026, 4, 10, 6, tzinfo=TOKYO)
RUN = UUID(int=7)
KEY = "0b7e5d1c-made-up"
STATION, ROAD = "水素ステーション整備工事", "道路工事"
MORE_THAN_ENOUGH = TranslationSettings("deepl", key=KEY)


# --- A service on the loopback --------------------------------------------------------------------


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Behaviour = Answer | Callable[[Any], object]


class Service:
    """Answers requests with what a test says, in turn; then as DeepL and LibreTranslate do, each text in capitals."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: list[Behaviour] = []
        self.over = threading.Event()
        self.slept: list[float] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                service.asked.append(Asked(self.path, headers, body))
                behaviour = service.answers.pop(0) if service.answers else usual(body)
                if not isinstance(behaviour, Answer):
                    behaviour(self)
                    return
                self.send_response(behaviour.status)
                self.send_header("content-length", str(len(behaviour.body)))
                for name, value in behaviour.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(OSError):  # the client may have had enough
                    self.wfile.write(behaviour.body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def settings(self, name: str, **more: Any) -> TranslationSettings:
        return TranslationSettings(**({"service": name, "address": self.address, "key": KEY} | more))

    def deepl(self, **more: Any) -> DeepL:
        return DeepL(self.settings("deepl"), sleep=self.slept.append, **more)

    def libretranslate(self, **more: Any) -> LibreTranslate:
        return LibreTranslate(self.settings("libretranslate", **more), sleep=self.slept.append)

    def both(self) -> list[Translator]:
        return [self.deepl(), self.libretranslate()]


def usual(body: Any) -> Answer:
    if "text" in body:
        return said(
            {"translations": [{"detected_source_language": "JA", "text": f"EN {one}"} for one in body["text"]]}
        )
    return said({"translatedText": [f"EN {one}" for one in body["q"]]})


def said(body: object, status: int = 200, **headers: str) -> Answer:
    return Answer(json.dumps(body).encode(), status, headers)


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    thread = threading.Thread(target=service.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.over.set()
        service.server.shutdown()
        service.server.server_close()
        thread.join(5)


def refused(translator: Translator, *texts: str) -> TranslationError:
    with pytest.raises(TranslationError) as told:
        translator.translate(texts or (STATION,))
    line = str(told.value)
    assert "\n" not in line
    assert KEY not in line
    return told.value


def test_deepl_is_asked_in_its_format_with_the_key_in_the_header(service: Service) -> None:
    assert service.deepl().translate([STATION, ROAD]) == [f"EN {STATION}", f"EN {ROAD}"]
    (asked,) = service.asked
    assert asked.path == "/v2/translate"
    assert asked.headers["authorization"] == f"DeepL-Auth-Key {KEY}"
    assert asked.headers["content-type"] == "application/json"
    assert asked.body == {"text": [STATION, ROAD], "source_lang": "JA", "target_lang": "EN-GB"}


def test_libretranslate_is_asked_in_its_format_with_the_key_in_the_body(service: Service) -> None:
    assert service.libretranslate().translate([STATION, ROAD]) == [f"EN {STATION}", f"EN {ROAD}"]
    (asked,) = service.asked
    assert asked.path == "/translate"
    assert asked.body == {"q": [STATION, ROAD], "source": "ja", "target": "en", "format": "text", "api_key": KEY}


def test_a_libretranslate_of_ones_own_needs_no_key(service: Service) -> None:
    service.libretranslate(key="").translate([STATION])
    assert service.asked[0].body == {"q": [STATION], "source": "ja", "target": "en", "format": "text"}


def test_a_libretranslate_that_answers_one_title_with_one_text_is_understood(service: Service) -> None:
    service.answers = [said({"translatedText": "Hydrogen station works"})]
    assert service.libretranslate().translate([STATION]) == ["Hydrogen station works"]


@pytest.mark.parametrize(
    ("key", "host"),
    [("0b7e5d1c:fx", "api-free.deepl.com"), ("0b7e5d1c:fx\n", "api-free.deepl.com"), (KEY, "api.deepl.com")],
)
def test_the_key_tells_which_host_of_deepl_is_asked(key: str, host: str) -> None:
    assert DeepL(TranslationSettings("deepl", key=key)).address == f"https://{host}"


def test_no_request_has_more_titles_or_bytes_than_the_service_takes(service: Service) -> None:
    titles = [f"{number}号線{'長' * (number % 5 * 400)}工事" for number in range(120)]
    for one in service.both():
        assert one.translate(titles) == [f"EN {title}" for title in titles]
    for asked in service.asked:
        texts, size = asked.body.get("text") or asked.body["q"], int(asked.headers["content-length"])
        assert (
            (len(texts) <= 50 and size <= 128 << 10) if "text" in asked.body else (len(texts) <= 10 and size <= 7_000)
        )


def test_a_settings_file_without_a_service_translates_nothing() -> None:
    assert translator(TranslationSettings()) is None


def test_the_settings_name_the_service(service: Service) -> None:
    for name, kind in (("deepl", DeepL), ("libretranslate", LibreTranslate)):
        assert type(translator(service.settings(name))) is kind
    with pytest.raises(TranslationError, match="babelfish is not known; write deepl or libretranslate"):
        translator(TranslationSettings("babelfish"))


def test_settings_that_are_printed_do_not_show_the_key() -> None:
    assert KEY not in repr(MORE_THAN_ENOUGH)


# --- What may go wrong over the wire --------------------------------------------------------------


def test_too_many_requests_are_followed_by_one_more_after_the_pause_that_the_service_asks_for(
    service: Service,
) -> None:
    service.answers = [Answer(status=429, headers={"retry-after": "7"})]
    assert service.deepl().translate([ROAD]) == [f"EN {ROAD}"]
    assert (service.slept, len(service.asked)) == ([7.0], 2)


def test_a_service_that_is_busy_twice_is_left_alone(service: Service) -> None:
    service.answers = [Answer(status=429), Answer(status=429), Answer(status=429)]
    error = refused(service.deepl())
    assert "127.0.0.1: asks for fewer requests; the next round goes on" in str(error)
    assert (service.slept, len(service.asked), error.of_texts) == ([5.0], 2, False)


def test_nobody_waits_for_an_hour(service: Service) -> None:
    service.answers = [Answer(status=429, headers={"retry-after": "3600"})]
    refused(service.libretranslate())
    assert (service.slept, len(service.asked)) == ([], 1)


@pytest.mark.parametrize(
    ("name", "answer", "says", "tries", "of_texts"),
    [
        ("deepl", Answer(status=456), "the quota of this month is used up; translating goes on", 1, False),
        ("deepl", Answer(status=403), "refuses the key (Forbidden); correct [translation] key", 1, False),
        ("libretranslate", said({"error": "Invalid API key"}, 403), "refuses the key (Invalid API key)", 1, False),
        ("libretranslate", said({"error": f"no {KEY}\nhere"}, 403), "refuses the key (no … here)", 1, False),
        (
            "libretranslate",
            said({"error": "ja is not supported"}, 400),
            "answered 400 (ja is not supported)",
            1,
            True,
        ),
        ("libretranslate", said({"error": "Cannot translate text"}, 500), "500 (Cannot translate text)", 2, True),
        ("deepl", said({"message": "Too long"}, 413), "answered 413 (Too long); check [translation]", 1, True),
        ("deepl", Answer(b"<html>busy", 503), "answered 503 (Service Unavailable)", 2, False),
        ("deepl", Answer(status=529), "answered 529 (no reason given)", 2, False),
        ("deepl", Answer(status=301, headers={"location": "/"}), "answered 301 (Moved Permanently)", 1, False),
        ("deepl", Answer(b"<html>hello"), "answered with something else than translations", 1, True),
        ("deepl", Answer(b""), "answered with something else than translations", 1, True),
        ("deepl", Answer(b"\xff\xfe"), "answered with something else than translations", 1, True),
        ("deepl", said({"translations": [{"text": 5}]}), "something else than translations", 1, True),
        ("deepl", said({"translations": []}), "gave 0 translations for 1 titles; none of them was kept", 1, True),
        ("libretranslate", said({"translatedText": ["a", "b"]}), "gave 2 translations for 1 titles", 1, True),
        ("libretranslate", said({"error": "odd"}), "something else than translations", 1, True),
        ("libretranslate", Answer(b'{"translatedText":["\\ud83d"]}'), "something else than translations", 1, True),
        ("deepl", Answer(b" " * (5 << 20)), "longer than any translation", 1, False),
    ],
)
def test_a_refusal_is_told_in_one_line_with_the_host_and_the_remedy(
    service: Service, name: str, answer: Answer, says: str, tries: int, of_texts: bool
) -> None:
    service.answers = [answer, answer]
    error = refused(service.deepl() if name == "deepl" else service.libretranslate())
    assert str(error).startswith("127.0.0.1: ")
    assert says in str(error)
    assert (len(service.asked), error.of_texts) == (tries, of_texts)


def test_a_service_that_keeps_silent_is_given_up_and_not_asked_twice_for_it_may_count_twice(service: Service) -> None:
    service.answers = [lambda handler: service.over.wait(10)]
    error = refused(service.deepl(seconds=0.2))
    assert str(error) == "127.0.0.1: no whole answer within 0.2 s; the next round goes on"
    assert (len(service.asked), service.slept) == (1, [])


def test_a_service_whose_answer_drips_is_given_up(service: Service) -> None:
    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        with suppress(OSError):
            while not service.over.wait(0.05):
                handler.wfile.write(b" ")

    service.answers = [drip]
    assert "no whole answer within 0.2 s" in str(refused(service.deepl(seconds=0.2)))


def test_a_service_that_breaks_off_is_told(service: Service) -> None:
    service.answers = [Answer(b"{", headers={"content-length": "100"})]
    assert "could not be asked" in str(refused(service.deepl()))


def test_a_service_that_does_not_run_is_tried_twice_and_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    slept: list[float] = []
    settings = TranslationSettings("libretranslate", f"http://127.0.0.1:{port}")
    error = refused(LibreTranslate(settings, sleep=slept.append))
    assert str(error).startswith("127.0.0.1: cannot be reached (")
    assert str(error).endswith("; start it, or correct [translation] address")
    assert slept == [5.0]


@pytest.mark.parametrize("address", ["127.0.0.1:5000", "ftp://example.jp", "http://[", "http://\u3000.example"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    settings = TranslationSettings("libretranslate", address)
    assert "[translation] address" in str(refused(LibreTranslate(settings, sleep=lambda seconds: None)))


@pytest.mark.parametrize("key", ["", " ", "鍵", "two words", "two\nlines"])
def test_a_key_that_no_header_can_carry_is_told_and_not_shown(key: str) -> None:
    error = refused(DeepL(TranslationSettings("deepl", "http://127.0.0.1:1", key)))
    assert str(error) == "[translation] key: is empty or has other than plain letters; copy it again"


# --- A round --------------------------------------------------------------------------------------


@dataclass
class Fake:
    """A service in the process: each text with EN before it, unless a test has something else for it."""

    database: Database | None = None
    service: str = "deepl"
    asked: list[list[str]] = field(default_factory=list)
    english: dict[str, str] = field(default_factory=dict)
    fails: dict[str, Exception] = field(default_factory=dict)
    fewer: int = 0

    def translate(self, texts: Sequence[str]) -> list[str]:
        if self.database is not None:
            pool = self.database.engine.pool
            assert isinstance(pool, QueuePool)
            assert pool.checkedout() == 0, "a connection is held while the service is asked"
        self.asked.append(list(texts))
        for text in texts:
            if text in self.fails:
                raise self.fails[text]
        return [self.english.get(text, f"EN {text}") for text in texts][: len(texts) - self.fewer]

    @property
    def titles(self) -> list[str]:
        return [text for some in self.asked for text in some]


@dataclass
class World:
    """A record with tenders in it, and rounds of translating them."""

    database: Database
    fake: Fake
    now: datetime = NOW

    def publish(self, key: str, title: str, *areas: str, gist: str = "", day: int = 8, **more: Any) -> UUID:
        """A notice as a source gives it, read, and composed to a tender of its own."""
        url = f"https://example.jp/{key}"
        notice = ScrapedNotice(
            source="kkj", key=key, title=title, kind=NoticeKind.TENDER, published=date(2026, 4, day), url=url, **more
        )
        id = notice_id("kkj", key)
        scores = tuple(AreaScore(one, 1.0, (Evidence("水素", "hydrogen", Place.TITLE, 1.0),)) for one in areas)
        identity = Identity("kkj", NoticeKind.TENDER, notice.published)
        reading = Reading(scores, gist=gist, identity=identity)

        def work(session: Session) -> None:
            (recorded,) = notices.record(session, [notice], run_id=RUN, now=self.now)
            notices.store_readings(session, {(id, recorded.version): reading}, revision="1", now=self.now)
            alone = ReadNotice(id, id, recorded.version, notice, reading)
            tender = composed(session, {id: alone})
            tenders.store(session, tender, run_id=RUN, now=self.now, alerts=lambda change: True)

        self.database.write(work)
        return id

    def round(self, settings: TranslationSettings = MORE_THAN_ENOUGH, **more: Any) -> Outcome:
        return translate_due(self.database, self.fake, settings, clock=lambda: self.now, **more)

    def tender(self, id: UUID) -> Tender:
        with self.database.reading() as session:
            return session.get_one(Tender, id)

    def english(self, id: UUID) -> tuple[str | None, str | None]:
        tender = self.tender(id)
        return tender.title_en, tender.title_en_origin

    def count(self, model: type[Any]) -> int:
        with self.database.reading() as session:
            return len(session.exec(select(model)).all())


@pytest.fixture
def world(database: Database) -> World:
    return World(database, Fake(database))


@pytest.fixture
def embedded(opened: Callable[[str], Database], sqlite_template: Any, tmp_path: Any) -> World:
    """On SQLite alone, for what has nothing to do with the database."""
    path = tmp_path / "monitor.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = opened(f"sqlite:///{path}")
    return World(database, Fake(database))


def test_a_title_with_a_gist_gets_a_translation_and_says_so(world: World) -> None:
    id = world.publish("1", STATION, "renewables", gist="Hydrogen station: works")
    assert world.english(id) == ("Hydrogen station: works", EnglishOrigin.GIST)
    assert world.round() == Outcome(1, len(STATION))
    assert world.english(id) == (f"EN {STATION}", EnglishOrigin.MACHINE)


def test_a_translation_is_no_event_and_moves_nothing_else(world: World) -> None:
    id = world.publish("1", STATION, "renewables")
    before = world.tender(id)
    world.now += timedelta(hours=1)
    world.round()
    after = world.tender(id)
    assert (after.sequence, after.updated_at) == (before.sequence, before.updated_at)
    assert world.count(TenderEvent) == 1
    with world.database.reading() as session:
        assert [found.area for found in tenders.areas_of(session, [id])[id]] == ["renewables"]


def test_what_is_published_again_after_it_was_translated_stays_translated_and_is_no_event(world: World) -> None:
    id = world.publish("1", STATION, "renewables")
    world.round()
    world.publish("1", STATION, "renewables")
    assert world.english(id) == (f"EN {STATION}", EnglishOrigin.MACHINE)
    assert world.count(TenderEvent) == 1


def test_a_title_is_asked_for_once_also_when_it_changed_and_came_back(world: World) -> None:
    id = world.publish("1", STATION, "renewables")
    for title in (STATION, ROAD, STATION, ROAD):
        world.now += timedelta(hours=1)
        world.publish("1", title, "renewables")
        world.round()
        assert world.english(id) == (f"EN {title}", EnglishOrigin.MACHINE)
    assert world.fake.titles == [STATION, ROAD]
    assert world.count(Translation) == 2


def test_tenders_with_one_title_are_paid_for_once(world: World) -> None:
    first, second = world.publish("1", STATION, "renewables"), world.publish("2", STATION, "renewables")
    assert world.round() == Outcome(2, len(STATION))
    assert world.fake.asked == [[STATION]]
    third = world.publish("3", STATION, "renewables")
    assert {world.english(id) for id in (first, second, third)} == {(f"EN {STATION}", EnglishOrigin.MACHINE)}
    assert world.round() == Outcome()


def test_a_title_that_is_in_the_record_is_put_on_without_asking(world: World) -> None:
    id = world.publish("1", STATION, "renewables")
    known = {STATION: "Hydrogen station"}
    world.database.write(lambda session: translations.store(session, known, service="libretranslate", now=NOW))
    assert world.round() == Outcome(1, 0)
    assert world.fake.asked == []
    assert world.english(id) == ("Hydrogen station", EnglishOrigin.MACHINE)


def test_official_english_and_titles_in_latin_letters_are_not_sent(embedded: World) -> None:
    official = embedded.publish("1", STATION, "renewables", title_en="Hydrogen station")
    embedded.publish("2", "Microsoft 365 E5", "digital-transformation")
    embedded.publish("3", "ＡＷＳ（１）", "digital-transformation")
    assert embedded.round() == Outcome()
    assert embedded.fake.asked == []
    assert embedded.english(official) == ("Hydrogen station", EnglishOrigin.OFFICIAL)


def test_only_tenders_of_a_focus_area_are_translated_unless_all_are_asked_for(embedded: World) -> None:
    embedded.publish("1", STATION, "renewables")
    embedded.publish("2", ROAD)
    everything = TranslationSettings("deepl", key=KEY, only_areas=False)
    embedded.round()
    assert embedded.fake.titles == [STATION]
    embedded.round(everything)
    assert embedded.fake.titles == [STATION, ROAD]


def test_without_any_focus_area_in_the_record_nothing_is_sent(embedded: World) -> None:
    embedded.publish("1", ROAD)
    assert embedded.round() == Outcome()


def test_what_was_published_last_comes_first_and_a_round_has_an_end(embedded: World) -> None:
    for day in range(1, 8):
        embedded.publish(str(day), f"工事その{day}", "renewables", day=day)
    embedded.round(most=3)
    assert embedded.fake.titles == ["工事その7", "工事その6", "工事その5"]
    embedded.round(most=3)
    assert embedded.fake.titles[3:] == ["工事その4", "工事その3", "工事その2"]


def test_nothing_but_titles_is_sent(embedded: World) -> None:
    embedded.publish("1", STATION, "renewables", text="担当 ○○課", buyer="見本市")
    embedded.round()
    assert embedded.fake.asked == [[STATION]]


def test_no_more_is_sent_than_is_left_of_the_month_in_tokyo(world: World) -> None:
    for number in range(1, 5):
        world.publish(str(number), f"工事その{number}号", "renewables", day=number)
    settings = TranslationSettings("deepl", key=KEY, characters_per_month=15)
    world.now = datetime(2026, 4, 30, 23, 30, tzinfo=TOKYO)
    first = world.round(settings)
    assert (first.translated, first.characters, world.fake.titles) == (2, 12, ["工事その4号", "工事その3号"])
    assert str(first.stopped) == (
        "the 15 characters of this month do not suffice for more titles; translating goes on next month, "
        "or raise characters_per_month under [translation]"
    )
    assert world.round(settings).characters == 0
    world.now += timedelta(hours=1)  # in Tokyo it is May; the moment in UTC is still of April
    assert world.round(settings) == Outcome(2, 12)


def test_characters_of_another_service_do_not_count(embedded: World) -> None:
    embedded.publish("1", STATION, "renewables")
    embedded.database.write(
        lambda session: translations.store(session, {"長い題" * 9: "x"}, service="libretranslate", now=NOW)
    )
    assert embedded.round(TranslationSettings("deepl", key=KEY, characters_per_month=20)).translated == 1


@pytest.mark.parametrize("said", ["", "  \n", STATION, f" {STATION}\n", "the " * 500])
def test_an_answer_that_is_no_translation_is_not_shown_and_not_paid_for_again(embedded: World, said: str) -> None:
    id = embedded.publish("1", STATION, "renewables", gist="Hydrogen station: works")
    embedded.fake.english = {STATION: said}
    assert embedded.round() == Outcome(0, len(STATION))
    assert embedded.english(id) == ("Hydrogen station: works", EnglishOrigin.GIST)
    assert embedded.round() == Outcome(0, 0)


def test_a_translation_is_one_line(embedded: World) -> None:
    id = embedded.publish("1", STATION, "renewables")
    embedded.fake.english = {STATION: " Hydrogen\nstation\u3000works "}
    embedded.round()
    assert embedded.english(id)[0] == "Hydrogen station works"


def test_answers_that_do_not_fit_the_titles_in_number_are_not_kept(embedded: World) -> None:
    embedded.publish("1", STATION, "renewables")
    embedded.publish("2", ROAD, "renewables")
    embedded.fake.fewer = 1
    outcome = embedded.round()
    assert (outcome.translated, embedded.count(Translation)) == (0, 0)
    assert "deepl: gave 1 translations for 2 titles; none of them was kept" in str(outcome.stopped)


# --- Failing does no harm -------------------------------------------------------------------------

TITLES = [f"工事その{number:03}" for number in range(160)]


def many(world: World) -> None:
    """Four portions; the first notice is the one published last."""
    for number, title in enumerate(TITLES):
        world.publish(f"{number:03}", title, "renewables", day=28 - number // 6)


def portions_of(fake: Fake) -> list[int]:
    return [len(some) for some in fake.asked]


def test_what_a_service_gave_before_it_failed_is_kept_and_the_next_round_goes_on(world: World) -> None:
    many(world)
    world.fake.fails = {TITLES[70]: TranslationError("deepl: the quota of this month is used up")}
    first = world.round()
    assert (first.translated, portions_of(world.fake)) == (50, [50, 50])
    assert str(first.stopped) == "deepl: the quota of this month is used up"
    world.fake.fails.clear()
    assert world.round() == Outcome(110, 110 * len(TITLES[0]))
    assert sorted(world.fake.titles[100:]) == sorted(set(TITLES) - set(world.fake.asked[0]))


def test_a_title_that_a_service_stumbles_over_does_not_hold_up_the_others(embedded: World) -> None:
    many(embedded)
    embedded.fake.fails = {TITLES[0]: TranslationError("answered 500", of_texts=True)}
    outcome = embedded.round()
    assert (outcome.translated, portions_of(embedded.fake), str(outcome.stopped)) == (
        110,
        [50, 50, 50, 10],
        "answered 500",
    )
    assert embedded.round().translated == 0


def test_a_service_that_stumbles_over_everything_is_not_asked_on_and_on(embedded: World) -> None:
    many(embedded)
    embedded.fake.fails = {title: TranslationError("answered 500", of_texts=True) for title in TITLES}
    embedded.round()
    assert portions_of(embedded.fake) == [50, 50]


def test_a_defect_is_logged_and_told_and_ends_nothing_else(embedded: World, caplog: pytest.LogCaptureFixture) -> None:
    embedded.publish("1", STATION, "renewables")
    embedded.fake.fails = {STATION: ZeroDivisionError("oh")}
    assert str(embedded.round().stopped) == (
        "translating was broken off (ZeroDivisionError('oh')); the log has more, the next round goes on"
    )
    assert [(one.levelname, one.message) for one in caplog.records] == [
        ("ERROR", "translating broken off"),
        ("WARNING", "translating stopped"),
    ]


def test_a_record_that_cannot_be_written_is_told_too(embedded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    id = embedded.publish("1", STATION, "renewables")

    def busy(*args: Any, **more: Any) -> Any:
        raise Busy("monitor.db: another process has been writing")

    with monkeypatch.context() as patched:
        patched.setattr(translation, "composed", busy)
        outcome = embedded.round()
    assert (outcome.translated, str(outcome.stopped)) == (0, "monitor.db: another process has been writing")
    # What was paid for is there, and the next round need not ask for it.
    assert embedded.round() == Outcome(1, 0)
    assert embedded.fake.titles == [STATION]
    assert embedded.english(id)[0] == f"EN {STATION}"


def test_a_round_is_logged_without_the_key_or_a_title(
    embedded: World, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor")
    embedded.publish("1", STATION, "renewables")
    outcome = translate_due(embedded.database, service.deepl(), service.settings("deepl"), clock=lambda: embedded.now)
    assert outcome == Outcome(1, len(STATION))
    shown = [str(vars(one)) for one in caplog.records if one.name.startswith("monitor")]
    assert [one.message for one in caplog.records if one.name.startswith("monitor")] == ["titles translated"]
    assert not any(KEY in line or STATION in line for line in shown)

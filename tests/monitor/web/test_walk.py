"""A walk as a new user: subscribe on the page, confirm from the mail, get a digest, choose otherwise, and leave.

Everything is real but the portal: the pages over HTTP, the flow that records and matches, the outbox, and a mail server.
"""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import httpx
import pytest
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession
from bs4 import BeautifulSoup

from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from monitor.config import Config, MailSection, SiteSection, StorageSection
from monitor.household import Household, household
from monitor.pipeline import run_source
from monitor.serving import serve
from monitor.syndication import web_app
from scrapers.source import Page, Request, Source, Steps, Window, page_of

MORNING = datetime(2026, 4, 10, 6, 0, tzinfo=TOKYO)
EMAIL = "anna@example.org"
BASE = "https://tenders.example.org"
SECONDS = 10.0


class MailServer:
    """A mail server that takes everything, and keeps it."""

    def __init__(self) -> None:
        self.received: list[tuple[str, EmailMessage]] = []

    async def handle_DATA(self, server: SMTP, session: SmtpSession, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        read = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(read, EmailMessage)
        self.received += [(recipient, read) for recipient in envelope.rcpt_tos]
        return "250 OK"


@contextmanager
def taking_mail(keeper: MailServer) -> Iterator[int]:
    """The server on a free port of loopback, in a thread, until the end of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> asyncio.Server:
        return await loop.create_server(lambda: SMTP(keeper, hostname="mx", loop=loop), "127.0.0.1", 0)

    async def end(server: asyncio.Server) -> None:
        server.close()
        await server.wait_closed()
        waiting = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(SECONDS)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result(SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()


class Portal(Source):
    """A portal that shows what a test gives it."""

    slug: ClassVar[str] = "kkj"

    def __init__(self, *found: ScrapedNotice) -> None:
        super().__init__()
        self.found = found

    def steps(self, window: Window) -> Steps:
        yield Request("https://www.example.jp/list")
        yield from self.found


def notice(key: str, title: str) -> ScrapedNotice:
    return ScrapedNotice(
        source="kkj",
        key=key,
        title=title,
        kind=NoticeKind.TENDER,
        published=date(2026, 4, 9),
        url=f"https://example.jp/{key}",
        buyer="例示県",
        prefecture="東京都",
        deadline=datetime(2026, 5, 20, 17, 0, tzinfo=TOKYO),
        text="次のとおり公告する。",
    )


@dataclass
class Walk:
    """A house with its pages and its mail server; the time goes on when it is told to."""

    mail: MailServer = field(default_factory=MailServer)
    now: datetime = MORNING
    house: Household = field(init=False)
    client: httpx.Client = field(init=False)

    def publish(self, *found: ScrapedNotice) -> None:
        def fetch(request: Request) -> Page:
            return page_of(b"a page", request)

        assert run_source(self.house.flow, Portal(*found), fetch).error is None

    def letters(self) -> list[EmailMessage]:
        """The letters that leave now."""
        before = len(self.mail.received)
        outcomes = self.house.deliver()
        fresh = self.mail.received[before:]
        assert [one.error for one in outcomes] == [None] * len(fresh)
        assert {recipient for recipient, _ in fresh} <= {EMAIL}
        return [letter for _, letter in fresh]

    def tomorrow(self) -> list[EmailMessage]:
        """The letters of the next morning, soon after eight."""
        day = self.now.astimezone(TOKYO) + timedelta(days=1)
        self.now = day.replace(hour=8, minute=5)
        return self.letters()

    def open(self, address: str) -> BeautifulSoup:
        answer = self.client.get(local(address))
        assert answer.status_code == 200, answer.text
        return BeautifulSoup(answer.text, "lxml")

    def press(self, page: BeautifulSoup, button: str, **fields: str) -> BeautifulSoup:
        """Fill in the form around a button as a browser does, and press it; the page to which that leads."""
        (pressed,) = [one for one in page.select("button") if one.get_text(" ", strip=True) == button]
        form = pressed.find_parent("form")
        assert form is not None
        sent: dict[str, str] = {}
        for one in form.select("input[name], select[name]"):
            if one.name == "select":
                chosen = [*one.select("option[selected]"), *one.select("option")][0]
                sent[str(one["name"])] = str(chosen["value"])
            elif one.get("type") not in ("radio", "checkbox") or one.has_attr("checked"):
                sent[str(one["name"])] = str(one.get("value", ""))
        if pressed.get("name"):
            sent[str(pressed["name"])] = str(pressed["value"])
        headers = {"sec-fetch-site": "same-origin"}
        unknown = fields.keys() - {str(one["name"]) for one in form.select("[name]")}
        assert not unknown, f"the form has no {unknown}"
        answer = self.client.post(str(form["action"]), data=sent | fields, headers=headers, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return BeautifulSoup(answer.text, "lxml")


def local(address: str) -> str:
    """An address of the site as the test's server answers it."""
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}" in (BASE, "://")
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def text(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


def link(letter: EmailMessage, path: str) -> str:
    """The address in a letter's text that leads below a path."""
    found = re.findall(rf"{re.escape(BASE)}{path}\S+", text(letter))
    assert found, text(letter)
    return str(found[0])


@pytest.fixture
def walk(tmp_path: Path, database_url: str) -> Iterator[Walk]:
    walk = Walk()
    with taking_mail(walk.mail) as port:
        config = Config(
            storage=StorageSection(database=database_url),
            site=SiteSection(base_url=BASE, name="Tender Monitor"),
            mail=MailSection(sender="monitor@example.org", host="127.0.0.1", port=port, security="none"),
        )
        with household(config, home=tmp_path / "home", clock=lambda: walk.now) as house:
            walk.house = house
            walk.now = MORNING - timedelta(days=2)
            walk.publish(notice("0", "水素ステーションの点検"))  # the first crawl, which alerts nobody
            walk.now = MORNING
            with (
                serve(web_app(house)) as base,
                httpx.Client(base_url=base, trust_env=False) as walk.client,
            ):
                yield walk


def test_a_new_user_subscribes_confirms_reads_chooses_and_leaves(walk: Walk) -> None:
    # On the page: from the list to the form, a look at what it would find, and the address.
    found = walk.open("/?q=水素&lang=en")
    (offered,) = [one for one in found.select("main a") if one.get_text() == "Be told of new ones"]
    form = walk.open(str(offered["href"]))
    tried = walk.press(form, "Try it", q="水素 OR 風力")
    assert "would have found 1 tender" in tried.get_text()
    asked = walk.press(tried, "Send me the letter to confirm", email=EMAIL, name="Hydrogen or wind")
    assert "Look into your mailbox" in asked.get_text()

    # What is published before the confirmation is told to nobody.
    walk.publish(notice("1", "水素ステーションの修繕"))
    (question,) = walk.letters()
    assert question["List-Unsubscribe"] is None
    confirming = walk.open(link(question, "/confirm/"))
    assert "Hydrogen or wind" in confirming.get_text()
    choices = walk.press(confirming, "Confirm this search")
    assert "Confirmed: your search has begun" in choices.get_text()
    assert walk.letters() == []

    # Something is published: one digest the next morning, and the private feed has it, too.
    walk.now += timedelta(minutes=5)
    walk.publish(notice("2", "風力発電設備の調査業務"), notice("3", "封筒の購入"))
    assert walk.letters() == []
    (digest,) = walk.tomorrow()
    assert "風力発電設備の調査業務" in text(digest)
    assert "封筒" not in text(digest)
    assert "水素ステーション" not in text(digest)
    assert walk.letters() == [], "one letter for one window"
    (calendar,) = [str(one["href"]) for one in choices.select(".addresses a") if "/calendar/" in str(one["href"])]
    assert "風力発電設備の調査業務" in walk.client.get(local(calendar)).text.replace("\r\n ", "")

    # Another choice, by the link in the digest: at once, and only what is about wind.
    page = walk.open(link(digest, "/choices/"))
    assert "1 tender" in page.select("article.saved")[0].get_text()
    changed = walk.press(page.select("article.saved")[0], "Save", q="風力", frequency="at-once")  # type: ignore[arg-type]
    assert "The search is changed" in changed.get_text()
    walk.publish(notice("4", "水素の運搬"), notice("5", "風力の実証調査"))
    (alert,) = walk.letters()
    assert "風力の実証調査" in text(alert)
    assert "水素の運搬" not in text(alert)
    assert walk.tomorrow() == []

    # One click in the mail program, without opening a page, and nothing more arrives.
    one_click = str(alert["List-Unsubscribe"]).split(",")[0].strip(" <>")
    assert alert["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    answer = walk.client.post(local(one_click), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    walk.publish(notice("6", "風力の環境影響調査"))
    assert walk.letters() == []
    assert [walk.tomorrow() for _ in range(8)] == [[]] * 8
    assert walk.client.get(local(calendar)).status_code == 410


def test_who_confirms_nothing_hears_nothing_more_and_is_forgotten(walk: Walk) -> None:
    walk.press(walk.open("/subscribe"), "Send me the letter to confirm", email=EMAIL, q="水素")
    (question,) = walk.letters()
    walk.publish(notice("1", "水素ステーションの修繕"))
    assert [walk.tomorrow() for _ in range(8)] == [[]] * 8
    assert walk.client.get(local(link(question, "/confirm/"))).status_code == 410
    with walk.house.database.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT count(*) FROM subscriber").scalar()
    assert rows == 0


def test_everything_is_deleted_by_a_link_in_a_letter_of_its_own(walk: Walk) -> None:
    walk.press(walk.open("/subscribe"), "Send me the letter to confirm", email=EMAIL, q="水素")
    (question,) = walk.letters()
    choices = walk.press(walk.open(link(question, "/confirm/")), "Confirm this search")
    walk.now += timedelta(minutes=10)
    walk.press(choices, "Send me the link that deletes everything")
    (farewell,) = walk.letters()
    gone = walk.press(walk.open(link(farewell, "/forget/")), "Delete everything of a…@example.org")
    assert "Everything is deleted" in gone.get_text()
    with walk.house.database.reading() as session:
        for table in ("subscriber", "saved_search", "digest", '"match"'):
            assert session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0, table


def test_a_fresh_link_comes_by_mail(walk: Walk) -> None:
    walk.press(walk.open("/subscribe"), "Send me the letter to confirm", email=EMAIL, q="水素", language="ja")
    (question,) = walk.letters()
    confirming = BeautifulSoup(walk.client.get(local(link(question, "/confirm/"))).text, "lxml")
    assert confirming.select("html")[0]["lang"] == "ja"
    walk.client.post(str(confirming.select("main form")[0]["action"]))
    walk.now += timedelta(days=40)
    walk.press(walk.open("/choices"), "Send me a fresh link", email=EMAIL)
    letters = walk.letters()
    fresh = next(letter for letter in letters if letter["List-Unsubscribe"] is None)
    assert walk.open(link(fresh, "/choices/")).select("article.saved")

"""A record with subscribers, filled the way the pipeline fills it, and the letters that come of it."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, col, select

from alerts.digest import DigestContent, Shared, gather, write
from alerts.errors import MailError
from alerts.letter import Letter
from alerts.links import Links
from alerts.mailer import Mailer
from alerts.matching import Matcher
from alerts.outbox import Outcome, Writing, deliver_due
from alerts.reading import Reckoning
from alerts.settings import MailSettings
from alerts.site import Site
from alerts.sources import SourceNames
from db import awards as awards_store
from db import deliveries, notices, opening, runs, subscribers, tenders
from db.composing import compose
from db.engine import Database
from db.history import Delivery, Digest, Match
from db.notices import ReadNotice
from db.subscriber import Subscriber
from db.vocabulary.award import ScrapedAward
from db.vocabulary.delivery import DeliveryState
from db.vocabulary.japanese import TOKYO
from db.vocabulary.messages import Saying
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.reading import AreaScore, Reading
from db.vocabulary.run import RunMode, RunState
from monitor.i18n import language
from monitor.reading.access import RULES
from monitor.working_days import soon, too_few, working_days_left

EIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=TOKYO)
"""The end of the window of the tests."""
SITE = Site("Tender Monitor", "https://tenders.example.org", "example.org,2026", "desk@example.org")
SOURCES = {
    "kkj": SourceNames("官公需情報ポータルサイト", "KKJ portal", "https://www.kkj.go.jp/s/"),
    "jetro": SourceNames("ジェトロ", "JETRO", "https://www.jetro.go.jp/"),
}
AREAS = {"renewables": "Renewable energy", "smart-city": "Smart city"}
RECKONING = Reckoning(working_days_left, too_few, RULES)
NOTHING = Reading()
NOTICE = ScrapedNotice(
    source="kkj",
    key="1",
    title="水素ステーション整備工事",
    kind=NoticeKind.TENDER,
    published=date(2026, 11, 23),
    url="https://www.kkj.go.jp/d/?D=1",
    buyer="環境省",
    prefecture="東京都",
    category=Category.WORKS,
    method="一般競争入札",
)


@dataclass
class Clock:
    now: datetime = EIGHT

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **more: int) -> None:
        self.now += timedelta(**more)

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Steady(random.Random):
    """Chance that leaves everything as it is."""

    def random(self) -> float:
        return 0.0


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mailer was handed."""

    recipient: str
    sender: str
    message: bytes

    @property
    def read(self) -> EmailMessage:
        return read_mail(self.message)


class Post:
    """A mailer that keeps what it is handed; it fails as often as it is given errors."""

    def __init__(self, *errors: BaseException | None) -> None:
        self.errors = list(errors)
        self.mails: list[Mail] = []

    def send(self, message: bytes, *, sender: str, recipient: str) -> None:
        if self.errors and (error := self.errors.pop(0)) is not None:
            raise error
        self.mails.append(Mail(recipient, sender, message))

    @property
    def recipients(self) -> list[str]:
        return [mail.recipient for mail in self.mails]


def read_mail(message: bytes) -> EmailMessage:
    """A mail as today's programs read it, without any defect."""
    found = message_from_bytes(message, policy=policy.default)
    assert isinstance(found, EmailMessage)
    defects = [*found.defects]
    for part in found.walk():
        defects += part.defects
        for value in part.values():
            defects += value.defects
    assert defects == []
    return found


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert isinstance(part, EmailMessage)
    text = part.get_content()
    assert isinstance(text, str)
    return text.replace("\r\n", "\n")


class Record:
    """A record that can be filled, and what is sent out of it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.mail: MailSettings | None = None

    # Filling ------------------------------------------------------------------------------------------

    def subscribe(
        self, email: str = "reader@example.org", spoken: str = "en", searches: dict[str, str] | None = None
    ) -> Subscriber:
        def work(session: Session) -> Subscriber:
            person = subscribers.add(
                session, email, choices=subscribers.Choices(language=spoken), now=EIGHT - timedelta(days=30)
            )
            for name, query in ({"Hydrogen": "水素"} if searches is None else searches).items():
                subscribers.save_search(session, person, name, query, now=EIGHT - timedelta(days=30))
            return person

        return self.database.write(work)

    def unsubscribe(self, person: Subscriber) -> None:
        self.database.write(lambda session: subscribers.unsubscribe(session, person.token, now=self.clock.now))

    def notice(self, key: str = "1", **fields: Any) -> ScrapedNotice:
        """A notice, different in what is given."""
        return replace(NOTICE, key=key, **fields)

    def publish(
        self,
        *published: ScrapedNotice,
        at: datetime = EIGHT - timedelta(hours=3),
        areas: Sequence[str] = (),
        read: Sequence[AreaScore] = (),
        found: Reading = NOTHING,
    ) -> list[UUID]:
        """Record notices, compose their tenders, and match what happened to them; returns the tenders' ids."""
        run = uuid4()

        def work(session: Session) -> list[UUID]:
            recorded = notices.record(session, published, run_id=run, now=at)
            reading = replace(found, areas=(*(AreaScore(area, 1.0, ()) for area in areas), *read))
            composed = [
                compose(one.tender_id, [ReadNotice(one.id, one.tender_id, one.version, one.notice, reading)])
                for one in recorded
            ]
            changes = tenders.store(session, composed, run_id=run, now=at, alerts=lambda change: True)
            matcher = Matcher.of(subscribers.live_searches(session))
            deliveries.add_matches(session, matcher.match(changes, now=at), now=at)
            return [one.id for one in composed]

        return self.database.write(work)

    def won(self, tender: UUID, *awards: ScrapedAward) -> None:
        """Record awards as results of a tender."""

        def work(session: Session) -> None:
            awards_store.record(session, awards, run_id=uuid4(), now=self.clock.now)
            awards_store.link(session, {award.case_number: tender for award in awards if award.case_number})

        self.database.write(work)

    def crawled(self, source: str, state: RunState, at: datetime, mode: RunMode = RunMode.REGULAR) -> None:
        def work(session: Session) -> None:
            run = runs.begin(session, source, mode=mode, since=at.date(), until=None, now=at, who="test:1")
            error = Saying("it is closed") if state is RunState.FAILED else None
            runs.end(session, run, state=state, now=at, error=error)

        self.database.write(work)

    # Asking -------------------------------------------------------------------------------------------

    def open(self, end: datetime = EIGHT, unread: Mapping[str, datetime] | None = None) -> list[Digest]:
        return self.database.write(
            lambda session: opening.open_digests(
                session, now=end, domain="example.org", remind_until=soon, unread=unread or {}
            )
        )

    def open_alerts(self, now: datetime = EIGHT) -> list[Digest]:
        return self.database.write(lambda session: opening.open_alerts(session, now=now, domain="example.org"))

    def content(self, digest: Digest | None = None) -> DigestContent:
        """What the one letter of the window says."""
        digest = digest or (self.open() or self.digests())[0]
        with self.database.reading() as session:
            person = session.get_one(Subscriber, digest.subscriber_id)
            found = gather(session, digest, sources=SOURCES, language=language(person.language))
        assert found is not None
        return found

    def letter(
        self,
        content: DigestContent | None = None,
        reckoning: Reckoning = RECKONING,
        shared: Shared | None = None,
    ) -> Letter:
        content = content or self.content()
        return write(
            content,
            site=SITE,
            language=language(content.subscriber.language),
            area_names=AREAS,
            reckoning=reckoning,
            sender="monitor@example.org",
            choices_url=SITE.choices_url("CHOICES"),
            shared=shared,
        )

    def send(self, digest: Digest) -> None:
        """As if the letter had arrived."""

        def work(session: Session) -> None:
            session.get_one(Digest, digest.id).state = DeliveryState.SENT

        self.database.write(work)

    def deliver(self, mailer: Mailer) -> list[Outcome]:
        return deliver_due(
            self.database, mailer, self.writing(), clock=self.clock, rng=Steady(), sleep=self.clock.sleep
        )

    def writing(self) -> Writing:
        return Writing(
            site=SITE,
            sender="monitor@example.org",
            languages=language,
            area_names=lambda code: AREAS,
            sources=SOURCES,
            reckoning=RECKONING,
            links=Links(b"secret of the tests"),
            remind_until=soon,
            mail=self.mail,
        )

    def digests(self) -> list[Digest]:
        with self.database.reading() as session:
            return list(session.exec(select(Digest).order_by(col(Digest.window_end))))

    def attempts(self) -> list[tuple[int, str]]:
        with self.database.reading() as session:
            rows = session.exec(select(Delivery).order_by(col(Delivery.digest_id), col(Delivery.number))).all()
        return [(row.number, row.state) for row in rows]

    def matches(self) -> list[Match]:
        with self.database.reading() as session:
            return list(session.exec(select(Match)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def record(database: Database, clock: Clock) -> Record:
    """An empty record, once on each kind of database (on one where the test says so), and all sources read."""
    record = Record(database, clock)
    for source in SOURCES:
        record.crawled(source, RunState.OK, EIGHT - timedelta(hours=2))
    return record


@pytest.fixture
def post() -> Callable[..., Post]:
    return Post


@pytest.fixture
def refusal() -> Callable[..., MailError]:
    """A mail server's answer; ``temporary`` and ``doubtful`` say of which sort."""

    def made(*, temporary: bool = False, doubtful: bool = False) -> MailError:
        return MailError("the server is in a bad mood", temporary=temporary, doubtful=doubtful)

    return made


@pytest.fixture
def reading() -> Callable[[bytes], EmailMessage]:
    return read_mail


@pytest.fixture
def part() -> Callable[[EmailMessage, str], str]:
    return body

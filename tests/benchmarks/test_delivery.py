"""How fast digests are written and handed to a mail server, and how flat; figures and ratios, no assertion about time.

The tenders come from KKJ answers by way of the readers; each subscriber is told of three to ten of them, in English or
in Japanese. The mail server is another process on loopback that throws everything away.
"""

import random
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session

from alerts.links import Links
from alerts.outbox import Writing
from alerts.reading import Reckoning
from alerts.settings import MailSettings, SmtpSettings
from alerts.site import Site
from alerts.sources import SourceNames
from db import bulk, deliveries, migrate, notices, runs, tenders
from db.deliveries import NewMatch
from db.engine import Database
from db.subscriber import SavedSearch, Subscriber
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.run import RunMode, RunState
from monitor.i18n import language
from monitor.pipeline import read_and_compose
from monitor.reading.access import RULES
from monitor.reading.area_reader import AreaReader
from monitor.reading.areas import load_lexicon
from monitor.reading.reader import NoticeReader
from monitor.working_days import soon, too_few, working_days_left
from tests.benchmarks.records import answers
from tests.benchmarks.test_pipeline import parsed

ROOT = Path(__file__).parents[2]
EIGHT = datetime(2026, 6, 2, 8, tzinfo=TOKYO)
FOUND_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
PEOPLE, FEW = 20_000, 2_000
TENDERS = 2_000
AREAS = {slug: slug for slug in ("renewables", "mobility", "digital-health", "smart-city", "aging-society")}
SINK = """
    import socket
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    while True:
        line, _ = listening.accept()
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with line, line.makefile("rb") as said:
            line.sendall(b"220 sink.example.org\\r\\n")
            for command in said:
                verb = command[:4].upper()
                if verb == b"DATA":
                    line.sendall(b"354 go on\\r\\n")
                    for text in said:
                        if text == b".\\r\\n":
                            break
                line.sendall(b"221 bye\\r\\n" if verb == b"QUIT" else b"250 fine\\r\\n")
                if verb == b"QUIT":
                    break
"""
"""A mail server that takes everything, one connection after the other."""
DELIVER = """
    import re, sys, time
    from itertools import cycle, islice
    from pathlib import Path
    from alerts.mailer import mailer
    from alerts.outbox import deliver_due
    from db.engine import Database
    from tests.benchmarks.test_delivery import EIGHT, writing

    class Kept:
        mails = []
        def send(self, message, *, sender, recipient):
            if len(self.mails) < 500:
                self.mails.append((message, sender, recipient))
            hands_on.send(message, sender=sender, recipient=recipient)

    settings = writing(int(sys.argv[2]))
    with mailer(settings.mail) as hands_on:
        began = time.perf_counter()
        count = len(deliver_due(Database.at(Path(sys.argv[1])), Kept(), settings, clock=lambda: EIGHT))
        took = time.perf_counter() - began
    # Not getrusage: its peak begins with that of the process that started this one.
    peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
    with mailer(settings.mail) as hands_on:
        began = time.perf_counter()
        for message, sender, recipient in islice(cycle(Kept.mails), count):
            hands_on.send(message, sender=sender, recipient=recipient)
        ready_made = time.perf_counter() - began
    size = sum(len(mail[0]) for mail in Kept.mails) / len(Kept.mails)
    print(count, took, ready_made, peak, size)
"""


def writing(port: int) -> Writing:
    return Writing(
        site=Site("Tender Monitor", "https://tenders.example.org", "example.org,2026", "desk@example.org"),
        sender="monitor@example.org",
        languages=language,
        area_names=lambda code: AREAS,
        sources={"kkj": SourceNames("官公需情報ポータルサイト", "KKJ portal", "https://www.kkj.go.jp/s/")},
        reckoning=Reckoning(working_days_left, too_few, RULES),
        links=Links(b"secret of the benchmark"),
        remind_until=soon,
        mail=MailSettings(
            "monitor@example.org",
            Path("unused"),
            SmtpSettings("127.0.0.1", port, "none"),
            return_path="bounces@example.org",
        ),
    )


def filled(path: Path, people: int) -> None:
    """A record in which something was found for so many people since yesterday."""
    database = Database.at(path)
    migrate.upgrade(database)
    reader = NoticeReader(AreaReader(load_lexicon()))
    known: list[UUID] = []

    def take_in(session: Session, batch: list[ScrapedNotice]) -> list[UUID]:
        recorded = notices.record(session, batch, run_id=uuid4(), now=FOUND_AT)
        composed = read_and_compose(session, reader, recorded, now=FOUND_AT)
        tenders.store(session, composed, run_id=uuid4(), now=FOUND_AT, alerts=lambda change: True)
        return [one.id for one in composed]

    def crawl(session: Session) -> None:
        run = runs.begin(
            session, "kkj", mode=RunMode.REGULAR, since=FOUND_AT.date(), until=None, now=FOUND_AT, who="x:1"
        )
        runs.end(session, run, state=RunState.OK, now=FOUND_AT)

    for batch in bulk.batches(parsed(list(answers(TENDERS))), 500):
        known += database.write(partial(take_in, batch=batch))
    database.write(crawl)
    for some in bulk.batches(range(people), 2_000):
        database.write(partial(subscribe, numbers=some, known=known))
    database.close()


def subscribe(session: Session, numbers: list[int], known: list[UUID]) -> None:
    """Subscribers, each with a saved search that has found something."""
    rng = random.Random(numbers[0])
    readers = [
        Subscriber(
            id=uuid4(),
            email=f"reader{number}@example.org",
            language="ja" if number % 2 else "en",
            token=f"token{number:017}",
            created_at=FOUND_AT,
        )
        for number in numbers
    ]
    searches = [
        SavedSearch(
            id=uuid4(),
            subscriber_id=reader.id,
            name="Energy",
            query="太陽光 OR ＬＥＤ",
            feed_token=f"feed-{reader.token}",
            created_at=FOUND_AT,
            confirmed_at=FOUND_AT,
        )
        for reader in readers
    ]
    bulk.insert(session, Subscriber, [one.model_dump() for one in readers])
    bulk.insert(session, SavedSearch, [one.model_dump() for one in searches])
    matches = [
        NewMatch(search.id, tender, 1, ("太陽光",))
        for search in searches
        for tender in rng.sample(known, rng.randint(3, 10))
    ]
    deliveries.add_matches(session, matches, now=FOUND_AT)


@contextmanager
def sink() -> Iterator[int]:
    """The port of a mail server of its own process."""
    command = [sys.executable, "-c", textwrap.dedent(SINK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def delivered(path: Path, port: int) -> tuple[int, float, float, float, float]:
    """How many letters a process sent, in how many seconds; the seconds for the same number of ready-made ones; the
    peak of its memory in MB, and the size of a letter in kB."""
    command = [sys.executable, "-c", textwrap.dedent(DELIVER), str(path), str(port)]
    done = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, check=True)
    count, took, ready_made, peak, size = done.stdout.split()
    return int(count), float(took), float(ready_made), int(peak) / 1024, float(size) / 1000


def test_letters_a_second_and_the_memory_that_they_take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sink() as port:
        for people in (FEW, PEOPLE):
            filled(tmp_path / f"{people}.db", people)
            count, took, ready_made, peak, size = delivered(tmp_path / f"{people}.db", port)
            assert count == people
            with capsys.disabled():
                print(
                    f"\n{count:,} digests of {size:.0f} kB: {count / took:,.0f}/s, as against {count / ready_made:,.0f}/s "
                    f"of ready-made mails over one connection ({ready_made / took:.2f}); peak {peak:.0f} MB"
                )

"""Whatever comes, is read again, split or joined, in whatever order: nothing is lost, doubled or left behind."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from db import awards, deliveries, merges, notices, subscribers, tenders
from db.award import Award
from db.bulk import table
from db.engine import Database
from db.history import Match
from db.models import metadata
from db.notice import MergeDecision, Notice
from db.tender import Tender, TenderAlias, TenderEvent
from db.vocabulary.award import ScrapedAward
from db.vocabulary.notice import NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.reading import DateKind, FoundDate, Identity, IdentityKey, MergeVerdict, Origin, Reading
from monitor import regroup
from monitor.pipeline import composed, linked_results, merge, read_and_compose

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
KINDS = (
    NoticeKind.TENDER,
    NoticeKind.AMENDMENT,
    NoticeKind.CANCELLATION,
    NoticeKind.COMMENT_REQUEST,
    NoticeKind.AWARD,
)


def case_of(number: str) -> str:
    return number.rjust(19, "0")


class Reader:
    """A notice's status holds the number of its case, the round and the deadline as a test wants them."""

    revision = "test"

    def read(self, notice: ScrapedNotice) -> Reading:
        number, round, deadline = (notice.status or "0 1 0").split()
        keys = (IdentityKey("pportal-case", case_of(number)),) if number != "0" else ()
        day = notice.published + timedelta(days=int(deadline)) if deadline != "0" else None
        dates = (FoundDate(DateKind.DEADLINE, day, "", Origin.FIELD, time(17)),) if day else ()
        identity = Identity(
            notice.source,
            notice.kind,
            notice.published,
            stem=notice.title,
            buyer=notice.buyer,
            round=int(round),
            keys=keys,
            deadline=day,
        )
        return Reading(dates=dates, identity=identity)


a_notice = st.tuples(
    st.sampled_from(("kkj", "pportal", "kanpo")),
    st.sampled_from("123"),
    st.sampled_from(("水素ステーション運用業務", "洋上風力発電導入調査")),
    st.sampled_from(KINDS),
    st.integers(1, 28),
    st.tuples(st.sampled_from("012"), st.sampled_from("112"), st.sampled_from("058")),
)


def published(source: str, key: str, title: str, kind: NoticeKind, day: int, status: Sequence[str]) -> ScrapedNotice:
    return ScrapedNotice(
        source=source,
        key=key,
        title=title,
        kind=kind,
        published=date(2026, 4, day),
        url=f"https://example.jp/{key}",
        buyer="環境省",
        status=" ".join(status),
    )


a_step = st.one_of(
    st.tuples(st.just("record"), st.lists(a_notice, min_size=1, max_size=4)),
    st.tuples(st.just("record"), st.lists(a_notice, min_size=1, max_size=4)),
    st.tuples(st.just("record unread"), st.lists(a_notice, min_size=1, max_size=2)),
    st.tuples(st.just("read again"), st.integers(1, 9)),
    st.tuples(st.just("split"), st.integers(0, 20)),
    st.tuples(st.just("join"), st.tuples(st.integers(0, 20), st.integers(0, 20))),
    st.tuples(st.just("award"), st.sampled_from("12")),
)


class Home:
    """A record, and what can be done with it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.now = NOW
        for one in reversed(metadata.sorted_tables):
            session.connection().execute(one.delete())
        person = subscribers.add(session, "reader@example.org", choices=subscribers.Choices(language="en"), now=NOW)
        self.search = subscribers.save_search(session, person, "all", "", now=NOW).id

    def rows(self, *columns: Any) -> Sequence[Any]:
        return self.session.connection().execute(select(*columns)).all()

    def ids(self) -> list[UUID]:
        return sorted(id for (id,) in self.rows(table(Notice).c.id))

    def do(self, step: str, what: Any) -> None:
        session, self.now = self.session, self.now + timedelta(hours=1)
        ids = self.ids()
        match step:
            case "record":
                batch = [published(*one) for one in what]
                recorded = notices.record(session, batch, run_id=uuid4(), now=self.now)
                found = read_and_compose(session, Reader(), recorded, now=self.now)
                changes = tenders.store(session, found, run_id=uuid4(), now=self.now, alerts=lambda change: True)
                told = [deliveries.NewMatch(self.search, one.tender.id, one.sequence, ()) for one in changes]
                deliveries.add_matches(session, told, now=self.now)
            case "record unread":
                batch = [published(*one) for one in what if notice_id(*one[:2]) not in ids]
                recorded = notices.record(session, batch, run_id=uuid4(), now=self.now)
                alone = composed(session, dict.fromkeys(one.id for one in recorded))
                tenders.store_quietly(session, alone, now=self.now)
            case "read again":
                self.read_again(size=what)
            case "split" if ids:
                id = ids[what % len(ids)]
                tender = merges.tenders_of(session, [id])
                if len([*notices.read_notices(session, [*tender])]) > 1:
                    regroup.split(session, id, now=self.now)
            case "join" if ids:
                one, other = (merges.tenders_of(session, [ids[at % len(ids)]]).pop() for at in what)
                if one != other:
                    regroup.join(session, one, other, now=self.now)
            case "award":
                won = ScrapedAward(
                    source="pportal_awards",
                    key=what,
                    title="x",
                    date=date(2026, 6, 1),
                    published=date(2026, 6, 2),
                    supplier="見本",
                    amount=Decimal(1),
                    case_number=case_of(what),
                )
                awards.record(session, [won], run_id=uuid4(), now=self.now)
                tenders.store_quietly(session, linked_results(session, [won], apart=set()), now=self.now)

    def read_again(self, *, size: int) -> None:
        after = None
        while batch := notices.unread(self.session, None, after=after, limit=size):
            reread = [replace(one, reading=Reader().read(one.notice)) for one in batch]
            readings = {(one.id, one.version): one.reading for one in reread}
            notices.store_readings(self.session, readings, revision="test", now=self.now)
            tenders.store_quietly(self.session, composed(self.session, merge(self.session, reread)), now=self.now)
            after = batch[-1].id

    def snapshot(self) -> dict[UUID, tuple[UUID, Any]]:
        notice = table(Notice)
        return {id: (tender, link) for id, tender, link in self.rows(notice.c.id, notice.c.tender_id, notice.c.link)}

    def check(self) -> None:
        """What must hold at any time."""
        self.session.expire_all()
        notice, tender, alias = self.snapshot(), table(Tender), table(TenderAlias)
        shown = {row.id: row for row in self.rows(tender)}
        assert {of for of, _ in notice.values()} == shown.keys()
        listed = {one.notice_id: (id, one.link) for id, row in shown.items() for one in row.sources}
        assert sum(len(row.sources) for row in shown.values()) == len(listed)
        assert listed == notice
        firsts = Counter(of for of, link in notice.values() if link is None)
        assert firsts == dict.fromkeys(shown, 1)
        assert all(link is None or notice[link.notice_id][0] == of for of, link in notice.values())
        aliases = dict(self.rows(alias.c.alias_id, alias.c.tender_id))
        assert not aliases.keys() & shown.keys()
        assert set(aliases.values()) <= shown.keys()
        events: defaultdict[UUID, list[int]] = defaultdict(list)
        for of, sequence in self.rows(table(TenderEvent).c.tender_id, table(TenderEvent).c.sequence):
            events[of].append(sequence)
        assert events.keys() <= shown.keys()
        assert all(shown[of].sequence == max(numbers) for of, numbers in events.items())
        told = self.rows(table(Match).c.tender_id, table(Match).c.sequence)
        assert all(sequence in events[of] for of, sequence in told)
        decision = table(MergeDecision)
        for one, other, verdict in self.rows(decision.c.first, decision.c.second, decision.c.verdict):
            assert (notice[one][0] == notice[other][0]) == (verdict == MergeVerdict.TOGETHER)
        numbered: defaultdict[str, set[UUID]] = defaultdict(set)
        for part in notices.read_notices(self.session, sorted(shown)):
            for key in part.reading.identity.keys if part.reading.identity else ():
                numbered[key.value].add(part.tender_id)
        for case, of in self.rows(table(Award).c.case_number, table(Award).c.tender_id):
            assert of in numbered[case] or (of is None and not numbered[case])


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    # To make a failing example smaller takes minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(a_step, max_size=12))
def test_nothing_is_lost_doubled_or_left_behind(database: Database, steps: list[tuple[str, Any]]) -> None:
    def work(session: Session) -> None:
        home = Home(session)
        for step, what in steps:
            home.do(step, what)
            home.check()
        home.read_again(size=100)
        home.check()
        once, events = home.snapshot(), home.rows(table(TenderEvent).c.tender_id)
        home.read_again(size=100)
        home.check()
        assert (home.snapshot(), home.rows(table(TenderEvent).c.tender_id)) == (once, events)

    database.write(work)

"""What people decide of tenders stands: two become one, one becomes two, and every address still leads there."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, select

from db import deliveries, merges, notices, subscribers, tenders
from db.card import Card, card
from db.engine import Database
from db.errors import RecordError
from db.history import Match
from db.tender import TenderEvent
from db.vocabulary.notice import NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.reading import Identity, IdentityKey, Reading
from monitor import regroup
from monitor.merging import PERSON
from monitor.pipeline import composed, merge, read_and_compose

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)


class Reader:
    """Recognises notices by the number in their title alone."""

    revision = "test"

    def read(self, notice: ScrapedNotice) -> Reading:
        number, _, title = notice.title.partition(" ")
        keys = (IdentityKey("pportal-case", number.rjust(19, "0")),) if number.isdigit() else ()
        return Reading(identity=Identity(notice.source, notice.kind, notice.published, stem=title, keys=keys))


def notice(key: str, title: str, **more: Any) -> ScrapedNotice:
    given: dict[str, Any] = {"source": "kkj", "kind": NoticeKind.TENDER, "published": date(2026, 4, 1)}
    return ScrapedNotice(key=key, title=title, url=f"https://example.jp/{key}", **(given | more))


def take_in(database: Database, *given: ScrapedNotice, day: int = 0) -> list[UUID]:
    """Record, read, merge and store; returns the ids of the notices."""
    now = NOW + timedelta(days=day)

    def work(session: Session) -> list[UUID]:
        recorded = notices.record(session, given, run_id=uuid4(), now=now)
        fresh = read_and_compose(session, Reader(), recorded, now=now)
        tenders.store(session, fresh, run_id=uuid4(), now=now, alerts=lambda change: True)
        return [one.id for one in recorded]

    return database.write(work)


def show(database: Database, id: UUID) -> Card:
    with database.reading() as session:
        found = card(session, id)
    assert found is not None
    return found


def events(database: Database, id: UUID) -> Sequence[TenderEvent]:
    with database.reading() as session:
        return tenders.events_of(session, id)


def keys_of(shown: Card) -> list[str]:
    return sorted(source.key for source in shown.sources)


def split(database: Database, id: UUID) -> tuple[UUID, UUID]:
    return database.write(lambda session: regroup.split(session, id, now=NOW))


def join(database: Database, one: UUID, other: UUID) -> UUID:
    return database.write(lambda session: regroup.join(session, one, other, now=NOW))


def read_again(database: Database, *ids: UUID) -> None:
    def work(session: Session) -> None:
        batch = [one for one in notices.unread(session, None, after=None, limit=100) if not ids or one.id in ids]
        tenders.store_quietly(session, composed(session, merge(session, batch)), now=NOW)

    database.write(work)


def test_notices_with_one_case_number_are_one_tender_that_says_why(database: Database) -> None:
    first, second = take_in(
        database, notice("1", "77 配管更新工事"), notice("2", "77 配管更新工事", source="pportal")
    )
    shown = show(database, min(first, second))
    assert keys_of(shown) == ["1", "2"]
    assert [source.link is None for source in shown.sources] in ([True, False], [False, True])


def test_a_notice_that_comes_later_joins_the_tender_and_its_id_leads_there_too(database: Database) -> None:
    (first,) = take_in(database, notice("1", "77 配管更新工事"))
    take_in(database, notice("2", "77 配管更新工事", source="pportal"), day=1)
    assert keys_of(show(database, first)) == ["1", "2"]
    assert [event.kind for event in events(database, first)] == ["published", "joined"]
    assert show(database, first).updated_at == NOW


def test_a_split_makes_a_tender_of_its_own_and_rules_do_not_undo_it(database: Database) -> None:
    first, second = take_in(
        database, notice("1", "77 配管更新工事"), notice("2", "77 配管更新工事", source="pportal")
    )
    left, own = split(database, second)
    for _ in range(2):
        assert (keys_of(show(database, left)), keys_of(show(database, own))) == (["1"], ["2"])
        assert show(database, own).sources[0].link is None
        read_again(database)
    assert {left, own} == {show(database, left).id, show(database, own).id}
    assert first != second


def test_the_others_of_a_tender_stay_together_when_one_is_split_off(database: Database) -> None:
    ids = take_in(
        database, *(notice(str(n), "77 配管更新工事", source=s) for n, s in enumerate(("kkj", "pportal", "moe")))
    )
    for middle in sorted(ids)[1:2]:
        left, own = split(database, middle)
        assert (len(show(database, left).sources), len(show(database, own).sources)) == (2, 1)
        read_again(database)
        assert (len(show(database, left).sources), len(show(database, own).sources)) == (2, 1)


def test_a_tender_keeps_its_id_when_the_notice_that_it_was_named_after_leaves(database: Database) -> None:
    one, other = take_in(database, notice("1", "77 配管更新工事"), notice("2", "77 配管更新工事", source="pportal"))
    named_after = min(one, other)
    left, own = split(database, named_after)
    assert (left, own != named_after) == (named_after, True)
    assert len(show(database, left).sources) == len(show(database, own).sources) == 1


def test_two_tenders_that_are_joined_stay_one_and_the_one_seen_first_keeps_its_id(database: Database) -> None:
    (first,) = take_in(database, notice("1", "配管更新工事"))
    (second,) = take_in(database, notice("2", "管路の更新", source="pportal"), day=1)
    assert join(database, second, first) == first
    for _ in range(2):
        assert keys_of(show(database, second)) == keys_of(show(database, first)) == ["1", "2"]
        read_again(database)
    by_hand = [source.link.rule for source in show(database, first).sources if source.link]
    assert by_hand == [PERSON]


def test_what_was_joined_can_be_split_and_joined_again(database: Database) -> None:
    (first,) = take_in(database, notice("1", "配管更新工事"))
    (second,) = take_in(database, notice("2", "管路の更新", source="pportal"), day=1)
    join(database, first, second)
    left, own = split(database, second)
    assert (left, own) == (first, second)
    assert keys_of(show(database, second)) == ["2"]
    assert join(database, first, second) == first
    read_again(database)
    assert keys_of(show(database, second)) == ["1", "2"]


def test_the_events_of_both_tenders_stay_and_what_readers_were_told_moves_along(database: Database) -> None:
    (first,) = take_in(database, notice("1", "配管更新工事"))
    (second,) = take_in(database, notice("2", "管路の更新", source="pportal"), day=1)
    take_in(database, notice("2", "管路の全面更新", source="pportal"), day=2)

    def told(session: Session) -> None:
        reader = subscribers.add(session, "reader@example.org", choices=subscribers.Choices(language="en"), now=NOW)
        search = subscribers.save_search(session, reader, "all", "", now=NOW)
        deliveries.add_matches(session, [deliveries.NewMatch(search.id, second, 2, ())], now=NOW)

    database.write(told)
    join(database, first, second)
    assert [(event.sequence, event.kind) for event in events(database, first)] == [
        (1, "published"),
        (2, "published"),
        (3, "changed"),
    ]
    take_in(database, notice("2", "管路の部分更新", source="pportal"), day=3)
    assert [event.sequence for event in events(database, first)] == [1, 2, 3, 4]
    with database.reading() as session:
        (match,) = session.exec(select(Match)).all()
    assert (match.tender_id, match.sequence) == (first, 3)


def test_the_number_of_a_tender_never_falls_for_calendars_go_by_it(database: Database) -> None:
    (first,) = take_in(database, notice("1", "配管更新工事"))
    (second,) = take_in(database, notice("2", "管路の更新", source="pportal"), day=1)
    take_in(database, notice("2", "管路の全面更新", source="pportal"), day=2)
    numbers = [show(database, second).sequence]
    join(database, first, second)
    numbers.append(show(database, second).sequence)
    split(database, second)
    numbers.append(show(database, second).sequence)
    take_in(database, notice("2", "管路の部分更新", source="pportal"), day=3)
    numbers.append(show(database, second).sequence)
    assert numbers == [2, 3, 3, 4]


def test_a_notice_that_is_alone_cannot_be_split_and_one_tender_not_joined_with_itself(database: Database) -> None:
    (first,) = take_in(database, notice("1", "配管更新工事"))
    with pytest.raises(RecordError, match="alone in its tender"):
        split(database, first)
    with pytest.raises(RecordError, match="one tender already"):
        join(database, first, first)
    with pytest.raises(RecordError, match="no notice"):
        split(database, uuid4())
    with pytest.raises(RecordError, match="no tender"):
        join(database, first, uuid4())


def test_what_very_many_notices_have_in_common_recognises_none(database: Database) -> None:
    key = IdentityKey("title", "物品の購入")
    ids = [notice_id("kkj", str(number)) for number in range(merges.MOST_ALIKE + 1)]
    take_in(database, *(notice(str(number), "物品の購入") for number in range(merges.MOST_ALIKE + 1)))

    def found(count: int) -> int:
        def work(session: Session) -> int:
            merges.store_keys(session, {id: [key] if at < count else [] for at, id in enumerate(ids)})
            return len(merges.tenders_by_key(session, [key]).get(key, ()))

        return database.write(work)

    assert found(merges.MOST_ALIKE) > 0
    assert found(merges.MOST_ALIKE + 1) == 0

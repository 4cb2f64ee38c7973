"""What a digest says, out of a real record: as a value, as text and as HTML."""

import re
import shutil
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from bs4 import BeautifulSoup, Tag
from sqlmodel import Session

from alerts.digest import MOST_ENTRIES, MOST_REMINDERS, DigestContent, Group, Shared, gather
from alerts.letter import Letter, as_bytes
from alerts.paper import short, underline
from alerts.reading import Reckoning
from alerts.sources import SourceNames
from alerts.telling import LONGEST_TITLE, moved_earlier
from db import deliveries
from db.history import Digest
from db.subscriber import Subscriber
from db.subscribers import MOST_SEARCHES, Choices, choose, save_search, searches_of
from db.vocabulary.award import ScrapedAward
from db.vocabulary.delivery import Frequency
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Category, FieldChange, NoticeKind, ScrapedNotice
from db.vocabulary.reading import (
    Access,
    AccessReason,
    AccessVerdict,
    Agreement,
    AreaScore,
    DateKind,
    EnglishOrigin,
    Evidence,
    FoundDate,
    FoundMoney,
    Identity,
    MoneyKind,
    Origin,
    Place,
    Reading,
    Tax,
)
from db.vocabulary.run import RunMode, RunState
from db.vocabulary.tender import EventKind
from monitor.i18n import language

if TYPE_CHECKING:
    from tests.alerts.conftest import Record

SOURCES = {
    "kkj": SourceNames("官公需情報ポータルサイト", "KKJ portal", "https://www.kkj.go.jp/s/"),
    "jetro": SourceNames("ジェトロ", "JETRO", "https://www.jetro.go.jp/"),
}
EIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=TOKYO)
DAY = timedelta(days=1)
FEW = "little time for a bid from abroad"
IDENTITY = Identity("kkj", NoticeKind.TENDER, date(2026, 11, 23))
REGION = AccessReason("region", AccessVerdict.RESTRICTED, (Agreement.GPA,), "県内に本店", Origin.JAPANESE)
FINDINGS: dict[str, Any] = {
    "dates": (
        FoundDate(DateKind.APPLICATION, date(2026, 11, 20), "申請書の提出期限", Origin.JAPANESE, time(17)),
        FoundDate(DateKind.MEETING, date(2026, 12, 1), "説明会への参加を必須とする", Origin.JAPANESE, required=True),
    ),
    "money": (FoundMoney(MoneyKind.LIMIT, Decimal(12_000_000), "上限", Origin.JAPANESE, Tax.INCLUDED),),
    "value": Decimal(12_000_000),
    "access": Access(AccessVerdict.RESTRICTED, AccessVerdict.LIKELY, (REGION,)),
}
SEVERAL = {"Energy": "水素 OR 太陽光", "Tokyo": "prefecture:Tokyo", "Works": "category:works"}


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """One kind of database will do here: what a digest says is not the database's doing."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'monitor.db')}"


def page(letter: Letter) -> BeautifulSoup:
    return BeautifulSoup(letter.html, "html.parser")


def words(element: Tag | BeautifulSoup) -> str:
    return " ".join("".join(" " if one.name == "br" else str(one) for one in pieces(element)).split())


def pieces(element: Tag | BeautifulSoup) -> Iterator[Any]:
    """The texts of an element and its line breaks."""
    return (one for one in element.descendants if not isinstance(one, Tag) or one.name == "br")


def links(letter: Letter) -> list[str]:
    return [str(link["href"]) for link in page(letter).find_all("a")]


def told_in_html(letter: Letter) -> list[str]:
    return [address.rpartition("/")[2].partition("?")[0] for address in links(letter) if "/tenders/" in address]


def told_in_text(letter: Letter) -> list[str]:
    return re.findall(r"/tenders/([0-9a-f-]{36})", letter.text)


def keys(group: Group) -> list[str]:
    return [source.key for entry in group.entries for source in entry.card.sources]


# What it tells of --------------------------------------------------------------------------------------


def test_tenders_are_grouped_by_saved_search(record: "Record") -> None:
    record.subscribe(searches=SEVERAL)
    record.publish(
        record.notice("1"),
        record.notice("2", title="太陽光パネル", prefecture="大阪府", category=Category.GOODS),
        record.notice("3", title="道路", prefecture="大阪府"),
    )
    content = record.content()
    assert [(group.name, group.query, sorted(keys(group))) for group in content.groups] == [
        ("Energy", "水素 OR 太陽光", ["1", "2"]),
        ("Works", "category:works", ["3"]),
    ]
    assert content.total == 3
    headings = [words(heading) for heading in page(record.letter(content)).find_all("h2")]
    assert headings == ["Energy", "Works"]


def test_what_several_searches_found_is_told_once_and_the_others_are_named(record: "Record") -> None:
    record.subscribe(searches={**SEVERAL, "太陽光": "太陽光"})
    (both,) = record.publish(record.notice())
    letter = record.letter()
    assert told_in_html(letter) == told_in_text(letter) == [str(both)]
    assert "\n   Why you see this: 水素\n   Also found by: Tokyo · Works\n" in letter.text
    assert "Why you see this: 水素 Also found by: Tokyo · Works" in words(page(letter))


def test_what_one_search_has_as_new_and_another_as_changed_is_new(record: "Record") -> None:
    record.subscribe(searches={"First": "改修", "Second": "水素"})
    record.publish(record.notice(), at=EIGHT - timedelta(hours=5))
    record.publish(record.notice(title="水素ステーション改修工事"))
    ((group),) = record.content().groups
    assert (group.name, [entry.kind for entry in group.entries]) == ("First", [EventKind.PUBLISHED])
    assert [(entry.why, entry.also) for entry in group.entries] == [(("改修",), ("Second",))]


def test_a_search_that_found_nothing_is_left_out(record: "Record") -> None:
    record.subscribe(searches={"Empty": "太陽光", "Full": "水素"})
    record.publish(record.notice())
    assert [group.name for group in record.content().groups] == ["Full"]


def test_the_next_deadline_comes_first_the_unknown_later_and_what_is_over_last(record: "Record") -> None:
    record.subscribe()
    record.publish(
        record.notice("unknown, older", published=EIGHT.date() - 9 * DAY),
        record.notice("over", deadline=EIGHT - DAY),
        record.notice("next month", deadline=EIGHT + 30 * DAY),
        record.notice("unknown, newer", published=EIGHT.date() - DAY),
        record.notice("answers tomorrow", kind=NoticeKind.INFORMATION_REQUEST, response_deadline=EIGHT + DAY),
        record.notice("today", deadline=EIGHT + timedelta(hours=3)),
    )
    (group,) = record.content().groups
    assert keys(group) == ["today", "answers tomorrow", "next month", "unknown, newer", "unknown, older", "over"]


def test_cancelled_changed_new_and_results_stand_apart_and_in_this_order(record: "Record") -> None:
    for key in ("gone", "moved", "won"):
        record.publish(record.notice(key), at=EIGHT - 2 * DAY)
    record.subscribe()
    gone, moved, new, won = record.publish(
        record.notice("gone", kind=NoticeKind.CANCELLATION),
        record.notice("moved", deadline=EIGHT + 9 * DAY),
        record.notice("new"),
        record.notice("won", kind=NoticeKind.AWARD),
    )
    content = record.content()
    (group,) = content.groups
    assert {kind: [entry.card.id for entry in group.of(kind)] for kind in EventKind} == {
        EventKind.PUBLISHED: [new],
        EventKind.CHANGED: [moved],
        EventKind.CANCELLED: [gone],
        EventKind.AWARDED: [won],
        EventKind.JOINED: [],
    }
    letter = record.letter(content)
    headings = ["Cancelled", "Changed", "New", "Results"]
    assert told_in_html(letter) == told_in_text(letter) == [str(gone), str(moved), str(new), str(won)]
    assert [words(heading) for heading in page(letter).find_all("h3")] == headings
    places = [letter.text.index(f"\n\n{heading}\n") for heading in headings]
    assert places == sorted(places)


def test_what_is_new_as_a_result_stands_among_the_results(record: "Record") -> None:
    record.subscribe()
    (won,) = record.publish(record.notice("won", kind=NoticeKind.AWARD, deadline=EIGHT + DAY))
    letter = record.letter()
    assert [words(heading) for heading in page(letter).find_all("h3")] == ["Results"]
    assert told_in_text(letter) == [str(won)]


def test_a_tender_that_another_source_has_too_does_not_break_a_letter(record: "Record") -> None:
    from sqlmodel import update

    from db.tender import TenderEvent

    record.subscribe()
    joined, new = record.publish(record.notice("joined"), record.notice("new"))
    record.database.write(
        lambda session: session.exec(
            update(TenderEvent).where(TenderEvent.tender_id == joined).values(kind=EventKind.JOINED)  # type: ignore[arg-type]
        )
    )
    letter = record.letter()
    assert told_in_html(letter) == told_in_text(letter) == [str(new)]
    assert letter.subject.startswith("1 tender for you")


def test_a_result_says_when_it_was_decided_and_who_won(record: "Record") -> None:
    record.subscribe()
    (won,) = record.publish(record.notice("won", kind=NoticeKind.AWARD))
    winners = [
        ScrapedAward(
            source="pportal_results",
            key=str(number),
            title="水素ステーション整備工事",
            date=EIGHT.date() - 3 * DAY,
            published=EIGHT.date(),
            supplier=f"第{number}建設株式会社",
            amount=Decimal(1_000_000 * number),
            case_number="0000000000000522400",
        )
        for number in range(1, 6)
    ]
    earlier = replace(winners[0], key="earlier", supplier="前回建設株式会社", date=EIGHT.date() - 30 * DAY)
    record.won(won, *winners, earlier)
    letter = record.letter()
    line = "Won by 第1建設株式会社 (¥1,000,000), 第2建設株式会社 (¥2,000,000), 第3建設株式会社 (¥3,000,000), 2 more"
    assert f"\n   {line}\n" in letter.text
    assert line in words(page(letter))
    assert "\n * Result published: Mon 23 Nov 2026\n   水素ステーション整備工事\n" in letter.text
    assert "Deadline" not in letter.text


def test_results_come_last_however_near_their_deadline_was(record: "Record") -> None:
    record.subscribe()
    record.publish(
        record.notice("won", kind=NoticeKind.AWARD, deadline=EIGHT + DAY),
        record.notice("over", deadline=EIGHT - DAY),
        record.notice("soon", deadline=EIGHT + 2 * DAY),
    )
    (group,) = record.content().groups
    assert keys(group) == ["soon", "over", "won"]


def test_text_and_html_tell_of_the_same_tenders_in_the_same_order(record: "Record") -> None:
    record.subscribe(searches=SEVERAL)
    record.publish(*(record.notice(str(number), deadline=EIGHT + number * DAY) for number in range(1, 30)))
    letter = record.letter()
    assert told_in_html(letter) == told_in_text(letter)
    assert len(set(told_in_html(letter))) == len(told_in_html(letter)) == letter.tenders == 29


def test_the_count_is_in_the_subject_and_counts_each_tender_once(record: "Record") -> None:
    record.subscribe(searches=SEVERAL)
    record.publish(record.notice())
    letter = record.letter()
    assert letter.subject == "1 tender for you – Tue 24 Nov 2026"
    assert letter.tenders == 1
    assert letter.text.startswith("1 tender for you\n")
    assert words(page(letter).find("h1") or Tag(name="h1")) == "1 tender for you"


def test_why_a_tender_is_told_is_said_in_words(record: "Record") -> None:
    record.subscribe(
        searches={"All": "水素 (prefecture:Tokyo OR category:works OR kind:tender OR area:renewables OR source:kkj)"}
    )
    record.publish(record.notice(), areas=("smart-city", "renewables"))
    letter = record.letter()
    reasons = "水素 · Tokyo · Works · Call for tenders · Renewable energy · KKJ portal (官公需情報ポータルサイト)"
    assert f"   Why you see this: {reasons}\n   Focus areas: Smart city\n" in letter.text
    assert f"Why you see this: {reasons} Focus areas: Smart city" in words(page(letter))


def test_for_a_focus_area_the_words_that_decided_are_told_with_their_meaning(record: "Record") -> None:
    record.subscribe(searches={"Energy": "area:renewables"})
    evidence = (
        Evidence("太陽光", "solar power", Place.TITLE, 1.0),
        Evidence("蓄電池", "storage battery", Place.BODY, 0.5),
        Evidence("水素水", "hydrogen water", Place.TITLE, -0.5),
    )
    record.publish(record.notice(), read=(AreaScore("renewables", 1.0, evidence),))
    said = "Why you see this: Renewable energy: 太陽光 (solar power), 蓄電池 (storage battery)"
    letter = record.letter()
    assert said in letter.text
    assert said in words(page(letter))
    assert "hydrogen water" not in letter.text


def test_nothing_is_left_to_tell_where_the_subscriber_has_gone(record: "Record") -> None:
    from db import subscribers

    record.subscribe()
    record.publish(record.notice())
    (digest,) = record.open()
    record.database.write(lambda session: subscribers.forget(session, "reader@example.org"))
    with record.database.reading() as session:
        assert gather(session, digest, sources={}, language=language("en")) is None


# Deadlines ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {"deadline": EIGHT + timedelta(hours=9)},
            f"Deadline: Tue 24 Nov 2026, 17:00 Tokyo time · closes today · {FEW}",
        ),
        (
            {"deadline": EIGHT + timedelta(hours=17)},
            f"Deadline: Wed 25 Nov 2026, 01:00 Tokyo time · 1 day left · 1 working day in Japan · {FEW}",
        ),
        (
            {"deadline": EIGHT + 10 * DAY},
            f"Deadline: Fri 4 Dec 2026, 08:00 Tokyo time · 10 days left · 8 working days in Japan · {FEW}",
        ),
        (
            {"deadline": EIGHT + 20 * DAY},
            "Deadline: Mon 14 Dec 2026, 08:00 Tokyo time · 20 days left · 14 working days in Japan",
        ),
        ({"deadline": EIGHT - timedelta(minutes=1)}, "Deadline: Tue 24 Nov 2026, 07:59 Tokyo time · closed"),
        (
            {"response_deadline": EIGHT + 10 * DAY},
            "Answers by: Fri 4 Dec 2026, 08:00 Tokyo time · 10 days left · 8 working days in Japan",
        ),
    ],
)
def test_a_deadline_stands_first_with_the_days_that_are_left(
    record: "Record", fields: dict[str, Any], line: str
) -> None:
    record.subscribe()
    record.publish(record.notice(**fields))
    letter = record.letter()
    assert f"\n * {line}\n   水素ステーション整備工事\n" in letter.text
    tender = page(letter).select_one(".tender")
    assert tender
    assert words(tender).startswith(f"{line} 水素ステーション整備工事")


def test_a_deadline_of_which_only_the_day_is_known_shows_no_time_of_day(record: "Record") -> None:
    record.subscribe()
    day = FoundDate(DateKind.DEADLINE, date(2026, 12, 14), "提出期限 令和８年12月14日", Origin.JAPANESE)
    record.publish(record.notice(), found=Reading(dates=(day,), identity=IDENTITY))
    letter = record.letter()
    line = "Deadline: Mon 14 Dec 2026, time: see the notice · 20 days left · 14 working days in Japan"
    assert f"\n * {line}\n" in letter.text
    assert line in words(page(letter))
    assert "\n   Deadline read from “提出期限 令和８年12月14日” (KKJ portal)\n" in letter.text
    assert "23:59" not in letter.text + letter.html


def test_on_its_last_day_a_deadline_without_a_time_of_day_is_not_over(record: "Record") -> None:
    record.subscribe()
    day = FoundDate(DateKind.DEADLINE, EIGHT.date(), "提出期限 令和８年11月24日", Origin.JAPANESE)
    record.publish(record.notice("over", deadline=EIGHT - DAY))
    record.publish(record.notice("today"), found=Reading(dates=(day,), identity=IDENTITY))
    record.publish(record.notice("tomorrow", deadline=EIGHT + DAY))
    (group,) = record.content().groups
    assert keys(group) == ["today", "tomorrow", "over"]
    assert "time: see the notice · closes today" in record.letter(record.content(record.digests()[0])).text


def test_what_is_said_otherwise_of_a_deadline_stands_below_it(record: "Record") -> None:
    def moment(day: int, origin: Origin, phrase: str) -> FoundDate:
        return FoundDate(DateKind.DEADLINE, date(2026, 12, day), phrase, origin, time(17))

    found = (moment(14, Origin.JAPANESE, "入札書の提出期限"), moment(15, Origin.ENGLISH, "Time limit for tender"))
    record.subscribe()
    record.publish(record.notice(), found=Reading(dates=found, identity=IDENTITY))
    said = (
        "Also said: Tue 15 Dec 2026, 17:00 Tokyo time (KKJ portal, the English text) – "
        "Where the English and the Japanese differ, the Japanese counts."
    )
    letter = record.letter()
    assert f"14 working days in Japan\n   {said}\n   水素" in letter.text
    assert [words(line) for line in page(letter).select("p.late")] == [said]


def test_an_unknown_deadline_is_said_behind_the_facts(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice())
    facts = "環境省 · Tokyo · Call for tenders · Works · 一般競争入札 · published Mon 23 Nov 2026"
    assert f"\n * 水素ステーション整備工事\n   {facts} · Deadline: see the notice\n" in record.letter().text


@pytest.mark.parametrize("kind", [NoticeKind.AWARD, NoticeKind.CANCELLATION])
def test_nobody_is_sent_to_look_for_a_deadline_that_cannot_be(record: "Record", kind: NoticeKind) -> None:
    record.subscribe()
    record.publish(record.notice(kind=kind))
    assert "Deadline" not in record.letter().text
    assert "Deadline" not in words(page(record.letter()))


# Changes -----------------------------------------------------------------------------------------------


def test_changes_are_told_in_words(record: "Record") -> None:
    old = record.notice(
        deadline=EIGHT + 9 * DAY, kind=NoticeKind.QUOTATION, category=Category.GOODS, prefecture="大阪府", method=None
    )
    record.publish(old, at=EIGHT - 2 * DAY)
    record.subscribe()
    record.publish(record.notice(deadline=EIGHT + 19 * DAY, title="水素ステーション改修工事"))
    letter = record.letter()
    told = [
        "title: 水素ステーション整備工事 → 水素ステーション改修工事 (KKJ portal)",
        "prefecture: Osaka → Tokyo (KKJ portal)",
        "category: Goods → Works (KKJ portal)",
        "kind of notice: Request for quotations → Call for tenders (KKJ portal)",
        "procedure: – → 一般競争入札 (KKJ portal)",
    ]
    assert "".join(f"   {change}\n" for change in told) in letter.text
    assert [words(change) for change in page(letter).find_all("li")] == told
    changed = page(letter).find("li")
    assert changed
    assert [span["lang"] for span in changed.find_all("span")] == ["ja", "ja"]


def test_a_value_of_another_version_of_the_monitor_is_told_as_it_is(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice())
    content = record.content()
    strange = FieldChange("kind", "auction", None), FieldChange("rank", "A", "B")
    group = content.groups[0]
    entry = replace(group.entries[0], kind=EventKind.CHANGED, changes=strange, why=("unheard-of",))
    letter = record.letter(replace(content, groups=(replace(group, entries=(entry,)),)))
    assert "   kind of notice: auction → –\n   rank: A → B\n   Why you see this: unheard-of\n" in letter.text


@pytest.mark.parametrize(
    ("days", "said", "marked"),
    [
        (
            -10,
            "   !! Deadline moved EARLIER: was Mon 14 Dec 2026, 08:00 Tokyo time, is now Fri 4 Dec 2026",
            "earlier",
        ),
        (10, "   Deadline moved later: was Mon 14 Dec 2026, 08:00 Tokyo time, is now Thu 24 Dec 2026", "moved"),
    ],
)
def test_a_deadline_that_moved_stands_beside_the_old_one_and_an_earlier_one_is_told_louder(
    record: "Record", days: int, said: str, marked: str
) -> None:
    record.publish(record.notice(deadline=EIGHT + 20 * DAY), at=EIGHT - 2 * DAY)
    record.subscribe()
    record.publish(record.notice(deadline=EIGHT + (20 + days) * DAY))
    letter = record.letter()
    assert f"{said}, 08:00 Tokyo time (KKJ portal)\n" in letter.text
    (line,) = page(letter).select(f"p.{marked}")
    assert said.strip(" !") in words(line)
    assert not page(letter).find_all("li")


def test_a_deadline_whose_time_of_day_becomes_known_has_not_moved() -> None:
    day, moment = "2026-12-14T14:59:59+00:00", "2026-12-14T08:00:00+00:00"
    assert moved_earlier(FieldChange("deadline", day, moment)) is None
    assert moved_earlier(FieldChange("deadline", moment, day)) is None
    assert moved_earlier(FieldChange("deadline", day, "2026-12-13T08:00:00+00:00")) is True
    assert moved_earlier(FieldChange("deadline", None, day)) is None
    assert moved_earlier(FieldChange("deadline", day, "soon")) is None
    assert moved_earlier(FieldChange("title", day, moment)) is None


# Alerts ------------------------------------------------------------------------------------------------


def watch(record: "Record", searches: dict[str, str], spoken: str = "en") -> None:
    """A subscriber whose searches are told at once."""
    person = record.subscribe(spoken=spoken, searches={})

    def work(session: Session) -> None:
        for name, query in searches.items():
            save_search(session, person, name, query, now=EIGHT - 30 * DAY, frequency=Frequency.AT_ONCE)

    record.database.write(work)


def alert(record: "Record", at: datetime = EIGHT) -> Letter:
    (digest,) = record.open_alerts(at)
    return record.letter(record.content(digest))


EARLIER = EIGHT - timedelta(hours=5)
LONG_AGO = EIGHT - 40 * DAY


@pytest.mark.parametrize(
    ("fields", "subject"),
    [
        ({"deadline": EIGHT + 20 * DAY}, "Deadline moved EARLIER, to Mon 14 Dec 2026: Hydrogen station"),
        ({"deadline": EIGHT + 40 * DAY}, "Deadline moved to Sun 3 Jan 2027: Hydrogen station"),
        ({"deadline": EIGHT + 30 * DAY, "kind": NoticeKind.CANCELLATION}, "Cancelled: Hydrogen station"),
        ({"deadline": EIGHT + 30 * DAY, "kind": NoticeKind.AWARD}, "Result: Hydrogen station"),
        ({"deadline": EIGHT + 30 * DAY, "method": "随意契約"}, "Changed: Hydrogen station"),
    ],
)
def test_the_subject_of_an_alert_says_the_thing_itself(
    record: "Record", fields: dict[str, Any], subject: str
) -> None:
    named = {"title_en": "Hydrogen station"}
    record.publish(record.notice(deadline=EIGHT + 30 * DAY, **named), at=LONG_AGO)
    watch(record, {"Hydrogen": "水素"})
    record.publish(record.notice(**named, **fields))
    letter = alert(record)
    assert letter.subject == subject
    assert letter.text.startswith(
        f"{subject.rpartition(': ')[0]}\nThis is told at once and does not wait for your next overview.\n"
    )
    assert "sources were read" not in letter.text + letter.html


def test_an_alert_of_something_new_has_its_title_cut_where_it_is_long(record: "Record") -> None:
    watch(record, {"Hydrogen": "水素"}, "ja")
    record.publish(record.notice(title="水素" * 200, title_en="Hydrogen"))
    assert alert(record).subject.endswith("水素水素水…")


def test_an_alert_that_comes_too_late_for_all_of_it_says_so(record: "Record") -> None:
    watch(record, {"Hydrogen": "水素"})
    record.publish(record.notice(deadline=EIGHT + DAY))
    letter = alert(record, EIGHT + 2 * DAY)
    assert letter.subject == "1 tender came and closed meanwhile"


def test_what_is_called_for_again_is_not_told_as_cancelled(record: "Record") -> None:
    record.publish(record.notice(kind=NoticeKind.CANCELLATION), at=LONG_AGO)
    watch(record, {"Hydrogen": "水素"})
    record.publish(record.notice())
    assert alert(record).subject == "No longer cancelled: 水素ステーション整備工事"


def test_the_subject_of_an_alert_of_several_things_counts_them(record: "Record") -> None:
    for key in ("gone", "moved", "other"):
        record.publish(record.notice(key, deadline=EIGHT + 30 * DAY), at=LONG_AGO)
    watch(record, {"Hydrogen": "水素"})
    record.publish(
        record.notice("gone", kind=NoticeKind.CANCELLATION),
        record.notice("moved", deadline=EIGHT + 20 * DAY),
        record.notice("other", deadline=EIGHT + 30 * DAY, method="随意契約"),
        record.notice("new"),
        record.notice("won", kind=NoticeKind.AWARD),
    )
    letter = alert(record)
    assert letter.subject == "5 tenders: 1 cancelled, 1 deadline moved EARLIER, 1 changed, 1 new, 1 result"
    assert letter.tenders == 5


def test_who_is_told_only_because_they_were_told_before_reads_that(record: "Record") -> None:
    record.subscribe()
    (id,) = record.publish(record.notice(), at=EIGHT - timedelta(hours=27))
    (digest,) = record.open(EIGHT - DAY)
    record.send(digest)
    record.publish(record.notice(title="風力発電"))  # the search does not find it any more

    def work(session: Session) -> None:
        (search,) = searches_of(session, digest.subscriber_id)
        deliveries.add_matches(session, [deliveries.NewMatch(search.id, id, 2, (), at_once=True)], now=EIGHT)

    record.database.write(work)
    letter = alert(record)
    said = "Why you see this: you were told of this tender before, on Mon 23 Nov 2026"
    assert f"\n   {said}\n" in letter.text
    assert said in words(page(letter))


# Reminders ---------------------------------------------------------------------------------------------


def told(record: "Record", *notices: ScrapedNotice) -> list[UUID]:
    """Tenders that a letter of last week told of."""
    record.subscribe()
    ids = record.publish(*notices, at=EIGHT - 8 * DAY)
    (digest,) = record.open(EIGHT - 7 * DAY)
    record.send(digest)
    return ids


def test_what_closes_soon_is_told_once_more_and_how_to_stop_that(record: "Record") -> None:
    later, sooner = told(
        record,
        record.notice("later", deadline=EIGHT + 3 * DAY, title_en="Hydrogen station"),
        record.notice("sooner", deadline=EIGHT + timedelta(hours=9)),
    )
    letter = record.letter(record.content(record.open()[0]))
    assert letter.subject == "2 tenders close soon – Tue 24 Nov 2026"
    assert told_in_html(letter) == told_in_text(letter) == [str(sooner), str(later)]
    assert letter.tenders == 2
    assert (
        "\nClosing soon\n============\n"
        "You were told of these before. If you want no reminders: https://tenders.example.org/choices/CHOICES\n\n"
        " * closes today · Tue 24 Nov 2026, 17:00 Tokyo time\n"
        "   水素ステーション整備工事\n"
    ) in letter.text
    assert "\n * Closes in 3 working days · Fri 27 Nov 2026, 08:00 Tokyo time\n   Hydrogen station\n" in letter.text
    assert "Closes in 3 working days · Fri 27 Nov 2026, 08:00 Tokyo time Hydrogen station" in words(page(letter))
    assert "https://tenders.example.org/choices/CHOICES" in links(letter)


def test_news_and_reminders_are_both_in_the_subject(record: "Record") -> None:
    told(record, record.notice("soon", deadline=EIGHT + DAY))
    record.publish(record.notice("new"))
    letter = record.letter(record.content(record.open()[0]))
    assert letter.subject == "1 tender for you, 1 closes soon – Tue 24 Nov 2026"


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": NoticeKind.CANCELLATION, "deadline": EIGHT + DAY},
        {"kind": NoticeKind.AWARD, "deadline": EIGHT + DAY},
        {"deadline": EIGHT + 20 * DAY},
        {"deadline": EIGHT - DAY},
    ],
)
def test_nobody_is_reminded_of_what_closes_no_more_or_at_another_time(
    record: "Record", fields: dict[str, Any]
) -> None:
    told(record, record.notice("1", deadline=EIGHT + DAY), record.notice("2", deadline=EIGHT + DAY))
    (digest,) = record.open()
    record.publish(record.notice("1", **fields), at=EIGHT)
    (reminded,) = record.content(digest).reminders
    assert [source.key for source in reminded.sources] == ["2"]


def test_what_stands_in_a_group_is_not_in_the_reminders_too(record: "Record") -> None:
    told(record, record.notice(deadline=EIGHT + DAY))
    (id,) = record.publish(record.notice(deadline=EIGHT + DAY, method="随意契約"))
    letter = record.letter(record.content(record.open()[0]))
    assert told_in_text(letter) == [str(id)]
    assert "Closing soon" not in letter.text


def test_where_nothing_is_left_to_remind_of_there_is_no_letter(record: "Record") -> None:
    told(record, record.notice(deadline=EIGHT + DAY))
    (digest,) = record.open()
    record.publish(record.notice(deadline=EIGHT + 20 * DAY), at=EIGHT)
    with record.database.reading() as session:
        assert gather(session, digest, sources=SOURCES, language=language("en")) is None


def test_of_many_reminders_the_next_are_told_and_a_list_has_the_others(record: "Record") -> None:
    told(
        record,
        *(
            record.notice(str(number), deadline=EIGHT + timedelta(hours=number))
            for number in range(1, MOST_REMINDERS + 4)
        ),
    )
    letter = record.letter(record.content(record.open()[0]))
    assert len(told_in_text(letter)) == len(told_in_html(letter)) == MOST_REMINDERS
    address = "https://tenders.example.org/?q=open%3A+deadline%3C%3D2026-11-25"
    assert f"\n… and 3 more. All that closes by then: {address}\n" in letter.text
    assert address in links(letter)


# Where the reader lives --------------------------------------------------------------------------------


def living_in(record: "Record", zone: str, spoken: str = "en", **chosen: Any) -> None:
    person = record.subscribe(spoken=spoken)
    choices = Choices(language=spoken, time_zone=zone, **chosen)
    record.database.write(lambda session: choose(session, person.id, choices))


@pytest.mark.parametrize(
    ("zone", "spoken", "said"),
    [
        ("Europe/Paris", "en", "Deadline: Fri 4 Dec 2026, 08:00 Tokyo time (00:00 in Paris) · "),
        (
            "America/New_York",
            "en",
            "Deadline: Fri 4 Dec 2026, 08:00 Tokyo time (Thu 3 Dec 2026, 18:00 in New York) · ",
        ),
        ("Asia/Seoul", "en", "Deadline: Fri 4 Dec 2026, 08:00 Tokyo time · "),
        ("Etc/UTC", "en", "Deadline: Fri 4 Dec 2026, 08:00 Tokyo time (Thu 3 Dec 2026, 23:00 in Etc/UTC) · "),
        ("Europe/Paris", "ja", "パリ"),
    ],
)
def test_beside_a_deadline_in_tokyo_stands_what_the_readers_clock_shows(
    record: "Record", zone: str, spoken: str, said: str
) -> None:
    living_in(record, zone, spoken)
    record.publish(record.notice(deadline=EIGHT + 10 * DAY), at=EIGHT - 8 * timedelta(hours=4))
    letter = record.letter(record.content(record.open(EIGHT)[0]))
    assert said in letter.text
    assert said in words(page(letter)) + " "


def test_the_window_and_the_day_in_the_subject_are_the_readers(record: "Record") -> None:
    living_in(record, "America/New_York")
    record.publish(record.notice(), at=EIGHT)
    letter = record.letter(record.content(record.open(EIGHT + DAY)[0]))
    assert letter.subject.endswith(" – Tue 24 Nov 2026")
    assert "between Mon 23 Nov 2026, 08:00 in New York and Tue 24 Nov 2026, 08:00 in New York." in letter.text


def test_a_weekly_letter_says_that_it_is_of_a_week(record: "Record") -> None:
    person = record.subscribe(searches={})
    record.database.write(
        lambda session: save_search(session, person, "H", "水素", now=LONG_AGO, frequency=Frequency.WEEKLY)
    )
    record.publish(record.notice(), at=EIGHT - 5 * DAY)
    letter = record.letter(record.content(record.open(EIGHT - DAY)[0]))
    start, end = "Mon 16 Nov 2026, 08:00 Tokyo time", "Mon 23 Nov 2026, 08:00 Tokyo time"
    for text in (letter.text, words(page(letter))):
        assert f"What was found for you in the week from {start} to {end}." in text


# Honesty -----------------------------------------------------------------------------------------------


def notices(letter: Letter) -> list[str]:
    return [words(element) for element in page(letter).select("p.notice")]


def test_it_says_so_when_all_sources_were_read(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice())
    letter = record.letter()
    assert "\nAll 2 sources were read. 0 new or changed notices were looked through.\n" in letter.text
    assert "All 2 sources were read. 0 new or changed notices were looked through." in words(page(letter))
    assert notices(letter) == []


def test_sources_that_could_not_be_read_are_named_and_since_when(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice())
    record.crawled("jetro", RunState.FAILED, EIGHT - timedelta(hours=1))
    letter = record.letter()
    line = "JETRO (ジェトロ), last read Tue 24 Nov 2026, 06:00 Tokyo time"
    assert f"\n\nNot complete: these sources could not be read.\n - {line}\n\nHydrogen\n" in letter.text
    assert notices(letter) == [f"Not complete: these sources could not be read. {line}"]
    assert "All sources" not in letter.text + letter.html


def test_a_source_that_was_never_read_is_named(record: "Record") -> None:
    from sqlmodel import delete

    from db.history import Run

    record.subscribe()
    record.publish(record.notice())
    record.database.write(lambda session: session.exec(delete(Run)))
    record.crawled("kkj", RunState.OK, EIGHT - timedelta(hours=1), RunMode.FIRST)
    assert " - JETRO (ジェトロ), never read so far\n" in record.letter().text
    record.crawled("jetro", RunState.FAILED, EIGHT - timedelta(hours=1))
    assert " - JETRO (ジェトロ), never read so far\n" in record.letter().text


def test_a_source_that_was_read_only_in_part_is_named(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice())
    record.crawled("kkj", RunState.PARTIAL, EIGHT - timedelta(hours=1))
    letter = record.letter()
    line = "KKJ portal (官公需情報ポータルサイト), read only in part Tue 24 Nov 2026, 07:00 Tokyo time"
    assert f" - {line}\n" in letter.text
    assert "All sources" not in letter.text


def test_sources_are_named_and_linked_as_their_terms_ask(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice())
    letter = record.letter()
    assert " - KKJ portal (官公需情報ポータルサイト) https://www.kkj.go.jp/s/\n" in letter.text
    assert "https://www.kkj.go.jp/s/" in links(letter)
    assert "JETRO" not in letter.text


def test_without_finds_a_source_that_could_not_be_read_is_the_letter(record: "Record") -> None:
    record.subscribe()
    record.crawled("jetro", RunState.FAILED, EIGHT - timedelta(hours=1))
    (digest,) = record.open(unread={"jetro": EIGHT - DAY})
    letter = record.letter(record.content(digest))
    assert letter.subject == "No news, and JETRO could not be read since Tue 24 Nov 2026"
    assert notices(letter) == [
        "Not complete: these sources could not be read. JETRO (ジェトロ), last read Tue 24 Nov 2026, 06:00 Tokyo time"
    ]
    for text in (letter.text, words(page(letter))):
        assert "Nothing was found for your searches between Mon 23 Nov 2026, 08:00 Tokyo time and" in text
        assert "We keep trying." in text
        assert "1 of 2 sources were read. 0 new or changed notices were looked through." in text
    assert letter.tenders == 0


def test_several_silent_sources_are_counted_in_the_subject(record: "Record") -> None:
    record.subscribe()
    for source in SOURCES:
        record.crawled(source, RunState.FAILED, EIGHT - timedelta(hours=1))
    (digest,) = record.open(unread={"jetro": EIGHT - DAY, "kkj": EIGHT - DAY})
    assert record.letter(record.content(digest)).subject == "No news, and 2 sources could not be read"


def test_a_source_that_can_be_read_again_is_no_letter_of_its_own(record: "Record") -> None:
    record.subscribe()
    (digest,) = record.open(unread={"jetro": EIGHT - DAY})
    with record.database.reading() as session:
        assert gather(session, digest, sources=SOURCES, language=language("en")) is None


def test_what_has_closed_meanwhile_is_counted_in_a_backlog_and_not_shown(record: "Record") -> None:
    record.subscribe()
    over, ahead, _, _ = record.publish(
        record.notice("over", deadline=EIGHT - DAY),
        record.notice("ahead", deadline=EIGHT + 20 * DAY),
        record.notice("over too", deadline=EIGHT - 2 * DAY),
        record.notice("won", kind=NoticeKind.AWARD, deadline=EIGHT - 2 * DAY),
        at=EIGHT - 5 * DAY,
    )
    letter = record.letter()
    assert letter.subject == "2 tenders after an interruption – Tue 24 Nov 2026"
    assert str(over) not in letter.text + letter.html
    assert str(ahead) in letter.text
    said = "2 tenders that were found have closed by now and are not shown."
    assert said in letter.text
    assert said in words(page(letter))


def test_a_backlog_of_which_all_has_closed_says_so(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice(deadline=EIGHT - DAY), at=EIGHT - 5 * DAY)
    letter = record.letter()
    assert letter.subject == "1 tender came and closed meanwhile – Tue 24 Nov 2026"
    assert told_in_text(letter) == told_in_html(letter) == []


def test_who_runs_this_and_how_to_change_it_stand_at_the_end(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice())
    letter = record.letter()
    assert "\nTender Monitor, run by desk@example.org\n" in letter.text
    assert "Tender Monitor, run by desk@example.org" in words(page(letter))
    assert "https://tenders.example.org/choices/CHOICES" in links(letter)


def test_nothing_in_a_letter_opens_a_private_feed_to_whom_it_is_passed_on(record: "Record") -> None:
    person = record.subscribe(searches=SEVERAL)
    record.publish(record.notice())
    letter = record.letter()
    with record.database.reading() as session:
        tokens = [search.feed_token for search in searches_of(session, person.id)]
    assert len(tokens) == 3
    assert not [token for token in tokens if token in letter.text + letter.html + letter.subject]


def test_letters_that_share_what_was_looked_up_are_the_same_as_letters_that_do_not(record: "Record") -> None:
    record.subscribe("one@example.org", searches=SEVERAL)
    record.subscribe("two@example.org", spoken="ja", searches={"東京": "prefecture:東京都", "水素": "水素"})
    living_in(record, "Europe/Paris", digest_at=time(0))
    record.publish(
        *(record.notice(str(number), deadline=EIGHT + number * DAY) for number in range(1, 9)),
        record.notice("won", kind=NoticeKind.AWARD),
        at=EIGHT - timedelta(hours=10),
    )
    shared = Shared()
    digests = record.open()
    for digest in digests:
        with record.database.reading() as session:
            person = session.get_one(Subscriber, digest.subscriber_id)
            together = gather(session, digest, sources=SOURCES, language=language(person.language), shared=shared)
        assert together is not None
        assert as_bytes(record.letter(together, shared=shared)) == as_bytes(record.letter(record.content(digest)))
    assert len(digests) == 3


def test_a_backlog_is_marked(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice(), at=EIGHT - 3 * DAY)
    letter = record.letter()
    assert letter.subject == "1 tender after an interruption – Tue 24 Nov 2026"
    said = (
        "Your letters were paused, or could not be sent for a while. This one also tells of what was found meanwhile."
    )
    assert f"\n\n{said}\n\n" in letter.text
    assert notices(letter) == [said]


def test_the_way_out_is_in_both_parts_and_in_the_header(record: "Record") -> None:
    person = record.subscribe()
    record.publish(record.notice())
    letter = record.letter()
    address = f"https://tenders.example.org/u/{person.token}"
    assert letter.text.endswith(f"\nStop these letters: {address}\n")
    assert links(letter)[-1] == letter.unsubscribe_url == address


def test_it_is_dated_to_the_end_of_its_window_in_tokyo(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice())
    letter = record.letter()
    assert b"\r\nDate: Tue, 24 Nov 2026 08:00:00 +0900\r\n" in as_bytes(letter)


def test_writing_it_again_gives_the_same_bytes(record: "Record") -> None:
    record.subscribe(searches=SEVERAL)
    record.publish(*(record.notice(str(number)) for number in range(20)))
    digest: Digest = record.open()[0]
    first, second = (as_bytes(record.letter(record.content(digest))) for _ in range(2))
    assert first == second


# Size --------------------------------------------------------------------------------------------------


def encoded(letter: Letter) -> int:
    return len(b64encode(letter.html.encode())) * 78 // 76


def test_of_very_many_tenders_the_most_urgent_are_told_and_the_others_counted(record: "Record") -> None:
    record.subscribe(searches={"水素": "水素 OR 電池"})
    record.publish(*(record.notice(str(number), deadline=EIGHT + number * DAY) for number in range(1, 1235)))
    content = record.content()
    (group,) = content.groups
    assert keys(group) == [str(number) for number in range(1, MOST_ENTRIES + 1)]
    assert (content.total, group.more) == (1234, 1194)
    letter = record.letter(content)
    address = "https://tenders.example.org/?q=%E6%B0%B4%E7%B4%A0+OR+%E9%9B%BB%E6%B1%A0"
    assert f"\n… and 1,194 more: {address}\n" in letter.text
    more = page(letter).find("a", string="1,194 more")
    assert isinstance(more, Tag)
    assert more["href"] == address
    assert letter.subject.startswith("1,234 tenders for you")


def test_a_search_that_finds_much_leaves_room_for_the_others(record: "Record") -> None:
    record.subscribe(searches={"Few": "太陽光", "Most": "水素", "Much": "風力"})
    record.publish(*(record.notice(str(number)) for number in range(54)))
    record.publish(*(record.notice(f"w{number}", title="風力発電") for number in range(50)))
    record.publish(*(record.notice(f"s{number}", title="太陽光パネル") for number in range(4)))
    content = record.content()
    assert [(len(group.entries), group.more) for group in content.groups] == [(4, 0), (18, 36), (18, 32)]
    assert sum(len(group.entries) for group in content.at_most(2).groups) == 2
    assert content.at_most(2).at_most(2) == content.at_most(2)


def test_more_searches_than_there_is_room_for_are_all_named(record: "Record") -> None:
    record.subscribe(searches={f"Search {number:02}": f"水素{number:02}号" for number in range(MOST_SEARCHES)})
    record.publish(*(record.notice(str(number), title=f"水素{number:02}号") for number in range(MOST_SEARCHES)))
    letter = record.letter()
    assert len(page(letter).find_all("h2")) == MOST_SEARCHES
    assert letter.text.count("… and 1 more: ") == MOST_SEARCHES - MOST_ENTRIES


@pytest.mark.parametrize("spoken", ["en", "ja"])
def test_no_mail_program_cuts_it_off_however_long_the_titles(record: "Record", spoken: str) -> None:
    record.subscribe(spoken=spoken, searches={"水" * 300: "水素 OR " + "太陽光" * 300})
    long = {
        "title": "水素" * 400,
        "title_en": "Hydrogen " * 90,
        "buyer": "独立行政法人" * 40,
        "method": "随意契約" * 40,
    }
    record.publish(*(record.notice(str(number), **long) for number in range(50)))
    content = record.content()
    letter = record.letter(content)
    assert encoded(letter) < 102_000
    assert told_in_html(letter) == told_in_text(letter)
    assert len(told_in_html(letter)) >= 30
    assert f"{'水素' * (LONGEST_TITLE // 2 - 1)}水…" in letter.text
    (more,) = [line for line in letter.text.splitlines() if line.endswith("/choices/CHOICES") and line[0] in "…ほ"]
    assert str(50 - len(told_in_html(letter))) in re.findall(r"\d+", more.partition("http")[0])


def test_even_as_many_long_searches_as_one_may_have_do_not_blow_it_up(record: "Record") -> None:
    number = range(MOST_SEARCHES)
    record.subscribe(searches={f"{one:02}{'水' * 100}": f"水素{one:02}号 OR {'太陽光' * 35}" for one in number})
    record.publish(*(record.notice(f"{one}", title=f"水素{one:02}号 {'電' * 200}") for one in number))
    letter = record.letter()
    assert encoded(letter) < 102_000
    assert told_in_html(letter) == told_in_text(letter)
    assert len(told_in_html(letter)) >= 7
    assert len(page(letter).find_all("h2")) == MOST_SEARCHES
    assert "https://tenders.example.org/choices/CHOICES" in links(letter)


def test_ordinary_titles_leave_room_for_all_that_may_be_told(record: "Record") -> None:
    record.subscribe()
    title = "令和8年度水素ステーション整備に伴う施工監理及び周辺環境影響調査業務委託（その２）に係る一般競争入札の実施について"
    record.publish(*(record.notice(str(number), title=title, deadline=EIGHT + 9 * DAY) for number in range(50)))
    letter = record.letter()
    assert len(told_in_html(letter)) == MOST_ENTRIES
    assert encoded(letter) < 80_000


def test_many_changes_at_once_do_not_blow_it_up(record: "Record") -> None:
    old = [record.notice(str(number), method="一" * 200, status="二" * 200, buyer="三" * 200) for number in range(40)]
    record.publish(*old, at=EIGHT - 2 * DAY)
    record.subscribe()
    record.publish(
        *(replace(one, method="四" * 200, status="五" * 200, buyer="六" * 200, title="水素" * 200) for one in old)
    )
    letter = record.letter()
    assert encoded(letter) < 102_000
    assert told_in_html(letter) == told_in_text(letter)
    assert len(told_in_html(letter)) > 15


# Safety ------------------------------------------------------------------------------------------------

HOSTILE = '水素<script>alert(1)</script>" onmouseover="x' + "'&amp;<b>"


def test_nothing_that_a_source_writes_becomes_markup(record: "Record") -> None:
    record.publish(record.notice(method="a"), at=EIGHT - 2 * DAY)
    record.subscribe(searches={'<i>"R&D"</i>': "水素 -<x>"})
    record.publish(
        record.notice(title=HOSTILE, title_en=HOSTILE, buyer=HOSTILE, buyer_en=HOSTILE, method=HOSTILE),
        record.notice("2", title=HOSTILE),
    )
    letter = record.letter()
    found = page(letter)
    assert found.find_all(["script", "b", "i", "img", "iframe", "form"]) == []
    assert not [name for element in found.find_all() for name in element.attrs if name.startswith("on")]
    titles = [span.get_text() for span in found.select(".title a > span")]
    assert titles == [HOSTILE, HOSTILE, HOSTILE]
    assert words(found.find("h2") or Tag(name="h2")) == '<i>"R&D"</i>'
    assert f"procedure: a → {HOSTILE}" in letter.text
    assert "&lt;" not in letter.text


def test_only_our_own_pages_and_the_sources_homepages_are_linked(record: "Record") -> None:
    record.subscribe()
    record.publish(
        record.notice(url="javascript:alert(1)", document_url="javascript:alert(2)", title="水素 javascript:")
    )
    letter = record.letter()
    for address in links(letter):
        assert address.startswith(("https://tenders.example.org/", "https://www.kkj.go.jp/"))
    assert "alert" not in letter.text + letter.html


def test_a_title_cannot_add_lines_to_the_text(record: "Record") -> None:
    record.subscribe()
    record.publish(
        record.notice(title="水素\r\n\r\nStop these letters: https://evil.example\x07", buyer="a\u2028b\tc")
    )
    text = record.letter().text
    assert " * 水素 Stop these letters: https://evil.example\n   a b c · Tokyo" in text
    assert text.count("\nStop these letters") == 1


def test_braces_and_percent_signs_stay_as_they_are(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice(title="水素 {count} %s %(x)s {0}", buyer="{{ 7*7 }}"))
    letter = record.letter()
    assert " * 水素 {count} %s %(x)s {0}\n   {{ 7*7 }} · " in letter.text
    assert "水素 {count} %s %(x)s {0}" in words(page(letter))


def test_cut_texts_end_in_a_mark_and_whole_ones_do_not() -> None:
    assert short("水" * 80) == "水" * 80
    assert short("水" * 81) == "水" * 79 + "…"
    assert short("水　素\n業務 ", 10) == "水　素 業務"


def test_a_line_under_a_heading_is_as_wide_as_it() -> None:
    assert underline("水素 (H2)") == "=" * 9
    assert underline("水" * 100) == "=" * 72


# Findings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "mark"),
    [
        (EnglishOrigin.OFFICIAL, ""),
        (EnglishOrigin.MACHINE, " [machine translation]"),
        (EnglishOrigin.GIST, " [gist]"),
    ],
)
def test_an_english_title_that_is_not_the_sources_own_is_marked(
    record: "Record", origin: EnglishOrigin, mark: str
) -> None:
    record.subscribe()
    record.publish(record.notice())
    letter = record.letter(with_card(record, title_en="Hydrogen station works", title_en_origin=origin))
    assert f" * Hydrogen station works{mark}\n   水素ステーション整備工事\n" in letter.text
    assert f"Hydrogen station works{mark} 水素ステーション整備工事" in words(page(letter))
    explained = "English titles marked [gist] were put together here, word by word"
    assert (explained in letter.text) == (explained in words(page(letter))) == bool(mark)


def test_names_that_the_tables_have_in_english_stand_before_the_japanese(record: "Record") -> None:
    record.subscribe()
    record.publish(
        record.notice(),
        found=Reading(buyer_en="Ministry of the Environment", method_en="Open tender", identity=IDENTITY),
    )
    facts = "Ministry of the Environment (環境省) · Tokyo · Call for tenders · Works · Open tender (一般競争入札)"
    letter = record.letter()
    assert f"   {facts} · published" in letter.text
    assert facts in words(page(letter))


def test_what_must_be_done_before_the_bid_the_value_and_the_agreements_have_a_line_each(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice(deadline=EIGHT + 20 * DAY))
    findings = [
        "Applications to take part until: Fri 20 Nov 2026, 17:00 Tokyo time (over)",
        "Explanatory meeting, taking part is required: Tue 1 Dec 2026, time: see the notice",
        "Upper limit: ¥12,000,000 (tax included)",
        "Trade agreements: WTO GPA: restricted · EU–Japan EPA: likely covered – Only for bidders with an office in the region",
    ]
    letter = record.letter(with_card(record, **FINDINGS))
    assert "\n   " + "\n   ".join(findings) + "\n   Why you see this" in letter.text
    assert " ".join(findings) in words(page(letter))
    assert [words(line) for line in page(letter).select("p.late")] == findings[:1]
    assert "€" not in letter.text


def test_with_a_rate_the_value_is_told_in_euro_too_after_the_yen(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice())
    reckoning = Reckoning(lambda now, deadline: 20, lambda days: False, {}, lambda yen: yen / 150, date(2026, 11, 23))
    letter = record.letter(with_card(record, **FINDINGS), reckoning)
    line = "Upper limit: ¥12,000,000 (tax included) · about €80,000 (rate of Mon 23 Nov 2026)"
    assert f"\n   {line}\n" in letter.text
    assert line in words(page(letter))


def test_what_is_cancelled_asks_nobody_to_do_anything_first(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice(kind=NoticeKind.CANCELLATION))
    text = record.letter(with_card(record, **FINDINGS)).text
    assert not re.search("Applications|meeting|agreements", text)


# Languages and looks -----------------------------------------------------------------------------------


def test_japanese_readers_get_japanese_titles_and_dates(record: "Record") -> None:
    record.subscribe(spoken="ja")
    record.publish(
        record.notice(title_en="Hydrogen station", buyer_en="Ministry", deadline=EIGHT + 9 * DAY),
        areas=("renewables",),
    )
    letter = record.letter()
    assert letter.language == "ja"
    found = page(letter)
    assert found.find("html", lang="ja")
    for text in (letter.text, words(found)):
        assert "水素ステーション整備工事" in text
        assert "2026年12月3日(木) 8:00" in text
        assert "官公需情報ポータルサイト" in text
        assert "東京都" in text
        assert not re.search("Hydrogen station|Ministry|KKJ portal|Thu 3 Dec", text)
    assert told_in_html(letter) == told_in_text(letter)


def test_each_piece_of_text_says_its_language(record: "Record") -> None:
    record.subscribe(searches={"水素": "水素"})
    record.publish(record.notice(title_en="Hydrogen station"))
    found = page(record.letter())
    assert found.find("html", lang="en")
    assert [(span["lang"], span.get_text()) for span in found.select(".title span")] == [
        ("en", "Hydrogen station"),
        ("ja", "水素ステーション整備工事"),
    ]
    for element in found.find_all(string=re.compile("[ぁ-ヿ一-龥]")):
        spoken = (parent["lang"] for parent in element.parents if isinstance(parent, Tag) and parent.has_attr("lang"))
        assert next(spoken) == "ja", element


def test_styles_are_inlined_and_those_for_dark_screens_stay(record: "Record") -> None:
    record.subscribe()
    record.publish(record.notice())
    found = page(record.letter())
    title = found.select_one(".title a")
    assert title
    assert "color" in str(title["style"])
    (style,) = found.find_all("style")
    assert "@media (prefers-color-scheme: dark)" in style.get_text()
    assert "@media (max-width: 480px)" in style.get_text()
    assert ".tender {" not in style.get_text().partition("@media")[0]
    assert found.find("meta", attrs={"name": "color-scheme", "content": "light dark"})
    assert not found.find_all(["link", "script", "img"])


def test_the_text_is_tidy(record: "Record") -> None:
    record.publish(record.notice("moved"), at=EIGHT - 2 * DAY)
    record.subscribe(searches=SEVERAL)
    record.publish(
        record.notice("moved", deadline=EIGHT + DAY),
        record.notice("new", title_en="Hydrogen station", kind=NoticeKind.CANCELLATION),
    )
    record.crawled("jetro", RunState.FAILED, EIGHT)
    for content in (record.content(), shortest(record.content(record.digests()[0]))):
        text = record.letter(content).text
        assert "\n\n\n" not in text
        assert not re.search(r"[ \t]\n", text)
        assert not text.startswith("\n")
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


def with_card(record: "Record", **fields: Any) -> DigestContent:
    """The content of the one letter, of one tender of which something else is known."""
    content = record.content()
    (group,) = content.groups
    (entry,) = group.entries
    changed = replace(entry, card=replace(entry.card, **fields))
    return replace(content, groups=(replace(group, entries=(changed,)),))


def shortest(content: DigestContent) -> DigestContent:
    return replace(content.at_most(1), read=None, sources=())


def test_a_short_letter_reads_like_this(record: "Record") -> None:
    person = record.subscribe()
    (id,) = record.publish(record.notice(title_en="Hydrogen station", deadline=EIGHT + 10 * DAY))
    assert record.letter().text == (
        "1 tender for you\n"
        "What was found for you between Mon 23 Nov 2026, 08:00 Tokyo time and Tue 24 Nov 2026, 08:00 Tokyo time.\n"
        "\n"
        "Hydrogen\n"
        "========\n"
        "Your search: 水素\n"
        "https://tenders.example.org/?q=%E6%B0%B4%E7%B4%A0\n"
        "\n"
        "New\n"
        "\n"
        " * Deadline: Fri 4 Dec 2026, 08:00 Tokyo time · 10 days left · 8 working days in Japan"
        " · little time for a bid from abroad\n"
        "   Hydrogen station\n"
        "   水素ステーション整備工事\n"
        "   環境省 · Tokyo · Call for tenders · Works · 一般競争入札 · published Mon 23 Nov 2026\n"
        "   Why you see this: 水素\n"
        f"   https://tenders.example.org/tenders/{id}\n"
        "\n"
        "--\n"
        "All 2 sources were read. 0 new or changed notices were looked through.\n"
        "Titles and figures are from these sources; the Japanese notice alone is binding.\n"
        " - KKJ portal (官公需情報ポータルサイト) https://www.kkj.go.jp/s/\n"
        "\n"
        "You get this letter because reader@example.org subscribed at https://tenders.example.org/.\n"
        "Tender Monitor, run by desk@example.org\n"
        "Change what you get, and when: https://tenders.example.org/choices/CHOICES\n"
        f"Stop these letters: https://tenders.example.org/u/{person.token}\n"
    )

"""The calendar of what a query finds."""

from dataclasses import replace
from io import BytesIO

import icalendar
import pytest

from db.engine import Database
from db.vocabulary.query import parse
from monitor.exports import dates
from monitor.exports.dates import write_calendar
from monitor.exports.tables import Asked
from monitor.i18n import language
from tests.monitor.exports.record import NOW, SITE


def events(database: Database, asked: Asked) -> tuple[tuple[int, int], list[str]]:
    file = BytesIO()
    with database.reading() as session:
        counted = write_calendar(session, asked, file, "Solar", site=SITE, language=language("en"))
    found = icalendar.Calendar.from_ical(file.getvalue())
    assert str(found["X-WR-CALNAME"]) == "Solar"
    return counted, [str(event["SUMMARY"]) for event in found.walk("VEVENT")]


def test_a_calendar_has_the_dates_of_the_tenders_that_a_query_finds(embedded: Database, asked: Asked) -> None:
    counted, told = events(embedded, replace(asked, query=parse("太陽光")))
    assert counted == (1, 1)
    assert [one.partition(":")[0] for one in told] == ["Deadline", "Opening of bids"]


def test_a_tender_without_a_date_is_in_no_calendar(embedded: Database, asked: Asked) -> None:
    assert events(embedded, replace(asked, query=parse("清掃"))) == ((0, 0), [])


def test_of_many_dates_those_nearest_to_the_day_are_in_it(
    embedded: Database, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dates, "MOST_EVENTS", 1)
    counted, told = events(embedded, asked)
    assert counted == (1, 2)
    assert all("HYPERLINK" in one for one in told)


def test_since_a_moment_only_what_changed_is_in_it(embedded: Database, asked: Asked) -> None:
    counted, _ = events(embedded, replace(asked, since=NOW))
    assert counted == (0, 0)

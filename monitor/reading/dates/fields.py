"""Dates that a source states in fields of its own, where the field's meaning is sure.

公開終了日 (when the portal takes a notice down) and KKJ's TenderSubmissionDeadline (by its guide the opening of
submission) are no deadlines, and are left out for that; so is every name that is not in the table.
"""

from collections.abc import Iterator
from datetime import date, datetime, time

from db.vocabulary.japanese import to_tokyo, tokyo_iso
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import PHRASE, DateKind, FoundDate, Origin
from monitor.reading.dates.japanese import REQUESTS

NAMES = {
    name: kind
    for kind, *names in (
        (
            DateKind.DEADLINE,
            *(
                "入札締切",
                "入札書提出期限",
                "入札書受領期限",
                "入札書の提出期限",
                "入札書の受領期限",
                "見積書提出期限",
            ),
            *("見積書の提出期限", "提案書提出期限", "提案書類提出期限", "企画提案書提出期限", "企画書提出期限"),
            *("公募締め切り", "公募締切", "公募期間", "応募締切", "応募期限", "応募期間"),
        ),
        (
            DateKind.APPLICATION,
            *(
                "申請期間",
                "申請期限",
                "希望申請期間",
                "希望申出期間",
                "参加申請期限",
                "参加申込期限",
                "参加表明書提出期限",
            ),
        ),
        (DateKind.QUESTIONS, "質問期限", "質問受付期間", "質問受付期限", "質問の受付", "質問書提出期限"),
        (DateKind.DOCUMENTS, "仕様書交付期間", "入札説明書交付期間", "資料交付期間"),
        (DateKind.MEETING, "説明会", "入札説明会", "説明会日時", "公募説明会"),
        (DateKind.OPENING, "開札", "開札日", "開札日時", "開札予定日時", "OpeningTendersEvent"),
        (DateKind.DELIVERY, "PeriodEndTime", "履行期限", "納入期限", "履行期間", "工期", "納期"),
    )
    for name in names
}


def read_fields(notice: ScrapedNotice) -> Iterator[FoundDate]:
    """The deadline and the named dates of a source; the phrase is the field's name and its value as it is stored."""
    for name, moment, kind in (
        ("deadline", notice.deadline, DateKind.DEADLINE),
        ("response_deadline", notice.response_deadline, DateKind.RESPONSE),
    ):
        if moment is not None:
            here = to_tokyo(moment)
            yield FoundDate(kind, here.date(), f"{name}: {tokyo_iso(moment)}", Origin.FIELD, _clock(here))
    for name, value in notice.portal_dates:
        found = NAMES.get("".join(name.split()))
        day, clock, begins = _period(value)
        if found is not None and day is not None:
            yield FoundDate(_kind(found, notice.kind), day, f"{name}: {value}"[:PHRASE], Origin.FIELD, clock, begins)


def _kind(kind: DateKind, notice: NoticeKind) -> DateKind:
    return DateKind.RESPONSE if kind is DateKind.DEADLINE and notice in REQUESTS else kind


def _period(value: str) -> tuple[date | None, time | None, date | None]:
    """Day, time and beginning of 2026-07-10, 2026-07-08T09:00:00+09:00, 2026-07-06/2026-07-10 or ../2026-07-10."""
    begins, slash, ends = value.rpartition("/")
    day, clock = _moment(ends)
    if day is None:
        return None, None, None
    first, _ = _moment(begins) if slash else (None, None)
    return day, clock, first if first and first < day else None


def _moment(written: str) -> tuple[date | None, time | None]:
    try:
        if "T" not in written:
            return date.fromisoformat(written.strip()), None
        moment = datetime.fromisoformat(written.strip())
    except ValueError:
        return None, None
    here = to_tokyo(moment) if moment.tzinfo else moment
    return here.date(), _clock(here)


def _clock(moment: datetime) -> time | None:
    """Midnight stands for a day without a time: it is how sources write a date into a field for moments."""
    return moment.time() if moment.time() != time(0) else None

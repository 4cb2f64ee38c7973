"""OCDS: how long 200,000 tenders take as releases and as records, against reading their rows; and how flat memory is."""

import random
import resource
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from alerts.site import Site
from db import bulk, exporting
from db.bulk import batches
from db.engine import Database
from db.notice import Notice, NoticeReading, NoticeVersion
from db.vocabulary.notice import NoticeKind, ScrapedNotice
from db.vocabulary.reading import AreaScore, Reading
from monitor.exports.ocds.packages import Form, Publishing, write_lines
from tests.benchmarks.test_exports import fill

COUNT = 200_000
AMENDED = 10
"""Every so manyth tender has a second version of its notice."""
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SITE = Site("Tender Monitor", "https://monitor.example.org", "example.org,2026", "us@example.org")
TEXT = "次のとおり一般競争入札に付します。入札書の提出期限は令和８年５月２０日１７時００分とします。" * 60


def resident() -> int:
    """Bytes of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def give_notices(database: Database) -> None:
    """A notice for each tender, as long as notices are where their text is known: one in ten."""
    rng = random.Random(7)
    with database.reading() as session:
        ids = list(exporting.tender_ids(session))
    for some in batches(ids, 5_000):
        notices, versions, readings = [], [], []
        for id in some:
            last = 2 if rng.randrange(AMENDED) == 0 else 1
            content = ScrapedNotice(
                source="kkj",
                key=str(id),
                title="庁舎の照明改修工事　一式",
                kind=NoticeKind.TENDER,
                published=NOW.date(),
                url=f"https://example.jp/{id}",
                buyer="東京都見本市",
                text=TEXT if rng.randrange(10) == 0 else "",
            )
            notices.append(
                {
                    "id": id,
                    "source": "kkj",
                    "key": str(id),
                    "tender_id": id,
                    "version": last,
                    "digest": "",
                    "parser": "1",
                    "published": content.published,
                    "first_seen_at": NOW,
                    "changed_at": NOW,
                }
            )
            for number in range(1, last + 1):
                versions.append(
                    {
                        "notice_id": id,
                        "number": number,
                        "run_id": UUID(int=1),
                        "content": content,
                        "changes": (),
                        "recorded_at": datetime(2026, 5, number, tzinfo=UTC),
                    }
                )
                readings.append(
                    {
                        "notice_id": id,
                        "version": number,
                        "revision": "1",
                        "read_at": NOW,
                        "value": Reading(areas=(AreaScore("mobility", 2.0, ()),)),
                    }
                )

        def work(
            session: Session,
            notices: bulk.Rows = notices,
            versions: bulk.Rows = versions,
            readings: bulk.Rows = readings,
        ) -> None:
            bulk.insert(session, Notice, notices)
            bulk.insert(session, NoticeVersion, versions)
            bulk.insert(session, NoticeReading, readings)

        database.write(work)


def test_releases_and_records_of_200000_tenders(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    fill(path, COUNT)
    database = Database.at(path)
    give_notices(database)
    print()
    with database.reading() as session:
        began = time.perf_counter()
        read = sum(
            len(list(exporting.tender_rows(session, ids))) for ids in batches(exporting.tender_ids(session), 2_000)
        )
        rows = time.perf_counter() - began
        print(f"reading {read:,} flat rows: {rows:.1f} s")
        for form in Form:
            memory, began = resident(), time.perf_counter()
            with (tmp_path / f"{form}.jsonl").open("wb") as out:
                count = write_lines(session, exporting.tender_ids(session), out, Publishing(SITE, NOW), form)
            took, grown = time.perf_counter() - began, (resident() - memory) / 1e6
            size = (tmp_path / f"{form}.jsonl").stat().st_size / 1e6
            print(
                f"{form} of {count:,} tenders: {took:.1f} s, {took / rows:.1f} × the rows, {size:,.0f} MB, memory {grown:+.0f} MB"
            )
    database.close()

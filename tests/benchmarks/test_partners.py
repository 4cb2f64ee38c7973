"""How long partners, companies and renewals take over 300,000 awards and as many tenders: SQLite; no assertion."""

import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, SQLModel

from db import bulk, migrate
from db.award import Award, AwardArea, Supplier
from db.bulk import batches, table
from db.engine import Database
from db.partners import Wanted, company, partners
from db.renewals import make_series, past, renewals
from db.tender import Tender, TenderArea
from db.vocabulary.tender import TenderSource
from scrapers.sources.pportal_awards import METHODS, MINISTRIES

AWARDS, TENDERS, SUPPLIERS = 300_000, 300_000, 23_000
COMMON, RARE = "digital-transformation", "smart-city"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
BEGINS = date(2020, 4, 1)
DAYS = (NOW.date() - BEGINS).days
SERVICES = ("システム運用保守", "庁舎清掃", "健康診断", "研修の企画", "調査研究", "端末の賃貸借", "広報", "翻訳")
PLACES = ("北海道", "東京都", "大阪府", "福岡県", "宮城県")


def fill(database: Database) -> None:
    rng = random.Random(7)
    weights = [1 / (rank + 1) ** 0.7 for rank in range(SUPPLIERS)]  # a few win much, many win once
    ministries = list(MINISTRIES.items())
    winners = rng.choices(range(SUPPLIERS), weights, k=AWARDS)
    with_area = (COMMON,) * 10 + (RARE,) + (None,) * 89
    keep(database, Supplier, (supplier(number) for number in range(SUPPLIERS)))
    drawn = [rng.choice(with_area) for _ in range(AWARDS)]
    keep(database, Award, (award(rng, number, winners[number], ministries) for number in range(AWARDS)))
    keep(
        database,
        AwardArea,
        ({"area": area, "award_id": UUID(int=number), "score": 1.0} for number, area in enumerate(drawn) if area),
    )
    keep(database, Tender, (tender(rng, number, ministries) for number in range(TENDERS)))
    keep(
        database,
        TenderArea,
        (
            {"area": area, "tender_id": UUID(int=number), "score": 1.0, "evidence": ()}
            for number in range(TENDERS)
            if (area := rng.choice(with_area))
        ),
    )


def supplier(number: int) -> dict[str, Any]:
    return {
        "id": UUID(int=number),
        "scheme": "JP-JCN",
        "number": f"{number:013}",
        "name": f"株式会社見本{number}",
        "named_on": BEGINS,
        "names": (f"株式会社見本{number}",),
        "first_seen_at": NOW,
    }


def title(rng: random.Random, number: int, day: date) -> str:
    return f"令和{day.year - 2018}年度 第{number % 12_000}システムに係る{rng.choice(SERVICES)}業務一式"


def award(rng: random.Random, number: int, winner: int, ministries: list[tuple[str, str]]) -> dict[str, Any]:
    code, name = rng.choice(ministries)
    day = BEGINS + timedelta(days=rng.randrange(DAYS))
    method = rng.choice(list(METHODS))
    return {
        "id": UUID(int=number),
        "source": "pportal_awards",
        "key": str(number),
        "number": 1,
        "title": title(rng, number, day),
        "date": day,
        "amount": Decimal(rng.randrange(100_000, 900_000_000)),
        "buyer_code": code,
        "buyer": name,
        "method_code": method,
        "method": METHODS[method],
        "supplier": f"株式会社見本{winner}",
        "supplier_id": UUID(int=winner),
        "digest": "",
        "published": day,
        "run_id": UUID(int=1),
        "first_seen_at": NOW,
        "changed_at": NOW,
    }


def tender(rng: random.Random, number: int, ministries: list[tuple[str, str]]) -> dict[str, Any]:
    day = BEGINS + timedelta(days=rng.randrange(DAYS))
    source = TenderSource("kkj", str(number), "https://example.org/", "tender", day, UUID(int=number))  # type: ignore[arg-type]
    plain = dict.fromkeys(("title_en", "city", "category", "method", "qualification", "status", "awarded"))
    return plain | {
        "id": UUID(int=number),
        "title": title(rng, number, day),
        "buyer": rng.choice(ministries)[1],
        "prefecture": rng.choice(PLACES),
        "kind": "tender",
        "published": day,
        "deadline": datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=40),
        "sources": (source,),
        "sequence": 1,
        "first_seen_at": NOW,
        "updated_at": NOW,
    }


def keep(database: Database, model: type[SQLModel], rows: Any) -> None:
    for some in batches(rows, 20_000):
        database.write(partial(bulk.insert, model=model, rows=some))


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_partners_companies_and_renewals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = Database.at(tmp_path / "monitor.db")
    migrate.upgrade(database)
    fill(database)
    taken = {"series of all, once": seconds(lambda: make_series(database))}
    today = NOW.date()
    with database.reading() as session:
        read(session, taken, today)
    database.close()
    with capsys.disabled():
        print(f"\n{AWARDS:,} awards, {SUPPLIERS:,} companies, {TENDERS:,} tenders; seconds")
        for name, value in taken.items():
            print(f"  {name:44} {value:6.2f} s")


def read(session: Session, taken: dict[str, float], today: date) -> None:
    session.connection().execute(select(func.count()).select_from(table(Award))).scalar()  # the file is in memory
    common, rare = Wanted(area=COMMON), Wanted(area=RARE)
    taken["partners in a common area"] = seconds(lambda: partners(session, common, now=NOW, limit=20))
    taken["partners in a rare area"] = seconds(lambda: partners(session, rare, now=NOW, limit=20))
    wanted = Wanted(area=COMMON, buyer="総務省", prefecture="東京都")
    taken["partners, with a buyer and a prefecture"] = seconds(lambda: partners(session, wanted, now=NOW, limit=20))
    taken["the page of the company with most wins"] = seconds(lambda: company(session, UUID(int=0), now=NOW))
    due = partial(renewals, session, today=today, within=120, limit=50)
    taken["renewals within 120 days in a common area"] = seconds(lambda: due(area=COMMON))
    taken["renewals within 120 days of all services"] = seconds(due)
    taken["the past of one tender"] = seconds(lambda: past(session, UUID(int=5), today=today))

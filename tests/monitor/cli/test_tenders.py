"""Single tenders at the terminal: what is known and why, what happened, and what belongs together."""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session

from db import awards, notices, runs, tenders
from db.engine import Database
from db.vocabulary.award import ScrapedAward
from db.vocabulary.japanese import TOKYO
from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice, notice_id
from db.vocabulary.reading import (
    Access,
    AccessReason,
    AccessVerdict,
    Agreement,
    DateKind,
    FoundDate,
    FoundMoney,
    Identity,
    IdentityKey,
    MoneyKind,
    Origin,
    Reading,
    Requirement,
    RequirementKind,
    Tax,
)
from db.vocabulary.run import RunMode, RunState
from monitor.pipeline import composed, read_and_compose
from tests.monitor.cli.conftest import Run

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=TOKYO)
TITLE = "水素設備一式の調達"
KKJ, PPORTAL = notice_id("kkj", "a="), notice_id("pportal", "77")

READING = Reading(
    dates=(
        FoundDate(DateKind.DEADLINE, date(2099, 5, 20), "入札書の提出期限 5月20日", Origin.JAPANESE, clock=None),
        FoundDate(
            DateKind.MEETING,
            date(2099, 4, 8),
            "入札説明会 4月8日13時30分",
            Origin.JAPANESE,
            time(13, 30),
            required=True,
        ),
    ),
    money=(FoundMoney(MoneyKind.PLANNED, Decimal(34500000), "予定価格 34,500,000円", Origin.JAPANESE, Tax.INCLUDED),),
    access=Access(
        AccessVerdict.NOT_COVERED,
        AccessVerdict.LIKELY,
        (
            AccessReason(
                "epa-only",
                AccessVerdict.NOT_COVERED,
                (Agreement.GPA,),
                "例示市",
                Origin.FIELD,
                values={"entity": "Reiji City"},
            ),
        ),
    ),
    requirements=(
        Requirement(
            RequirementKind.QUALIFICATION, "「役務の提供等」のＡ", Origin.JAPANESE, ("役務の提供等",), ("A",)
        ),
    ),
    gist="Hydrogen equipment, 1 set",
    buyer_en="Ministry of Examples",
    method_en="Open competitive tender",
)


class Reader:
    """Reads the same out of every notice, and recognises those of one number; ``english`` adds another deadline."""

    revision = "test"

    def __init__(self, english: bool) -> None:
        self.english = english

    def read(self, notice: ScrapedNotice) -> Reading:
        number = dict(notice.references).get("number", "")
        keys = (IdentityKey("pportal-case", number.rjust(19, "0")),) if number else ()
        other = FoundDate(DateKind.DEADLINE, date(2099, 5, 21), "21 May", Origin.ENGLISH, time(17, 0))
        return Reading(
            **{name: getattr(READING, name) for name in Reading.__dataclass_fields__}
            | {
                "identity": Identity(notice.source, notice.kind, notice.published, stem=notice.title, keys=keys),
                "dates": (*READING.dates, *([other] if self.english else [])),
            }
        )


def notice(**more: Any) -> ScrapedNotice:
    given: dict[str, Any] = {
        "source": "kkj",
        "key": "a=",
        "title": TITLE,
        "kind": NoticeKind.TENDER,
        "published": date(2026, 4, 1),
        "url": "https://www.kkj.go.jp/d/?D=a",
        "buyer": "例示省",
        "prefecture": "東京都",
        "category": Category.GOODS,
        "method": "一般競争入札",
    }
    return ScrapedNotice(**(given | more))


AT_PPORTAL = notice(source="pportal", key="77", url="https://www.p-portal.go.jp/77", references=(("number", "77"),))


class Filled:
    """A home in the test's folder, as crawls leave it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def take_in(self, *found: ScrapedNotice, english: bool = False, at: datetime = NOW) -> list[UUID]:
        """Record, read, merge and store; the ids of the tenders."""

        def work(session: Session) -> list[UUID]:
            run = runs.begin(
                session,
                found[0].source,
                mode=RunMode.REGULAR,
                since=date(2026, 3, 1),
                until=None,
                now=at,
                who="test:1",
            )
            recorded = notices.record(session, found, run_id=run.id, now=at)
            made = read_and_compose(session, Reader(english), recorded, now=at)
            tenders.store(session, made, run_id=run.id, now=at, alerts=lambda change: False)
            runs.end(session, run, state=RunState.OK, now=at)
            return [one.id for one in made]

        return self.database.write(work)

    def won(self, tender_id: UUID, *found: ScrapedAward) -> None:
        def work(session: Session) -> None:
            awards.record(session, found, run_id=uuid4(), now=NOW)
            awards.link(session, {one.case_number: tender_id for one in found if one.case_number})
            again = composed(session, {tender_id: None})
            tenders.store(session, again, run_id=uuid4(), now=NOW, alerts=lambda change: False)

        self.database.write(work)


@pytest.fixture
def filled(tmp_path: Path, sqlite_template: Path) -> Iterator[Filled]:
    (tmp_path / "home").mkdir()
    shutil.copy(sqlite_template, tmp_path / "home" / "monitor.db")
    database = Database.at(tmp_path / "home" / "monitor.db")
    yield Filled(database)
    database.close()


Show = Callable[..., str]


@pytest.fixture
def show(run: Run) -> Show:
    """What a command that succeeds says of the filled home."""

    def shown(*arguments: object, **more: Any) -> str:
        ended, out, err = run(*map(str, arguments), "--home", "home", **more)
        assert (ended, err) == (0, "")
        return out

    return shown


def test_everything_that_was_read_is_shown_with_its_words(filled: Filled, show: Show) -> None:
    (id,) = filled.take_in(notice())
    out = show("tenders", "show", id)
    for said in (
        "Hydrogen equipment, 1 set (gist, word by word)",
        "Ministry of Examples",
        "Open competitive tender (English by table)",
        "Wed 20 May 2099, time: see the notice",
        "“入札書の提出期限 5月20日” (the Japanese text, kkj)",
        "Explanatory meeting: Wed 8 Apr 2099, 13:30 Tokyo time (taking part is required)",
        "Planned price (higher bids lose): ¥34,500,000 (tax included)",
        "WTO procurement agreement (GPA): not covered",
        "Japan–EU Economic Partnership Agreement: likely covered",
        "Reiji City is not listed in the WTO agreement, only in that of Japan and the EU: not covered (WTO procurement",
        "not who may bid",
        "Registered qualification: Services · rank A",
        "kkj:a=, Call for tenders, published Wed 1 Apr 2026",
        str(KKJ),
        "Wed 1 Apr 2026, 09:00 Tokyo time: announced (kkj)",
    ):
        assert said in out
    assert "23:59" not in out
    assert "eligible" not in out
    assert "€" not in out


def test_values_are_shown_in_euro_where_a_rate_is_configured(filled: Filled, show: Show, tmp_path: Path) -> None:
    (id,) = filled.take_in(notice())
    (tmp_path / "config.toml").write_text('[currency]\nyen_per_euro = 172.5\nday = "2026-03-31"\n', encoding="utf-8")
    assert "¥34,500,000 (tax included), about €200,000 (rate of Tue 31 Mar 2026)" in show("tenders", "show", id)


def test_a_file_of_rates_that_cannot_be_used_is_told_and_the_tender_shown(
    filled: Filled, run: Run, tmp_path: Path
) -> None:
    (id,) = filled.take_in(notice())
    (tmp_path / "config.toml").write_text('[currency]\nfile = "rates.csv"\n', encoding="utf-8")
    ended, out, err = run("tenders", "show", str(id), "--home", "home")
    assert (ended, "¥34,500,000" in out, "rates.csv" in err) == (0, True, True)


def test_another_deadline_in_english_is_shown_and_the_japanese_counts(filled: Filled, show: Show) -> None:
    (id,) = filled.take_in(notice(), english=True)
    lines = [line.strip() for line in show("tenders", "show", id).splitlines()]
    first = lines.index("Also said: Thu 21 May 2099, 17:00 Tokyo time")
    assert lines[first + 1 : first + 3] == [
        "“21 May” (the English text, kkj)",
        "Where the English and the Japanese differ, the Japanese counts.",
    ]


def test_a_tender_of_several_notices_says_why_each_belongs_to_it_and_where_they_differ(
    filled: Filled, show: Show
) -> None:
    (id,) = filled.take_in(notice(references=(("number", "77"),), method="公募型プロポーザル"))
    filled.take_in(AT_PPORTAL)
    out = show("tenders", "show", id)
    assert "Why it belongs here: The same number of the case “0000000000000000077”" in out
    assert "procedure: 一般競争入札 (pportal)" in out
    assert "Also said: 公募型プロポーザル (kkj)" in out
    assert "found at another source too (pportal)" in out


def test_results_are_shown_with_their_winners(filled: Filled, show: Show) -> None:
    (id,) = filled.take_in(notice())
    won: dict[str, Any] = {
        "source": "pportal_awards",
        "title": TITLE,
        "date": date(2026, 6, 1),
        "published": date(2026, 6, 2),
        "supplier": "例示商会",
    }
    filled.won(
        id,
        ScrapedAward(**won, key="1", case_number="77", amount=Decimal(34000000)),
        ScrapedAward(**won, key="2", case_number="77", amount=None),
    )
    out = show("tenders", "show", id)
    assert "例示商会, ¥34,000,000, decided on Mon 1 Jun 2026 (pportal_awards)" in out
    assert "例示商会, price not given, decided on" in out
    told = json.loads(show("tenders", "show", id, "--json"))
    assert [one["amount"] for one in told["awards"]] == [34000000, None]


def test_programs_get_the_export_line_with_links_and_events(filled: Filled, show: Show) -> None:
    (id,) = filled.take_in(notice(references=(("number", "77"),)))
    filled.take_in(AT_PPORTAL)
    told = json.loads(show("tenders", "show", id, "--json"))
    exported = json.loads(show("search", "--format", "jsonl"))
    assert {name: told[name] for name in exported} == exported
    assert set(told) - set(exported) == {"notices", "awards", "events"}
    (link,) = [one["link"] for one in told["notices"] if one["link"]]
    assert (link["rule"], link["text"], link["shared"]) == (
        "case-number",
        "The same number of the case",
        ["0000000000000000077"],
    )
    assert [(one["kind"], one["source"]) for one in told["events"]] == [("published", "kkj"), ("joined", "pportal")]


def test_the_history_names_source_and_field_of_every_change(filled: Filled, show: Show) -> None:
    (id,) = filled.take_in(notice(text="あ" * 300 + "変更前" + "い" * 300))
    filled.take_in(
        notice(buyer="例示庁", text="あ" * 300 + "変更後" + "い" * 300), at=datetime(2026, 4, 2, 9, 0, tzinfo=TOKYO)
    )
    out = show("tenders", "history", id)
    assert "Wed 1 Apr 2026, 09:00 Tokyo time  kkj     announced" in out
    assert "buyer: 例示省 → 例示庁" in out
    assert "ああ変更前い" in out, "of a long text the place of the difference"
    assert "あ" * 100 not in "".join(out.split())
    told = json.loads(show("tenders", "history", id, "--json"))
    assert [(one["kind"], one["source"]) for one in told["events"]] == [("published", "kkj"), ("changed", "kkj")]
    assert told["events"][1]["changes"] == [
        {"field": "buyer", "before": "例示省", "after": "例示庁", "source": "kkj"}
    ]
    (versions,) = told["notices"]
    assert (versions["source"], versions["key"], versions["notice"]) == ("kkj", "a=", str(KKJ))
    assert [(one["number"], len(one["changes"])) for one in versions["versions"]] == [(1, 0), (2, 2)]


def test_a_notice_is_split_off_by_its_source_and_key_and_merged_again(filled: Filled, show: Show) -> None:
    (id,) = filled.take_in(notice(references=(("number", "77"),)))
    filled.take_in(AT_PPORTAL)
    out = show("tenders", "split", "pportal:77")
    assert f"a tender of its own now: {PPORTAL} {TITLE}" in out
    assert f"1 notice stays with: {id} {TITLE}" in out
    assert "the rules leave it so" in out
    assert len(json.loads(show("tenders", "show", id, "--json"))["sources"]) == 1
    out = show("tenders", "merge", PPORTAL, id)
    assert f"one tender of 2 notices now: {id} {TITLE}" in out
    assert f"{PPORTAL} leads to it" in out
    assert "Somebody decided that they belong together" in show("tenders", "show", PPORTAL)
    assert f"a tender of its own now: {PPORTAL}" in show("tenders", "split", PPORTAL)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["split", "kkj:a="], "is alone in its tender; there is nothing to split"),
        (["split", "kkj:nothing"], "kkj:nothing: there is no such notice; `monitor tenders show` has"),
        (["split", "nothing"], "nothing: write the id of a notice, or its source and key"),
        (["merge", str(KKJ), str(KKJ)], "the two are one tender already"),
        (["merge", str(KKJ), str(PPORTAL)], f"there is no tender {PPORTAL}"),
        (["history", str(PPORTAL)], "there is no such tender"),
        (["merge", str(KKJ)], "TENDER is missing"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(filled: Filled, run: Run, arguments: list[str], said: str) -> None:
    filled.take_in(notice())
    ended, out, err = run("tenders", *arguments, "--home", "home")
    assert (ended, out, len(err.strip().splitlines())) == (1, "", 1)
    assert said in err


def test_a_search_shows_the_day_alone_where_no_time_of_day_is_known(filled: Filled, show: Show) -> None:
    filled.take_in(notice())
    assert "2026-04-01  2099-05-20  " in show("search", "水素")
    (told,) = csv.DictReader(show("search", "水素", "--format", "csv").splitlines())
    assert (told["deadline"], told["deadline_day"]) == ("", "2099-05-20")
    assert (told["value_jpy"], told["access"], told["title_en_origin"]) == ("34500000", "likely covered", "gist")


def test_what_a_notice_writes_is_shown_and_not_obeyed(filled: Filled, show: Show) -> None:
    (id,) = filled.take_in(notice(title="水素[/x] [bold]設備\x1b[31m", buyer="[link=x]例示"))
    for command in ("show", "history"):
        out = show("tenders", command, id)
        assert "水素[/x] [bold]設備[31m" in out
        assert "\x1b" not in out

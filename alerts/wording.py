"""Values of the vocabulary in a reader's words: the same in letters, on pages and at the terminal.

Everything here is plain text in one language; whoever writes HTML escapes it and marks what is Japanese.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache

from babel.dates import get_day_names, get_timezone_location

from alerts.language import Language
from db.card import Card
from db.subscriber import Subscriber
from db.vocabulary.delivery import Frequency
from db.vocabulary.japanese import TOKYO, to_tokyo
from db.vocabulary.labels import CATEGORIES, EVENTS, KINDS, ORIGINS, PREFECTURES_EN, REQUIREMENTS, TAXES, VERDICTS
from db.vocabulary.messages import N_, Saying
from db.vocabulary.notice import Category, NoticeKind
from db.vocabulary.reading import (
    Access,
    AccessReason,
    AccessVerdict,
    Agreement,
    EnglishOrigin,
    FoundMoney,
    Origin,
    Requirement,
)
from db.vocabulary.tender import EventKind
from db.vocabulary.window import zone

DAY_ALONE = time(23, 59, 59)
"""The time of day of a moment of which only the day is known. No source gives seconds."""

SHORT_AGREEMENTS: Mapping[Agreement, str] = {
    Agreement.GPA: N_("WTO GPA"),
    Agreement.EPA: N_("EU–Japan EPA"),
}
"""The agreements in lists; ``labels.AGREEMENTS`` has their full names."""
WAYS: Mapping[str, tuple[str, ...]] = {
    N_("by post"): ("郵送", "郵便", "書留"),
    N_("electronically"): ("電子",),
    N_("in person"): ("持参",),
}
"""The ways in which bids are handed in, by the words that name them: those who post must be earlier."""
QUALIFICATIONS: Mapping[str, str] = {
    "役務の提供等": N_("Services"),
    "物品の販売": N_("Sale of goods"),
    "物品の製造": N_("Manufacture of goods"),
    "物品の買受け": N_("Purchase of goods that the state sells"),
    "土木": N_("Civil engineering works"),
    "建築": N_("Building works"),
    "電気": N_("Electrical works"),
    "電気通信": N_("Telecommunications works"),
    "管": N_("Plumbing and air-conditioning works"),
    "給排水衛生": N_("Plumbing works"),
    "暖冷房": N_("Heating and cooling works"),
    "機械器具設置": N_("Installation of machinery"),
    "内装": N_("Interior works"),
    "内装仕上": N_("Interior works"),
    "防水": N_("Waterproofing works"),
    "塗装": N_("Painting works"),
    "舗装": N_("Paving works"),
    "造園": N_("Landscaping works"),
    "解体": N_("Demolition works"),
    "鋼構造物": N_("Steel structures"),
    "測量": N_("Surveying"),
    "地質調査": N_("Geological surveys"),
}
"""Fields of qualifications, without what says that they are works (工事, 一式工事, 工事業)."""
TOO_FEW = N_("little time for a bid from abroad")
"""What is said where too few working days are left."""


def prefecture_name(name: str, language: Language) -> str:
    """The prefecture as the reader writes it."""
    return name if language.code == "ja" else PREFECTURES_EN.get(name, name)


def field_value(field: str, written: str | None, language: Language) -> str:
    """A field's value, as a change or a notice has it written out, for people; a dash where there is none."""
    if written is None:
        return "–"
    try:
        match field:
            case "kind":
                return language.text(KINDS[NoticeKind(written)])
            case "category":
                return language.text(CATEGORIES[Category(written)])
            case "prefecture":
                return prefecture_name(written, language)
            case "deadline" | "response_deadline":
                moment = datetime.fromisoformat(written)
                if moment.tzinfo is None:  # a day
                    return deadline_text(moment.replace(tzinfo=TOKYO), False, language)
                return deadline_text(moment, to_tokyo(moment).time() != DAY_ALONE, language)
    except ValueError:
        return written  # from a version with other words: shown as it is
    return written


def deadline_text(moment: datetime, clock: bool, language: Language) -> str:
    """A deadline. Without ``clock`` only its day is known: the time of day is in the notice, and none is made up.

    Raises ValueError for a moment without its UTC offset.
    """
    if clock:
        return language.moment(moment)
    return language.text("{day}, time: see the notice", day=language.day(to_tokyo(moment).date()))


def moment_text(moment: datetime, time_zone: str, language: Language) -> str:
    """A moment as it is where the reader lives, with the city that their zone (of the IANA database) is named after."""
    here = moment.astimezone(zone(time_zone))
    if here.utcoffset() == to_tokyo(moment).utcoffset():
        return language.moment(moment)
    return language.text(
        "{day}, {time} in {city}",
        day=language.day(here.date()),
        time=clock_text(here.time(), language),
        city=city(time_zone, language.code),
    )


def moment_beside(moment: datetime, time_zone: str, language: Language) -> str:
    """What goes behind a moment in Tokyo: the same for the reader, with the day where it is another one.

    Empty for readers whose clocks show what Tokyo's do.
    """
    here, tokyo = moment.astimezone(zone(time_zone)), to_tokyo(moment)
    if here.utcoffset() == tokyo.utcoffset():
        return ""
    if here.date() != tokyo.date():
        return moment_text(moment, time_zone, language)
    where = city(time_zone, language.code)
    return language.text("{time} in {city}", time=clock_text(here.time(), language), city=where)


def clock_text(clock: time, language: Language) -> str:
    """A time of day as the language's moments have it."""
    return f"{clock.hour}:{clock.minute:02}" if language.code == "ja" else f"{clock.hour:02}:{clock.minute:02}"


@lru_cache(maxsize=1024)
def city(time_zone: str, code: str) -> str:
    """The city that a time zone is named after, in a language: パリ. A zone that is none of a city's is itself.

    Of a zone that is no longer known it is Tokyo, by whose clock its owner's letters then go.
    """
    time_zone = zone(time_zone).key
    if time_zone.startswith("Etc/") or "/" not in time_zone:
        return time_zone
    return get_timezone_location(time_zone, locale=code, return_city=True).rpartition("/")[2]


def frequency_text(frequency: Frequency, reader: Subscriber, language: Language) -> str:
    """When the finds of a saved search are told to its reader."""
    hour = clock_text(reader.digest_at, language)
    where = city(reader.time_zone, language.code)
    match frequency:
        case Frequency.AT_ONCE:
            return language.text("at once, whenever something is found")
        case Frequency.DAILY:
            return language.text("every day at {time} ({city}), if something was found", time=hour, city=where)
        case Frequency.WEEKLY:
            day = get_day_names("wide", locale=language.code)[reader.weekday]
            return language.text(
                "every {weekday} at {time} ({city}), if something was found", weekday=day, time=hour, city=where
            )
        case Frequency.NEVER:
            return language.text("none; a feed and a calendar of its own have what is found")


def working_days_text(days: int, language: Language) -> str:
    """What is left until a deadline in days on which Japanese offices work; empty for one that is over."""
    if days < 0:
        return ""
    return language.ntext("{count} working day in Japan", "{count} working days in Japan", days)


def money_text(found: FoundMoney, language: Language) -> str:
    """An amount with what is said of the tax: ¥12,000,000 (tax included). A range has both of its ends."""
    amount = language.yen(found.amount)
    if found.least is not None and found.least != found.amount:
        amount = language.text("{least} to {most}", least=language.yen(found.least), most=amount)
    if found.tax is None:
        return amount
    return language.text("{amount} ({tax})", amount=amount, tax=language.text(TAXES[found.tax]))


def euro_text(
    yen: Decimal, in_euro: Callable[[Decimal], Decimal] | None, language: Language, *, day: date | None = None
) -> str:
    """An amount in euro, roughly, with the day of the rate where it is given; empty where there is no rate."""
    if in_euro is None:
        return ""
    amount = f"{in_euro(yen):,f}"
    if day is None:
        return language.text("about €{amount}", amount=amount)
    return language.text("about €{amount} (rate of {day})", amount=amount, day=language.day(day))


def origin_text(origin: EnglishOrigin, language: Language) -> str:
    """Where an English text comes from: official, by table, by machine, word by word."""
    return language.text(ORIGINS[origin])


def verdict_text(access: Access, language: Language) -> str:
    """What the agreements say, in one line for lists; empty where nothing speaks for or against."""
    verdicts = {Agreement.GPA: access.gpa, Agreement.EPA: access.epa}
    if set(verdicts.values()) == {AccessVerdict.UNKNOWN}:
        return ""
    return " · ".join(
        language.text(
            "{agreement}: {verdict}",
            agreement=language.text(SHORT_AGREEMENTS[agreement]),
            verdict=language.text(VERDICTS[verdict]),
        )
        for agreement, verdict in verdicts.items()
    )


def qualification_field(name: str, language: Language) -> str:
    """The field of a qualification in the reader's words; in Japanese where the table does not have it."""
    if language.code == "ja":
        return name
    known = QUALIFICATIONS.get(name) or QUALIFICATIONS.get(
        name.removesuffix("業").removesuffix("工事").removesuffix("一式")
    )
    return language.text(known) if known else name


def requirement_text(found: Requirement, language: Language) -> str:
    """What a bidder must have or be, in one line: Registered qualification: Services; rank A, B or C."""
    said = language.text(REQUIREMENTS[found.kind])
    details = [language.join(qualification_field(name, language) for name in found.fields)] if found.fields else []
    if found.ranks:
        details.append(
            language.ntext("rank {ranks}", "ranks {ranks}", len(found.ranks), ranks=language.join(found.ranks))
        )
    if not details:
        return said
    return language.text("{requirement}: {details}", requirement=said, details=" · ".join(details))


def difference_text(card: Card, field: str, language: Language) -> str:
    """What to make of a deadline of which different things are said; empty where nobody says anything else."""
    others, counting = card.also_said(field), card.why(field)
    if not others or counting is None:
        return ""
    if counting.origin is not Origin.ENGLISH and any(said.origin is Origin.ENGLISH for said in others):
        return language.text("Where the English and the Japanese differ, the Japanese counts.")
    if {said.notice_id for said in others} == {counting.notice_id}:
        ways = [
            language.text("{way}: {value}", way=way, value=field_value(field, said.value, language))
            for said in (counting, *others)
            if (way := _way(said.phrase, language))
        ]
        if ways:
            told = " · ".join(dict.fromkeys(ways))
            return language.text("It depends on how the bid is handed in – {ways}", ways=told)
        return language.text("The notice says both; read it at its source.")
    return language.text("The notices differ; read them at their sources.")


def _way(phrase: str, language: Language) -> str:
    """How a bid is handed in until the moment that a phrase names; empty where it names no way, or several."""
    named = [text for text, signs in WAYS.items() if any(sign in phrase for sign in signs)]
    return language.text(named[0]) if len(named) == 1 else ""


def event_text(kind: str, language: Language) -> str:
    """What happened to a tender; a kind from a later version is shown as it is."""
    return language.text(EVENTS[EventKind(kind)]) if kind in [*EventKind] else kind


def reason_text(reason: AccessReason, rules: Mapping[str, str], language: Language) -> str:
    """What a rule of market access says here; of a rule from another version of the program its name."""
    try:
        return language.say(Saying(rules[reason.rule], dict(reason.values)))
    except KeyError:
        return reason.rule

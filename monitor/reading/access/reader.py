"""Whether the WTO agreement and that of Japan and the EU open a procurement, with every reason that was found.

A verdict is never that a company may bid. It is decided by the strongest that speaks (``rules.Strength``):

1. what is stated of this procurement: JETRO's sentence, the type of notice, the gazette's procurement edition, a
   sentence of the notice, an open counter;
2. what covered procurements have: an English summary, 特定調達, a mention of the agreement;
3. what follows from buyer and value.

Where what is equally strong contradicts, the verdict is unknown, and both are shown. A restriction (an office in the
region, small businesses only) beats what speaks for, and what is merely deduced: an agreement forbids it for covered
procurements, but who cannot bid is not helped by that, so the reasons for are shown beside it. It does not beat a
statement that the agreement does not apply.

The gazette's procurement edition holds, besides what is covered, what Japan treats alike by its own decision. For the
ministries there is no such difference (their amounts are the agreement's), so there it means covered; for other
bodies, which apply the procedures from 100,000 SDR on and are bound from 130,000 on, likely covered. A body that only
the agreement of Japan and the EU lists announces there under that one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from db.vocabulary.notice import Category, NoticeKind, ScrapedNotice
from db.vocabulary.reading import (
    Access,
    AccessReason,
    AccessVerdict,
    Agreement,
    FoundMoney,
    MoneyKind,
    Origin,
    Requirement,
    RequirementKind,
    Tax,
)
from monitor.reading.access.requirements import read_requirements
from monitor.reading.access.rules import TABLE, Strength
from monitor.reading.access.signs import BOTH, EPA_ONLY, Sign, english_signs_of, phrase, signs_of
from monitor.reading.access.thresholds import Subject, Threshold, Thresholds
from monitor.reading.entities import Entity, Group

EPA_IN_FORCE = date(2019, 2, 1)
"""Since when the agreement of Japan and the EU is in force; of earlier notices nothing is said of it."""
ONLY_EPA = frozenset((Group.EPA_CORE_CITY, Group.EPA_AGENCY, Group.EPA_CENTRAL))
"""Groups that only the agreement of Japan and the EU lists."""
CENTRAL_NUMBERS = re.compile("0[0-9]{2}")
"""調達機関番号 of the bodies of central government; from 100 on they are those of public corporations."""
TAX = Decimal("1.1")
"""The agreements' amounts are compared with prices that contain the consumption tax."""

_SALE = re.compile(
    r"(?:売払い?|売り払い|売却)(?!.{0,12}(?:業務|委託|システム|支援|代行|仲介|調査|測量|鑑定|工事|撤去|広告|運営|事務))"
)
_WORKS = re.compile(r"工事(?:[(（【〔].*)?$")
_ENGINEERING = re.compile(
    "測量(?![船艇車機器])|地質調査(?!船)|土質調査|(?:基本|実施|詳細|予備|概略)設計|工事監理|建設コンサルタント"
)
_NO_ENGINEERING = re.compile("システム|ソフト|施工|工事一式")
_PART = re.compile(
    r"その\s?[0-9０-９一二三四①-⑨]|ロット|区分\s?[0-9０-９]|グループ|[0-9０-９一二三]\s?工区|分割|分離"
)
"""Of what is bought in parts the agreements count the sum, and a notice of one part states only its own value."""
_SELECTIVE = re.compile("指名|随意")
_RESTRICTIONS = {RequirementKind.REGION: "region", RequirementKind.SMALL_BUSINESS: "small-business"}


@dataclass(frozen=True, slots=True)
class AccessReader:
    """Reads market access with the table of amounts."""

    thresholds: Thresholds

    @classmethod
    def load(cls) -> "AccessReader":
        return cls(Thresholds.load())

    def read(
        self,
        notice: ScrapedNotice,
        *,
        money: Sequence[FoundMoney] = (),
        entity: Entity | None = None,
        requirements: Sequence[Requirement] | None = None,
    ) -> Access:
        """The verdicts and reasons, the deciding ones first. ``requirements`` saves reading them again.

        An entity that is not certain gives no reason. ``money`` counts only where the entity is listed.
        """
        if requirements is None:
            requirements = read_requirements(notice)
        found = [*_stated(notice, entity), *self._deduced(notice, money, entity)]
        found += [
            _reason(_RESTRICTIONS[one.kind], one.phrase, one.origin)
            for one in requirements
            if one.kind in _RESTRICTIONS
        ]
        reasons: dict[tuple[str, tuple[Agreement, ...]], AccessReason] = {}
        for reason in found:
            in_force = reason.agreements if notice.published >= EPA_IN_FORCE else _without_epa(reason)
            if in_force:
                told = reason if in_force == reason.agreements else replace(reason, agreements=in_force)
                reasons.setdefault((reason.rule, reason.agreements), told)
        ordered = sorted(reasons.values(), key=lambda reason: -TABLE[reason.rule].strength)
        return Access(_verdict(ordered, Agreement.GPA), _verdict(ordered, Agreement.EPA), tuple(ordered))

    def _deduced(
        self, notice: ScrapedNotice, money: Sequence[FoundMoney], entity: Entity | None
    ) -> Iterator[AccessReason]:
        """What follows from who buys, and for how much."""
        if entity is None or not entity.certain:
            return
        group, values = entity.group, {"entity": entity.name_en or entity.name}
        words = phrase(entity.name, 0, len(entity.name))
        if group is Group.MUNICIPALITY:
            yield _reason("not-listed", words, Origin.FIELD, values=values)
            return
        if group in ONLY_EPA and not _in_gazette(notice):
            yield _reason("epa-only", words, Origin.FIELD, (Agreement.GPA,), values)
        subject = _subject(notice)
        if group is Group.EPA_CORE_CITY:
            if subject is Subject.WORKS:
                yield _reason("core-city-works", notice.title[:100], Origin.TITLE, EPA_ONLY, values)
            if notice.method and _SELECTIVE.search(notice.method):
                yield _reason("core-city-procedure", notice.method[:100], Origin.FIELD, EPA_ONLY, values)
        if money and "単価" not in notice.title:
            in_parts = bool(_PART.search(notice.title))
            yield from self._by_value(notice.published, money, group, subject, in_parts=in_parts)

    def _by_value(
        self, day: date, money: Sequence[FoundMoney], group: Group, subject: Subject | None, *, in_parts: bool
    ) -> Iterator[AccessReason]:
        """A stated value against the amounts. Where the subject is not certain, it has to do for all of them."""
        subjects = (subject,) if subject else tuple(Subject)
        rows = [row for one in subjects if (row := self.thresholds.of(group, one, day)) is not None]
        if not rows or (subject is None and len(rows) < len(subjects)):
            return
        agreements = EPA_ONLY if group in ONLY_EPA else BOTH
        highest, lowest = max(rows, key=lambda row: row.yen), min(rows, key=lambda row: row.below)
        ceilings = [
            one for one in money if one.kind in (MoneyKind.PLANNED, MoneyKind.LIMIT) and "単価" not in one.phrase
        ]
        floors = [one for one in money if "単価" not in one.phrase]
        for one in floors:
            if (one.least or one.amount) >= highest.yen:
                yield _compared("value-reached", one, highest, highest.yen, agreements)
                return
        # An award, or a lowest price, says nothing of how much was estimated; several amounts may be parts of one.
        if ceilings and not in_parts and sum(_with_tax(one) for one in ceilings) < lowest.below:
            yield _compared("value-below", ceilings[0], lowest, lowest.below, agreements)


def _with_tax(one: FoundMoney) -> Decimal:
    """The amount with the tax; without a word on it, it may be still to come."""
    return one.amount if one.tax is Tax.INCLUDED else one.amount * TAX


def _compared(
    rule: str, one: FoundMoney, row: Threshold, amount: Decimal, agreements: tuple[Agreement, ...]
) -> AccessReason:
    return AccessReason(
        rule,
        TABLE[rule].verdict,
        agreements,
        one.phrase,
        one.origin,
        {"amount": f"{one.amount:,f}", "threshold": f"{amount:,f}", "sdr": f"{row.sdr:,}"},
        row.valid_from,
        row.valid_until,
    )


def _reason(
    rule: str,
    words: str,
    origin: Origin,
    agreements: tuple[Agreement, ...] = BOTH,
    values: dict[str, str] | None = None,
) -> AccessReason:
    return AccessReason(rule, TABLE[rule].verdict, agreements, words, origin, values or {})


def _without_epa(reason: AccessReason) -> tuple[Agreement, ...]:
    return tuple(agreement for agreement in reason.agreements if agreement is not Agreement.EPA)


def _verdict(reasons: Sequence[AccessReason], agreement: Agreement) -> AccessVerdict:
    """The strongest that speak of the agreement decide; restrictions see the module's docstring."""
    own = [reason for reason in reasons if agreement in reason.agreements]
    restricted = any(reason.verdict is AccessVerdict.RESTRICTED for reason in own)
    otherwise = AccessVerdict.RESTRICTED if restricted else AccessVerdict.UNKNOWN
    for strength in sorted(Strength, reverse=True):
        said = {
            reason.verdict
            for reason in own
            if TABLE[reason.rule].strength is strength and reason.verdict is not AccessVerdict.RESTRICTED
        }
        if not said:
            continue
        if AccessVerdict.NOT_COVERED not in said:
            best = AccessVerdict.COVERED if AccessVerdict.COVERED in said else AccessVerdict.LIKELY
            return AccessVerdict.RESTRICTED if restricted else best
        if len(said) > 1 or (restricted and strength is Strength.DEDUCED):
            return otherwise
        return AccessVerdict.NOT_COVERED
    return otherwise


# What is stated


def _in_gazette(notice: ScrapedNotice) -> bool:
    """Whether it stands in the gazette's procurement edition, or JETRO took it from there."""
    return notice.source == "kanpo" or any(name == "官報掲載日" for name, _ in notice.references)


def _stated(notice: ScrapedNotice, entity: Entity | None) -> Iterator[AccessReason]:
    references = dict(notice.references)
    banner = references.get("適用協定")
    if banner:
        # Where JETRO names the agreements, it names all that apply: those speak, and only those.
        epa_alone = not re.search("WTO|ＷＴＯ|政府調達", banner)
        yield _reason(
            "banner",
            phrase(banner, 0, len(banner)),
            Origin.FIELD,
            EPA_ONLY if epa_alone else BOTH,
            {"agreements": banner},
        )
    else:
        epa_alone = entity is not None and entity.certain and entity.group in ONLY_EPA
    places = EPA_ONLY if epa_alone else BOTH
    if _in_gazette(notice):
        central = entity.certain and entity.group is Group.CENTRAL if entity else False
        central = central or bool(CENTRAL_NUMBERS.fullmatch(references.get("調達機関番号", "")))
        words = f"官報 {references.get('官報') or references.get('官報掲載日') or ''}".strip()
        yield _reason("gazette-central" if central else "gazette", words, Origin.FIELD, places)
    elif notice.source.startswith("jetro"):
        yield _reason("jetro", notice.source, Origin.FIELD, places)
    if notice.text_en:
        yield _reason("english-summary", phrase(notice.text_en, 0, 80), Origin.ENGLISH, places)
    yield from _written(notice, places)
    if _SALE.search(notice.title):
        yield _reason("sale", phrase(notice.title, 0, len(notice.title)), Origin.TITLE)


def _written(notice: ScrapedNotice, places: tuple[Agreement, ...]) -> Iterator[AccessReason]:
    """What the notice says in its own words."""
    method = notice.method or ""
    gazette = _in_gazette(notice)
    signs: list[tuple[Sign, Origin]] = [(sign, Origin.FIELD) for sign in signs_of(method, named=True)]
    signs += [(sign, Origin.TITLE) for sign in signs_of(notice.title, named=not gazette)]
    signs += [(sign, Origin.JAPANESE) for sign in signs_of(notice.text)]
    signs += [(sign, Origin.ENGLISH) for sign in english_signs_of(notice.text_en)]
    counter = any(sign.rule == "open-counter" for sign, _ in signs)
    for sign, origin in signs:
        if counter and sign.rule == "quotations":  # the same, said twice
            continue
        agreements = places if sign.rule == "english-summary" else sign.agreements
        yield _reason(sign.rule, sign.phrase, origin, agreements)
    if counter:
        return
    if "少額" in method or "見積" in method:
        yield _reason("quotations", phrase(method, 0, len(method)), Origin.FIELD)
    elif notice.kind is NoticeKind.QUOTATION:
        yield _reason("quotations", phrase(notice.title, 0, len(notice.title)), Origin.TITLE)


def _subject(notice: ScrapedNotice) -> Subject | None:
    """What is bought, as the agreements tell it apart; None where title and category leave it open."""
    title = notice.title
    if _ENGINEERING.search(title) and not _NO_ENGINEERING.search(title):
        return Subject.ENGINEERING if notice.category is not Category.GOODS else None
    if notice.category is Category.WORKS or (notice.category is None and _WORKS.search(title)):
        return None if "設計" in title or "調査" in title else Subject.WORKS
    if notice.category is None:
        return None
    return None if notice.category is Category.SERVICES and "設計" in title else Subject.GOODS_SERVICES

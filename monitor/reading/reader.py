"""All readers of a notice, one after the other; pure, so that a version always reads the same.

Each reader has a file or folder of its own here: ``areas``, ``dates``, ``money``, ``access``, ``entities``,
``identity``, ``results`` and ``english``. What they find are values of ``db.vocabulary.reading``, each with its words.
"""

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.reading import Reading
from monitor.reading.access import read_requirements
from monitor.reading.area_reader import AreaReader
from monitor.reading.by_heart import by_heart
from monitor.reading.dates import read_dates
from monitor.reading.english import method_english
from monitor.reading.identity import identity_of
from monitor.reading.money import read_money
from monitor.reading.results import read_results

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class NoticeReader:
    """Reads a notice: its focus areas, and everything that decides whether somebody can act on it."""

    areas: AreaReader

    @property
    def revision(self) -> str:
        """Changes whenever a notice would be read differently: with the areas, and with the files of the readers."""
        return f"{self.areas.revision}-{_revision()}"

    def read(self, notice: ScrapedNotice) -> Reading:
        known, notice = by_heart(), writable(notice)
        entity = known.entities.find(notice.buyer, title=notice.title, prefecture=notice.prefecture)
        buyer = known.entities.canonical(notice.buyer, title=notice.title, prefecture=notice.prefecture)
        dates, money, requirements = read_dates(notice), read_money(notice), read_requirements(notice)
        return replace(
            self.areas.read(notice),
            dates=dates,
            money=money,
            access=known.access.read(notice, money=money, entity=entity, requirements=requirements),
            requirements=requirements,
            identity=identity_of(notice, buyer=buyer, dates=dates),
            gist="" if notice.title_en else known.gist.of(notice.title),
            buyer_en=known.entities.english(notice.buyer, prefecture=notice.prefecture),
            method_en=method_english(notice.method) if notice.method else None,
            results=read_results(notice),
        )


def writable(notice: ScrapedNotice) -> ScrapedNotice:
    """The notice without halves of surrogate pairs, which JSON can bring and no finding could be stored with."""
    parts = (notice.title, notice.text, notice.text_en, notice.buyer, notice.title_en, notice.method)
    more = (notice.prefecture, notice.qualification, *sum((*notice.references, *notice.portal_dates), ()))
    try:
        "".join(filter(None, (*parts, *more))).encode()
    except UnicodeEncodeError:
        return replace(
            notice,
            title=_whole(notice.title),
            text=_whole(notice.text),
            text_en=_whole(notice.text_en),
            title_en=notice.title_en and _whole(notice.title_en),
            buyer=notice.buyer and _whole(notice.buyer),
            prefecture=notice.prefecture and _whole(notice.prefecture),
            method=notice.method and _whole(notice.method),
            qualification=notice.qualification and _whole(notice.qualification),
            references=tuple((_whole(name), _whole(value)) for name, value in notice.references),
            portal_dates=tuple((_whole(name), _whole(value)) for name, value in notice.portal_dates),
        )
    return notice


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@cache
def _revision() -> str:
    """A digest of the readers' code and tables; the areas have a revision of their own."""
    digest = hashlib.blake2b(digest_size=5)
    for file in sorted(HERE.rglob("*")):
        if file.suffix in (".py", ".tsv", ".toml") and file.parent.name != "areas":
            digest.update(f"{file.relative_to(HERE)}\n".encode() + file.read_bytes())
    return digest.hexdigest()

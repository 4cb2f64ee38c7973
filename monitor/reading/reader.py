"""All readers of a notice, one after the other; pure, so a version always reads the same."""

from dataclasses import dataclass

from db.vocabulary.notice import ScrapedNotice
from db.vocabulary.reading import Reading
from monitor.reading.areas import Lexicon


@dataclass(frozen=True, slots=True)
class NoticeReader:
    """Reads a notice with a lexicon of focus areas."""

    lexicon: Lexicon

    @property
    def revision(self) -> str:
        return self.lexicon.revision

    def read(self, notice: ScrapedNotice) -> Reading:
        return Reading(areas=self.lexicon.read(notice.title, notice.text, notice.buyer))

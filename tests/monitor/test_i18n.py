"""The languages: nothing is missing, and figures are written as readers of each language write them."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from db.vocabulary.messages import Saying
from monitor.i18n import LANGUAGES, catalogue, extracted, language, missing, preferred

OTHERS = LANGUAGES[1:]


@pytest.mark.parametrize("code", OTHERS)
def test_no_text_is_without_its_translation(code: str) -> None:
    assert list(missing(code)) == [], "run `make messages` and translate what is empty"


@pytest.mark.parametrize("code", OTHERS)
def test_no_translation_is_left_over(code: str) -> None:
    used = {message.id for message in extracted()}
    assert [message.id for message in catalogue(code) if message.id not in used] == [], "run `make messages`"


@pytest.mark.parametrize("code", OTHERS)
def test_every_translation_has_the_gaps_of_its_text(code: str) -> None:
    def gaps(text: str) -> set[str]:
        return set(re.findall(r"\{(\w*)\}", text))

    for message in catalogue(code):
        if not message.id:
            continue
        texts = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = set().union(*(gaps(text) for text in texts))
        translations = [message.string] if isinstance(message.string, str) else list(message.string or ())
        for translation in translations:
            assert gaps(translation) == wanted, f"{message.id!r} → {translation!r}"


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("ja,en;q=0.8", "ja"),
        ("de-DE,de;q=0.9,en;q=0.5", "en"),
        ("fr", "en"),
        ("", "en"),
        ("en;q=0.1, ja-JP", "ja"),
        ("ja;q=0, en;q=0.1", "en"),
        ("ja;q=x", "en"),
    ],
)
def test_the_browsers_wish_decides_among_the_shipped_languages(accepted: str, code: str) -> None:
    assert preferred(accepted) == code


@pytest.mark.parametrize("code", ["de_DE.UTF-8", "C", "", "en_US.UTF-8", "xx"])
def test_what_is_not_shipped_is_english(code: str) -> None:
    assert language(code).code == "en"


def test_dates_moments_and_yen_are_written_as_in_each_language() -> None:
    day, moment = date(2026, 4, 1), datetime(2026, 4, 1, 8, 0, tzinfo=UTC)
    english, japanese = language("en"), language("ja_JP.UTF-8")
    assert (english.day(day), japanese.day(day)) == ("Wed 1 Apr 2026", "2026年4月1日(水)")
    assert english.moment(moment) == "Wed 1 Apr 2026, 17:00 Tokyo time"
    assert "2026年4月1日(水) 17:00" in japanese.moment(moment)
    assert (english.yen(12345), japanese.yen(12345)) == ("¥12,345", "12,345円")
    assert english.yen(Decimal("37.2")) == "¥37.2"
    assert english.ntext("{count} tender", "{count} tenders", 1234) == "1,234 tenders"


def test_a_stored_saying_is_shown_in_any_language() -> None:
    saying = Saying(
        "{host}: answered {status} for {path}; see in a browser if it moved",
        {"host": "h", "status": "404", "path": "/"},
    )
    assert language("en").say(saying) == str(saying)
    assert language("ja").say(saying) != str(saying)
    assert "404" in language("ja").say(saying)

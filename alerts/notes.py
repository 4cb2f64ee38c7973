"""The small letters: the question whether a search is really wanted, a fresh link, a farewell, and a word of the house.

They answer what somebody asked for, so they do not belong to the list: nobody can unsubscribe from them. A
confirmation goes to an address that anybody may have entered. It must be worth nothing to whoever wants to have a text
of theirs sent to strangers, so it repeats what was entered only where that is short and can hold no address.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from alerts import paper
from alerts.language import Language
from alerts.letter import Letter
from alerts.links import LASTING, Links, Purpose
from alerts.paper import short
from alerts.site import Site
from alerts.wording import frequency_text, moment_text
from db.history import Digest
from db.subscriber import SavedSearch, Subscriber
from db.subscribers import UNCONFIRMED, left_since
from db.vocabulary.delivery import Frequency, LetterKind
from db.vocabulary.japanese import to_tokyo

LONGEST_NAME = 40
LONGEST_QUERY = 80
"""Characters of what a stranger entered that are repeated."""
MOST_DIGITS = 8
"""One after the other, whatever stands between them; telephone numbers have more."""

_PLAIN = re.compile(r"""[\w \u3000"“”()（）:：,、・ー+%<>=＜＞＝&-]*""")
_COMPARED = re.compile(r"[<>=＜＞＝]+[\d,_-]+")
_BETWEEN_DIGITS = re.compile(r"[ \u3000()（）・ー+_-]")
_MANY_DIGITS = re.compile(rf"\d{{{MOST_DIGITS + 1}}}")


@dataclass(frozen=True, slots=True)
class _Note:
    """What a small letter says, in the reader's language. ``facts`` are names and values; ``end`` comes last."""

    subject: str
    heading: str
    said: tuple[str, ...]
    button: str
    url: str
    end: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()


def write(
    session: Session,
    digest: Digest,
    subscriber: Subscriber,
    *,
    site: Site,
    language: Language,
    links: Links,
    sender: str,
) -> Letter | None:
    """A letter of one of the small kinds; None where there is nothing to say any more."""
    match digest.kind:
        case LetterKind.CONFIRMATION:
            note = _confirmation(session, digest, subscriber, site, language, links)
        case LetterKind.CHOICES:
            note = _choices(digest, subscriber, site, language, links)
        case LetterKind.FAREWELL:
            note = _farewell(digest, subscriber, site, language, links)
        case LetterKind.NOTE:
            note = _word(digest, subscriber, site, language, links)
        case _:
            note = None
    if note is None:
        return None

    def rendered(part: str) -> str:
        return paper.render(f"notes/{part}", language, note=note, site=site)

    return Letter(
        sender=sender,
        sender_name=site.name,
        recipient=subscriber.email,
        subject=rendered("subject.txt"),
        text=rendered("body.txt"),
        html=rendered("body.html"),
        message_id=digest.message_id,
        date=to_tokyo(digest.window_end),
        list_id=site.tag_authority.partition(",")[0],
        language=language.code,
        tenders=0,
    )


def _confirmation(
    session: Session, digest: Digest, subscriber: Subscriber, site: Site, language: Language, links: Links
) -> _Note | None:
    search = session.get(SavedSearch, digest.saved_search_id) if digest.saved_search_id else None
    if search is None or search.confirmed_at is not None or left_since(subscriber, search):
        return None
    facts = [(language.text("Letters"), frequency_text(Frequency(search.frequency), subscriber, language))]
    shown = repeatable(search.name, LONGEST_NAME) and repeatable(search.query, LONGEST_QUERY)
    if shown:
        facts.insert(0, (language.text("Looks for"), short(search.query) or language.text("everything")))
        if named(search, language):
            facts.insert(0, (language.text("Name"), short(search.name)))
    return _Note(
        subject=language.text("Please confirm your search at {site}", site=site.name),
        heading=language.text("Is this search yours?"),
        said=(
            language.text(
                "Somebody entered {email} at {site} to be told of new public tenders in Japan. If that was you, please "
                "confirm it; until then nothing is sent.",
                email=subscriber.email,
                site=site.name,
            ),
            *([] if shown else [language.text("The page shows you the search before you confirm it.")]),
        ),
        facts=tuple(facts),
        button=language.text("Confirm this search"),
        url=site.confirm_url(links.token(Purpose.CONFIRM, search.id, now=digest.window_end), language.code),
        end=(
            _until(Purpose.CONFIRM, digest.window_end, subscriber, language),
            language.text("It opens a page on which a button confirms the search; opening it changes nothing."),
            language.ntext(
                "If it was not you, do nothing: nothing will be sent to you, and after {count} day the request is "
                "deleted.",
                "If it was not you, do nothing: nothing will be sent to you, and after {count} days the request is "
                "deleted.",
                UNCONFIRMED.days,
            ),
        ),
    )


def _choices(digest: Digest, subscriber: Subscriber, site: Site, language: Language, links: Links) -> _Note:
    return _Note(
        subject=language.text("Your page at {site}", site=site.name),
        heading=language.text("The page of your choices"),
        said=(
            language.text(
                "There you see your searches and change what you get and when; you may pause the letters, or stop them."
            ),
        ),
        button=language.text("Open the page"),
        url=_choices_url(digest, subscriber, site, language, links),
        end=(
            _until(Purpose.CHOICES, digest.window_end, subscriber, language),
            language.text(
                "Whoever has the link can change your choices, so please do not pass this letter on. If you did not "
                "ask for it, you need not do anything: nothing has changed."
            ),
        ),
    )


def _farewell(digest: Digest, subscriber: Subscriber, site: Site, language: Language, links: Links) -> _Note:
    return _Note(
        subject=language.text("Delete everything at {site}?", site=site.name),
        heading=language.text("Is everything to be deleted?"),
        said=(
            language.text(
                "You asked us to delete all that {site} keeps of {email}: your searches with their feeds, calendars and "
                "webhooks, your choices, and what was sent to you when. It cannot be undone.",
                site=site.name,
                email=subscriber.email,
            ),
        ),
        button=language.text("Delete everything"),
        url=site.forget_url(links.token(Purpose.FORGET, subscriber.id, now=digest.window_end), language.code),
        end=(
            _until(Purpose.FORGET, digest.window_end, subscriber, language),
            language.text("It opens a page on which a button deletes everything; opening it changes nothing."),
            language.text(
                "If you have changed your mind, or did not ask for this, do nothing: everything stays as it is."
            ),
        ),
    )


def _word(digest: Digest, subscriber: Subscriber, site: Site, language: Language, links: Links) -> _Note | None:
    if digest.note is None:
        return None
    return _Note(
        subject=language.text("About your searches at {site}", site=site.name),
        heading=language.text("Something you should know"),
        said=(short(language.say(digest.note), 1_000),),
        button=language.text("Open the page of your choices"),
        url=_choices_url(digest, subscriber, site, language, links),
        end=(_until(Purpose.CHOICES, digest.window_end, subscriber, language),),
    )


def _choices_url(digest: Digest, subscriber: Subscriber, site: Site, language: Language, links: Links) -> str:
    return site.choices_url(links.token(Purpose.CHOICES, subscriber.id, now=digest.window_end), language.code)


def _until(purpose: Purpose, now: datetime, subscriber: Subscriber, language: Language) -> str:
    until = moment_text(now + LASTING[purpose], subscriber.time_zone, language)
    return language.text("The link holds until {moment}.", moment=until)


def named(search: SavedSearch, language: Language) -> bool:
    """Whether a search has a name that says more than what it looks for; one that nobody gave says the same."""
    same = (search.query.strip(),) if search.query.strip() else (language.text("Everything"), "Everything", "")
    return search.name.strip() not in same


def repeatable(entered: str, longest: int) -> bool:
    """Whether a letter to somebody who may never have heard of us may repeat what a stranger entered.

    Short, of letters and the signs of the query language; so no address of the web or of mail fits in, none that a
    mail program would make a link of by itself, and no telephone number.
    """
    digits = _BETWEEN_DIGITS.sub("", _COMPARED.sub(" = ", entered))
    return len(entered) <= longest and bool(_PLAIN.fullmatch(entered)) and not _MANY_DIGITS.search(digits)

"""English titles from a translation service, where the user has set one up: DeepL, or a LibreTranslate of one's own.

What is sent are titles of published notices that have no official English, and nothing else: no text of a notice and
nothing of any subscriber. A title that was translated once is in the record (``db.translations``) and is never sent
again. A translation is no event and alerts nobody. Whatever fails is told in a saying and made good by a later round.

The formats: https://developers.deepl.com/api-reference/translate (50 texts and 128 KiB a request; a free key ends in
``:fx`` and has a host of its own; 456 means that the quota is used up) and ``POST /translate`` of LibreTranslate
(https://docs.libretranslate.com/).
"""

import logging
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Protocol, TypeVar
from uuid import UUID

import httpx
import msgspec
import truststore
from sqlmodel import Session

from db import tenders, translations
from db.engine import Database
from db.vocabulary.japanese import to_tokyo
from db.vocabulary.messages import Saying, Told
from db.vocabulary.reading import EnglishOrigin
from monitor.pipeline import composed

log = logging.getLogger(__name__)
T = TypeVar("T")

MOST = 500
"""Tenders that one round gives English titles."""
PORTION_TEXTS = 50
PORTION_CHARACTERS = 10_000
"""Of one portion, which is asked for, paid for and kept as a whole: 30 kB of Japanese, one request to DeepL."""
LOOKED_THROUGH = 20_000
"""Of the tenders published last, in search of titles without English: what is older is not worth the while."""
BAD_PORTIONS = 2
"""After so many portions in a row that the service could not make anything of, the round ends."""
ANSWER_SECONDS = 120.0
"""For one whole answer: a LibreTranslate without a graphics card takes a second or more for a long title."""
CONNECT_SECONDS = 15.0
PAUSE = 5.0
"""Seconds before the second try, where the service names none."""
LONGEST_PAUSE = 60.0
"""A service that asks for a longer one is left alone until the next round."""
LARGEST_ANSWER = 4 << 20
"""Bytes; the English of a portion has a hundredth of it."""
FRAME = 1_000
"""Bytes of a request beside its texts, the key included."""
SAID = 200
"""Characters of a service's own words that are shown."""
RETRIED = frozenset({429, 500, 502, 503, 504, 529})
QUOTA_EXCEEDED = 456
_OF_THE_TEXTS = frozenset({400, 413, 500})
"""Statuses that may be due to the very texts that were sent: the next portion may fare better."""
_JAPANESE = re.compile("[\u3005-\u3007ぁ-ゖァ-ヺ\u3400-\u9fff\uf900-\ufaff\uff66-\uff9d]")
_PLAIN_KEY = re.compile(r"[!-~]+")


class TranslationError(Told):
    """A service gave no translation. ``of_texts``: it may be due to the texts, and others may fare better.

    ``unsent``: the service was not reached, so nothing was translated or counted.
    """

    def __init__(self, text: str, /, *, of_texts: bool = False, unsent: bool = False, **values: object) -> None:
        super().__init__(text, **values)
        self.of_texts = of_texts
        self.unsent = unsent


@dataclass(frozen=True, slots=True)
class TranslationSettings:
    """``[translation]``: the service, "" for none; its address, which DeepL does not need; and what may be sent.

    ``characters_per_month`` is for Japanese characters in a month of Tokyo's calendar; 0 is no limit.
    """

    service: str = ""
    address: str = ""
    key: str = field(default="", repr=False)
    characters_per_month: int = 0
    only_areas: bool = True


class Translator(Protocol):
    """From Japanese to English. Gives a text for each that it is given, in their order; raises TranslationError."""

    @property
    def service(self) -> str: ...

    def translate(self, texts: Sequence[str]) -> list[str]: ...


@dataclass(slots=True)
class Outcome:
    """A round: tenders that got an English title, Japanese characters translated for it, and what ended it early."""

    translated: int = 0
    characters: int = 0
    stopped: Saying | None = None


def translator(settings: TranslationSettings, *, sleep: Callable[[float], None] = time.sleep) -> Translator | None:
    """The service that the settings name; None where they name none. Raises TranslationError for one unknown."""
    match settings.service:
        case "":
            return None
        case "deepl":
            return DeepL(settings, sleep=sleep)
        case "libretranslate":
            return LibreTranslate(settings, sleep=sleep)
        case unknown:
            raise TranslationError(
                "[translation] service: {service} is not known; write deepl or libretranslate", service=unknown
            )


# --- A round --------------------------------------------------------------------------------------


def translate_due(
    database: Database,
    translator: Translator,
    settings: TranslationSettings,
    *,
    clock: Callable[[], datetime],
    most: int = MOST,
) -> Outcome:
    """Give English titles to the tenders that have none but a gist, those published last first. Never raises.

    No transaction is open while the service is asked. What a portion brought is kept before the next one is asked for.
    """
    outcome = Outcome()
    try:
        outcome.stopped = _round(database, translator, settings, outcome, clock=clock, most=most)
    except Told as error:
        outcome.stopped = error.saying
    except Exception as error:  # English titles are no reason for anything else to fail
        log.error("translating broken off", extra={"service": settings.service}, exc_info=error)
        outcome.stopped = Saying(
            "translating was broken off ({why}); the log has more, the next round goes on", {"why": repr(error)}
        )
    told = {"service": settings.service, "translated": outcome.translated, "characters": outcome.characters}
    if outcome.stopped is not None:
        log.warning("translating stopped", extra={**told, "why": str(outcome.stopped)})
    elif outcome.translated:
        log.info("titles translated", extra=told)
    return outcome


def _round(
    database: Database,
    translator: Translator,
    settings: TranslationSettings,
    outcome: Outcome,
    *,
    clock: Callable[[], datetime],
    most: int,
) -> Saying | None:
    """Count into the outcome what was done; returns what ended the round early."""
    now = clock()
    with database.reading() as session:
        waiting = _waiting(session, only_areas=settings.only_areas, most=most)
        known = translations.known(session, waiting)
        used = translations.characters_since(session, translator.service, _month_of(now))
    outcome.translated += _put_on(database, [id for title in known for id in waiting[title]], now=now)
    unknown = [title for title in waiting if title not in known]
    titles, stopped = _affordable(unknown, settings.characters_per_month, used)
    failures = 0
    for portion in _portions(titles):
        try:
            english = _english(translator, portion)
        except TranslationError as error:
            failures += 1
            if not error.of_texts or failures == BAD_PORTIONS:
                return error.saying
            stopped = error.saying
            continue
        failures, now = 0, clock()
        outcome.characters += sum(map(len, portion))
        # What the service made nothing of is kept as nothing: it would be paid for again in every round.
        _keep(database, dict.fromkeys(portion, "") | english, service=translator.service, now=now)
        outcome.translated += _put_on(database, [id for title in english for id in waiting[title]], now=now)
    return stopped


def _waiting(session: Session, *, only_areas: bool, most: int) -> dict[str, list[UUID]]:
    """The tenders that wait for an English title, by their Japanese one; those published last come first.

    Titles that a service had nothing to say of wait no longer.
    """
    newest = translations.untranslated(session, only_areas=only_areas, most=LOOKED_THROUGH)
    # "Microsoft 365 E5" is understood as it is; a service would be paid for giving it back.
    japanese = [(id, title) for id, title in newest if _JAPANESE.search(title)]
    known = translations.known(session, {title for _, title in japanese})
    found: dict[str, list[UUID]] = {}
    for id, title in [(id, title) for id, title in japanese if known.get(title) != ""][:most]:
        found.setdefault(title, []).append(id)
    return found


def _month_of(now: datetime) -> datetime:
    return to_tokyo(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _affordable(titles: Sequence[str], limit: int, used: int) -> tuple[list[str], Saying | None]:
    """The titles for which the month's characters suffice, and what to say where they do not for all."""
    if not limit:
        return list(titles), None
    left = limit - used
    affordable: list[str] = []
    for title in titles:
        left -= len(title)
        if left < 0:
            return affordable, Saying(
                "the {limit} characters of this month do not suffice for more titles; translating goes on next month, "
                "or raise characters_per_month under [translation]",
                {"limit": f"{limit:,}"},
            )
        affordable.append(title)
    return affordable, None


def _portions(titles: Sequence[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    characters = 0
    for title in titles:
        if portion and (len(portion) == PORTION_TEXTS or characters + len(title) > PORTION_CHARACTERS):
            yield portion
            portion, characters = [], 0
        portion.append(title)
        characters += len(title)
    if portion:
        yield portion


def _english(translator: Translator, titles: Sequence[str]) -> dict[str, str]:
    """The English of titles, each on one line; those of which the service made nothing are left out."""
    # Controls and marks of direction would turn the rest of a page around.
    said = [
        " ".join("".join(one if one.isprintable() else " " for one in text).split())
        for text in translator.translate(titles)
    ]
    if len(said) != len(titles):
        raise _wrong_count(translator.service, len(titles), len(said))
    return {title: text for title, text in zip(titles, said, strict=True) if _is_usable(text, title)}


def _is_usable(said: str, title: str) -> bool:
    """Not empty, not the Japanese once more, and no text without end, as small models make when they stumble."""
    return bool(said) and said != " ".join(title.split()) and len(said) <= 10 * len(title) + SAID


def _keep(database: Database, english: Mapping[str, str], *, service: str, now: datetime) -> None:
    """In a transaction of its own: what was paid for is kept, whatever composing may run into."""
    database.write(lambda session: translations.store(session, english, service=service, now=now))


def _put_on(database: Database, ids: Sequence[UUID], *, now: datetime) -> int:
    """Compose tenders again, which takes up the translations; how many have a translated title now."""
    if not ids:
        return 0

    def work(session: Session) -> int:
        again = composed(session, dict.fromkeys(ids))
        tenders.store_quietly(session, again, now=now)
        return sum(one.title_en_origin is EnglishOrigin.MACHINE for one in again)

    return database.write(work)


# --- The services ---------------------------------------------------------------------------------


class _DeepLRequest(msgspec.Struct):
    text: Sequence[str]
    source_lang: str = "JA"
    target_lang: str = "EN-GB"


class _DeepLText(msgspec.Struct):
    text: str


class _DeepLAnswer(msgspec.Struct):
    translations: list[_DeepLText]


class DeepL:
    """DeepL's API, version 2. The key tells which of its two hosts; an address is for a gateway before them."""

    service = "deepl"
    paid, free = "https://api.deepl.com", "https://api-free.deepl.com"
    most_texts, most_bytes = 50, 128 << 10

    def __init__(
        self,
        settings: TranslationSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        key = settings.key.strip()
        self.address = settings.address.rstrip("/") or (self.free if key.endswith(":fx") else self.paid)
        self._door = _Door(f"{self.address}/v2/translate", key, sleep, seconds)

    def translate(self, texts: Sequence[str]) -> list[str]:
        found: list[str] = []
        headers = {"authorization": f"DeepL-Auth-Key {self._door.plain_key()}"}
        for some in _requests(texts, self.most_texts, self.most_bytes):
            answer = self._door.ask(msgspec.json.encode(_DeepLRequest(some)), headers, _DeepLAnswer)
            found += _as_many(self._door.host, some, [one.text for one in answer.translations])
        return found


class _LibreRequest(msgspec.Struct, omit_defaults=True):
    q: Sequence[str]
    source: str
    target: str
    format: str
    api_key: str = ""


class _LibreAnswer(msgspec.Struct):
    translated_text: list[str] | str = msgspec.field(name="translatedText")


class LibreTranslate:
    """A LibreTranslate server, one's own or a public one. It translates one text after the other, so few are sent
    at a time; public servers refuse requests with more than some thousand characters."""

    service = "libretranslate"
    most_texts, most_bytes = 10, 6_000

    def __init__(
        self,
        settings: TranslationSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._key = settings.key.strip()
        self._door = _Door(f"{settings.address.rstrip('/')}/translate", self._key, sleep, seconds)

    def translate(self, texts: Sequence[str]) -> list[str]:
        found: list[str] = []
        for some in _requests(texts, self.most_texts, self.most_bytes):
            asked = _LibreRequest(some, "ja", "en", "text", self._key)
            answer = self._door.ask(msgspec.json.encode(asked), {}, _LibreAnswer).translated_text
            found += _as_many(self._door.host, some, [answer] if isinstance(answer, str) else answer)
        return found


def _requests(texts: Sequence[str], most_texts: int, most_bytes: int) -> Iterator[list[str]]:
    """The texts, cut into what a service takes at once; a text that is too long by itself is sent all the same."""
    some: list[str] = []
    size = FRAME
    for text in texts:
        length = len(msgspec.json.encode(text)) + 1
        if some and (len(some) == most_texts or size + length > most_bytes):
            yield some
            some, size = [], FRAME
        some.append(text)
        size += length
    if some:
        yield some


def _as_many(host: str, asked: Sequence[str], said: list[str]) -> list[str]:
    if len(said) != len(asked):
        raise _wrong_count(host, len(asked), len(said))
    return said


def _wrong_count(where: str, asked: int, said: int) -> TranslationError:
    return TranslationError(
        "{where}: gave {said} translations for {asked} titles; none of them was kept, a later round asks again",
        of_texts=True,
        where=where,
        asked=asked,
        said=said,
    )


# --- Over the wire --------------------------------------------------------------------------------


class _Complaint(msgspec.Struct):
    """What services say when they refuse: LibreTranslate ``error``, DeepL ``message``."""

    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    retry_after: str
    body: bytes


class _Door:
    """Where one service is asked, with time limits and one second try; its certificates are judged as the
    fetcher's are, by the machine's own store, and no proxy is taken from the environment."""

    def __init__(self, url: str, key: str, sleep: Callable[[float], None], seconds: float) -> None:
        self._url, self._key, self._sleep, self._seconds = url, key, sleep, seconds

    @property
    def host(self) -> str:
        """For messages: without user, password and path."""
        try:
            host = httpx.URL(self._url).host
        except (httpx.InvalidURL, UnicodeError):
            host = ""
        return host or "[translation] address"

    def plain_key(self) -> str:
        """The key, if it can stand in a header: the libraries' own error would show it."""
        if not _PLAIN_KEY.fullmatch(self._key):
            raise TranslationError("[translation] key: is empty or has other than plain letters; copy it again")
        return self._key

    def ask(self, body: bytes, headers: Mapping[str, str], expected: type[T]) -> T:
        """The answer, if it is of the type that is expected. Raises TranslationError."""
        answer = self._tried_twice(body, headers)
        if answer.status != HTTPStatus.OK:
            raise self._refusal(answer)
        try:
            return msgspec.json.decode(answer.body, type=expected)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TranslationError(
                "{host}: answered with something else than translations ({why}); check [translation] address",
                of_texts=True,
                host=self.host,
                why=error,
            ) from None

    def _tried_twice(self, body: bytes, headers: Mapping[str, str]) -> _Answer:
        """A request that may have been carried out is not sent again: a service would count its characters twice."""
        pause = PAUSE
        try:
            answer = self._send(body, headers)
            if answer.status not in RETRIED:
                return answer
            if answer.retry_after.isascii() and answer.retry_after.isdecimal():
                pause = float(answer.retry_after)
            if pause > LONGEST_PAUSE:
                return answer
        except TranslationError as error:
            if not error.unsent:
                raise
        self._sleep(pause)
        return self._send(body, headers)

    def _send(self, body: bytes, headers: Mapping[str, str]) -> _Answer:
        over_at = time.monotonic() + self._seconds
        sent = {
            "user-agent": "japan-tender-monitor",
            "content-type": "application/json",
            "accept-encoding": "identity",
            **headers,
        }
        received = bytearray()
        try:
            with (
                httpx.Client(
                    verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                    timeout=httpx.Timeout(self._seconds, connect=min(self._seconds, CONNECT_SECONDS)),
                    trust_env=False,
                ) as client,
                client.stream("POST", self._url, content=body, headers=sent) as response,
            ):
                for chunk in response.iter_raw():
                    received += chunk
                    if len(received) > LARGEST_ANSWER:
                        raise TranslationError(
                            "{host}: its answer is longer than any translation; check [translation] address",
                            host=self.host,
                        )
                    if time.monotonic() > over_at:
                        raise httpx.ReadTimeout("the answer drips")
                return _Answer(response.status_code, response.headers.get("retry-after", ""), bytes(received))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise TranslationError(
                "{host}: cannot be reached ({why}); start it, or correct [translation] address",
                unsent=True,
                host=self.host,
                why=_line(str(error)) or type(error).__name__,
            ) from error
        except httpx.TimeoutException as error:
            raise TranslationError(
                "{host}: no whole answer within {seconds} s; the next round goes on",
                host=self.host,
                seconds=f"{self._seconds:g}",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise TranslationError(
                "{host}: could not be asked ({why}); check [translation] address, the next round tries again",
                host=self.host,
                why=_line(str(error)) or type(error).__name__,
            ) from error

    def _refusal(self, answer: _Answer) -> TranslationError:
        if answer.status == QUOTA_EXCEEDED:
            return TranslationError(
                "{host}: the quota of this month is used up; translating goes on when it is renewed, or raise it with "
                "the service",
                host=self.host,
            )
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return TranslationError(
                "{host}: asks for fewer requests; the next round goes on, nothing needs to be done", host=self.host
            )
        said = self._complaint(answer.body) or httpx.codes.get_reason_phrase(answer.status) or "no reason given"
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return TranslationError(
                "{host}: refuses the key ({said}); correct [translation] key", host=self.host, said=said
            )
        return TranslationError(
            "{host}: answered {status} ({said}); check [translation] address and key, the next round tries again",
            of_texts=answer.status in _OF_THE_TEXTS,
            host=self.host,
            status=answer.status,
            said=said,
        )

    def _complaint(self, body: bytes) -> str:
        try:
            complaint = msgspec.json.decode(body, type=_Complaint)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""
        said = _line(complaint.error or complaint.message)
        return said.replace(self._key, "…") if self._key else said


def _line(text: str) -> str:
    return " ".join(text.split())[:SAID]

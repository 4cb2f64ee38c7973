"""What forms send: read with a limit, cleaned, and turned into what a subscriber may choose."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date, time
from hashlib import sha256
from typing import Annotated
from urllib.parse import parse_qsl
from zoneinfo import available_timezones

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from alerts.letter import ascii_address
from db import signups
from db.subscriber import Subscriber
from db.subscribers import Choices, checked_address
from db.vocabulary.delivery import Frequency
from db.vocabulary.messages import N_
from monitor.i18n import LANGUAGES
from monitor.web.filters import NotUnderstood
from monitor.web.readers import network_of, reader_of

BYTES = 20_000
"""The longest form that is read: Japanese letters take nine each."""
LONGEST_NAME = 80
"""Characters of a search's name."""
TRAP = "comment"
"""A field that people do not see and leave empty; programs that fill in forms do not."""
PROVIDERS = frozenset(
    {
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com"),
        *(
            "yahoo.com",
            "yahoo.co.jp",
            "yahoo.co.uk",
            "yahoo.fr",
            "yahoo.de",
            "aol.com",
            "proton.me",
            "protonmail.com",
        ),
        *("gmx.de", "gmx.net", "web.de", "t-online.de", "orange.fr", "laposte.net", "free.fr", "libero.it", "wp.pl"),
        *("docomo.ne.jp", "ezweb.ne.jp", "au.com", "softbank.ne.jp", "i.softbank.jp", "nifty.com", "ocn.ne.jp"),
    }
)
"""Domains where millions have their mailbox."""
DOTS_MEAN_NOTHING = frozenset({"gmail.com", "googlemail.com"})

Form = Mapping[str, str]


def reading(limit: int) -> Callable[[Request], Awaitable[Form]]:
    """Reads the fields of a posted form; the reader raises HTTPException 413 for more bytes than any of ours sends."""

    async def read(request: Request) -> Form:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise HTTPException(413)
        return dict(parse_qsl(body.decode("utf-8", "replace")))

    return read


Posted = Annotated[Form, Depends(reading(BYTES))]
"""The form of a subscriber, as a handler's parameter."""


def line(form: Form, name: str) -> str:
    """A field as one line, without signs that nobody sees; empty where it is missing."""
    written = form.get(name, "")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in written).split())


def address(form: Form) -> str:
    """The mail address. Raises RecordError or MailError for one to which no letter can go."""
    found = checked_address(line(form, "email"))
    ascii_address(found)
    return found


def masked(email: str) -> str:
    """An address as whoever knows it recognises it, and nobody else learns it."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"


def frequency(form: Form) -> Frequency:
    """Raises NotUnderstood."""
    given = form.get("frequency", Frequency.DAILY)
    if given not in [*Frequency]:
        raise NotUnderstood(N_("There is no frequency “{value}”."), value=given)
    return Frequency(given)


def choices(form: Form, before: Choices) -> Choices:
    """What is chosen; what a form does not ask stays as it was. Raises NotUnderstood for what nobody can choose."""
    chosen = before
    if (code := form.get("language")) is not None:
        if code not in LANGUAGES:
            raise NotUnderstood(N_("There is no language “{value}” here."), value=code)
        chosen = replace(chosen, language=code)
    if (zone := form.get("time_zone")) is not None:
        if zone not in available_timezones():
            raise NotUnderstood(N_("There is no time zone “{value}”."), value=zone)
        chosen = replace(chosen, time_zone=zone)
    if (hour := form.get("hour")) is not None:
        chosen = replace(chosen, digest_at=_time(hour))
    if (weekday := form.get("weekday")) is not None:
        if weekday not in [*"0123456"]:
            raise NotUnderstood(N_("There is no weekday “{value}”."), value=weekday)
        chosen = replace(chosen, weekday=int(weekday))
    return chosen


def ticked(form: Form, name: str) -> bool:
    """Whether a box is ticked; browsers say nothing of one that is not."""
    return form.get(name) == "1"


def chosen_by(subscriber: Subscriber) -> Choices:
    """What a subscriber has chosen so far."""
    return Choices(
        language=subscriber.language,
        time_zone=subscriber.time_zone,
        digest_at=subscriber.digest_at,
        weekday=subscriber.weekday,
        alerts=subscriber.alerts,
        reminders=subscriber.reminders,
        paused_until=subscriber.paused_until,
    )


def day(form: Form, name: str) -> date | None:
    """A day; None for what is none."""
    try:
        return date.fromisoformat(form.get(name, ""))
    except ValueError:
        return None


def sign_up(request: Request, email: str, secret: bytes) -> signups.Request:
    """Who asks for a letter to whom, as cooldowns count it: in digests that only this house can make."""
    local, _, domain = email.lower().rpartition("@")
    # Mail to all of these reaches the same person: whoever wants to flood a mailbox knows that, too.
    local = local.partition("+")[0]
    if domain in DOTS_MEAN_NOTHING:
        local = local.replace(".", "")
    return signups.Request(
        address=_digest(secret, f"address {local}@{domain}"),
        domain=_digest(secret, f"domain {domain}"),
        network=network_of(reader_of(request, secret)),
        provider=domain in PROVIDERS,
    )


def _digest(secret: bytes, text: str) -> str:
    return hmac.new(secret, text.encode("utf-8", "replace"), sha256).hexdigest()[:32]


def _time(written: str) -> time:
    try:
        found = time.fromisoformat(written)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or found.second or found.microsecond:
        raise NotUnderstood(N_("There is no time of day “{value}”."), value=written)
    return found

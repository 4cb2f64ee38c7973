"""The store of webhooks, and of the calls that tell them of matches.

A call is kept in the transaction of its match and claimed before it is made, so none is lost. Whoever is called may
get one twice: a process that ends between a call and writing down its answer leaves the call to be made again, with
the same id (at least once). The calls of one webhook wait for one another: while one is being made, or waits to be
tried again, the others of that webhook wait, too.
"""

import secrets
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlmodel import Session

from db import bulk
from db.bulk import IN_LIMIT, batches, table
from db.deliveries import NewMatch
from db.errors import RecordError
from db.history import WebhookCall
from db.subscriber import SavedSearch, Subscriber, Webhook
from db.tender import TenderEvent
from db.vocabulary.delivery import DeliveryState, SubscriberState, WebhookForm
from db.vocabulary.notice import FieldChange
from db.vocabulary.tender import EventKind

MOST_WEBHOOKS = 5
"""Of one saved search."""
SECRET_BYTES = 24
"""Of randomness in a key: https://www.standardwebhooks.com asks for 24 to 64."""
ATTEMPTS = 11
"""After so many a call is given up, which with BACK_OFF is about a day."""
BACK_OFF = (
    *(timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=1), timedelta(hours=2), timedelta(hours=4)),
)
"""How long a webhook is left alone after its first, second … failure in a row; the last stands for all that follow."""
FAILURES = 20
"""In a row, after which a webhook is turned off: with BACK_OFF that takes more than two days."""
SENDING_TOO_LONG = timedelta(minutes=5)
"""A call that is being made for longer was left behind by a process that ended."""
MOST_WAITING = 500
"""Calls of one webhook that may wait; the oldest ones make room."""
KEPT = timedelta(days=30)
"""How long calls that are done with are kept."""
DONE_BEFORE_DUE = timedelta(days=1)
"""More than a call can be done with before the moment at which it would have been due, by BACK_OFF."""
LONGEST_ERROR = 300
"""Characters."""

_WAITING = (DeliveryState.PENDING, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCall:
    """A call that may be made now, with all that it needs but the tender itself."""

    id: UUID
    webhook_id: UUID
    url: str
    form: WebhookForm
    secret: str
    saved_search_id: UUID
    saved_search: str
    language: str
    tender_id: UUID
    sequence: int
    kind: EventKind
    changes: tuple[FieldChange, ...]
    at: datetime
    why: tuple[str, ...]


# Webhooks ---------------------------------------------------------------------------------------------


def new_secret() -> str:
    """A key for signatures, written as https://www.standardwebhooks.com has it."""
    return f"whsec_{b64encode(secrets.token_bytes(SECRET_BYTES)).decode('ascii')}"


def add_webhook(session: Session, search_id: UUID, url: str, form: WebhookForm, *, now: datetime) -> Webhook:
    """A webhook of a saved search, with a new key. Whether the address may be called is checked before.

    Raises RecordError for one too many.
    """
    mine = session.connection().execute(
        select(func.count()).select_from(table(Webhook)).where(table(Webhook).c.saved_search_id == search_id)
    )
    if mine.scalar_one() >= MOST_WEBHOOKS:
        raise RecordError("no saved search may have more than {count} webhooks", count=MOST_WEBHOOKS)
    made = Webhook(
        id=uuid4(), saved_search_id=search_id, url=url, form=form, secret=new_secret(), created_at=now, failures=0
    )
    session.add(made)
    session.flush()
    return made


def remove_webhook(session: Session, webhook_id: UUID) -> bool:
    """Delete a webhook with its calls; False where there is none."""
    found = session.get(Webhook, webhook_id)
    if found is None:
        return False
    session.delete(found)
    session.flush()
    return True


def enable(session: Session, webhook_id: UUID) -> Webhook | None:
    """Call a webhook again from now on; what was found meanwhile is not made up for. None where there is none."""
    found = session.get(Webhook, webhook_id)
    if found is not None:
        found.disabled_at, found.failures = None, 0
        session.add(found)
        session.flush()
    return found


# Calls ------------------------------------------------------------------------------------------------


def add_calls(session: Session, matches: Iterable[NewMatch], *, now: datetime) -> int:
    """Keep a call for each webhook of the searches that matched; returns how many were asked for.

    Doing it again keeps none twice. A webhook that was turned off gets none.
    """
    by_search: dict[UUID, list[NewMatch]] = {}
    for match in matches:
        by_search.setdefault(match.saved_search_id, []).append(match)
    webhook = table(Webhook)
    rows: list[dict[str, object]] = []
    for some in batches(sorted(by_search), IN_LIMIT):
        # Held until the end of the transaction: its owner may remove it meanwhile.
        found = session.connection().execute(
            select(webhook.c.id, webhook.c.saved_search_id)
            .where(webhook.c.saved_search_id.in_(some), webhook.c.disabled_at.is_(None))
            .with_for_update(read=True, key_share=True)
        )
        rows += [
            {
                "id": uuid4(),
                "webhook_id": id,
                "tender_id": match.tender_id,
                "sequence": match.sequence,
                "why": match.why,
                "state": DeliveryState.PENDING,
                "attempts": 0,
                "due_at": now,
                "finished_at": None,
                "error": None,
            }
            for id, search_id in found
            for match in by_search[search_id]
        ]
    bulk.insert_missing(session, WebhookCall, rows)
    return len(rows)


def due(session: Session, *, now: datetime, webhooks: int = 200, calls: int = 50) -> list[list[DueCall]]:
    """The calls that may be made now, a list for each webhook, in the order in which they came to be.

    Those who waited longest are first; of each webhook at most ``calls``.
    """
    call = table(WebhookCall)
    ready = session.connection().execute(
        select(call.c.webhook_id)
        .where(call.c.state.in_(_WAITING))
        .group_by(call.c.webhook_id)
        .having(func.max(call.c.due_at) <= now)
        .order_by(func.max(call.c.due_at), call.c.webhook_id)
        .limit(webhooks)
    )
    ids = list(ready.scalars())
    found: dict[UUID, list[DueCall]] = {id: [] for id in ids}
    for some in batches(ids, IN_LIMIT):
        for one in _calls(session, some, calls):
            found[one.webhook_id].append(one)
    return [queue for queue in found.values() if queue]


def _calls(session: Session, webhook_ids: Sequence[UUID], most: int) -> list[DueCall]:
    call, webhook, event = table(WebhookCall), table(Webhook), table(TenderEvent)
    search, owner = table(SavedSearch), table(Subscriber)
    place = func.row_number().over(
        partition_by=call.c.webhook_id, order_by=(event.c.at, call.c.tender_id, call.c.sequence)
    )
    queued = (
        select(call.c.id, place.label("place"))
        .join(event, (event.c.tender_id == call.c.tender_id) & (event.c.sequence == call.c.sequence))
        .where(call.c.webhook_id.in_(webhook_ids), call.c.state == DeliveryState.PENDING)
        .subquery()
    )
    rows = session.connection().execute(
        select(
            call.c.id,
            call.c.webhook_id,
            webhook.c.url,
            webhook.c.form,
            webhook.c.secret,
            search.c.id.label("saved_search_id"),
            search.c.name.label("saved_search"),
            owner.c.language,
            call.c.tender_id,
            call.c.sequence,
            event.c.kind,
            event.c.changes,
            event.c.at,
            call.c.why,
        )
        .join(queued, queued.c.id == call.c.id)
        .join(event, (event.c.tender_id == call.c.tender_id) & (event.c.sequence == call.c.sequence))
        .join(webhook, webhook.c.id == call.c.webhook_id)
        .join(search, search.c.id == webhook.c.saved_search_id)
        .join(owner, owner.c.id == search.c.subscriber_id)
        .where(queued.c.place <= most)
        .order_by(call.c.webhook_id, queued.c.place)
    )
    return [
        DueCall(**{**row, "form": WebhookForm(row["form"]), "kind": EventKind(row["kind"])})
        for row in rows.mappings()
    ]


def take(session: Session, call_id: UUID, *, now: datetime) -> bool:
    """Claim a call before it is made; False where another process has it, or it is no longer to be made."""
    call = table(WebhookCall)
    claimed = session.connection().execute(
        update(call)
        .where(call.c.id == call_id, call.c.state == DeliveryState.PENDING, call.c.due_at <= now)
        .values(state=DeliveryState.SENDING, due_at=now + SENDING_TOO_LONG, attempts=call.c.attempts + 1)
    )
    return claimed.rowcount == 1


def arrived(session: Session, call: DueCall, *, now: datetime) -> None:
    """Write down that a call was taken."""
    _end(session, [call.id], DeliveryState.SENT, now=now)
    webhook = table(Webhook)
    session.connection().execute(
        update(webhook).where(webhook.c.id == call.webhook_id, webhook.c.failures > 0).values(failures=0)
    )


def failed(
    session: Session, call: DueCall, error: str, *, now: datetime, jitter: float, gone: bool = False
) -> Subscriber | None:
    """Write down that a call was not taken: it, and all that wait behind it, wait until its webhook is asked again.

    ``jitter`` (about 1) makes the time longer or shorter. After FAILURES in a row, or at once where the address is
    ``gone``, the webhook is turned off: its owner is given back, to be told.
    """
    webhook = session.get(Webhook, call.webhook_id)
    if webhook is None:
        return None  # removed meanwhile, with its calls
    webhook.failures += 1
    session.add(webhook)
    session.flush()
    kept, error = table(WebhookCall), error[:LONGEST_ERROR]
    waiting = (kept.c.webhook_id == webhook.id) & kept.c.state.in_(_WAITING)
    if (gone or webhook.failures >= FAILURES) and webhook.disabled_at is None:
        webhook.disabled_at = now
        session.add(webhook)
        session.flush()
        session.connection().execute(
            update(kept).where(waiting).values(state=DeliveryState.FAILED, finished_at=now, error=error)
        )
        search = session.get_one(SavedSearch, webhook.saved_search_id)
        return session.get_one(Subscriber, search.subscriber_id)
    again = now + BACK_OFF[min(webhook.failures, len(BACK_OFF)) - 1] * jitter
    session.connection().execute(update(kept).where(waiting).values(due_at=again))
    session.connection().execute(
        update(kept).where(kept.c.id == call.id).values(state=DeliveryState.PENDING, error=error)
    )
    given_up = update(kept).where(kept.c.id == call.id, kept.c.attempts >= ATTEMPTS)
    session.connection().execute(given_up.values(state=DeliveryState.FAILED, finished_at=now))
    return None


def drop(session: Session, call: DueCall, error: str, *, now: datetime) -> None:
    """Give up a call that cannot be made, through no fault of its webhook."""
    _end(session, [call.id], DeliveryState.FAILED, now=now, error=error)


def tidy(session: Session, *, now: datetime) -> None:
    """Before a round: what ended processes left behind waits again, and what is never to be called is dropped.

    That are calls for those who unsubscribed or of what was turned off, calls whose event is no longer there, and of
    a webhook for which more than MOST_WAITING wait the oldest. Calls that are long done with are deleted.
    """
    connection = session.connection()
    call, webhook, event = table(WebhookCall), table(Webhook), table(TenderEvent)
    search, owner = table(SavedSearch), table(Subscriber)
    connection.execute(
        update(call)
        .where(call.c.state == DeliveryState.SENDING, call.c.due_at <= now)
        .values(state=DeliveryState.PENDING)
    )
    left = (
        select(webhook.c.id)
        .join(search, search.c.id == webhook.c.saved_search_id)
        .join(owner, owner.c.id == search.c.subscriber_id)
        .where((owner.c.state != SubscriberState.ACTIVE) | webhook.c.disabled_at.is_not(None))
    )
    happened = select(event.c.tender_id).where(
        event.c.tender_id == call.c.tender_id, event.c.sequence == call.c.sequence
    )
    connection.execute(
        delete(call).where(call.c.state.in_(_WAITING), call.c.webhook_id.in_(left) | ~happened.exists())
    )
    crowded = connection.execute(
        select(call.c.webhook_id)
        .where(call.c.state.in_(_WAITING))
        .group_by(call.c.webhook_id)
        .having(func.count() > MOST_WAITING)
    )
    for id in list(crowded.scalars()):
        oldest_last = connection.execute(
            select(call.c.id)
            .join(event, (event.c.tender_id == call.c.tender_id) & (event.c.sequence == call.c.sequence))
            .where(call.c.webhook_id == id, call.c.state == DeliveryState.PENDING)
            .order_by(event.c.at.desc(), call.c.tender_id.desc(), call.c.sequence.desc())
            .offset(MOST_WAITING)
        )
        _end(session, list(oldest_last.scalars()), DeliveryState.FAILED, now=now, error="too many calls were waiting")
    over = now - KEPT
    connection.execute(
        delete(call).where(
            call.c.state.in_((DeliveryState.SENT, DeliveryState.FAILED)),
            call.c.due_at < over + DONE_BEFORE_DUE,  # of all that were ever made, only these are looked at
            call.c.finished_at < over,
        )
    )


def calls_of(session: Session, webhook_id: UUID, *, limit: int = 20) -> list[WebhookCall]:
    """The calls of a webhook that were made or given up last, newest first: what its owner is shown."""
    call = table(WebhookCall)
    rows = session.connection().execute(
        select(call)
        .where(call.c.webhook_id == webhook_id, call.c.finished_at.is_not(None))
        .order_by(call.c.finished_at.desc(), call.c.id)
        .limit(limit)
    )
    return [WebhookCall(**row) for row in rows.mappings()]


def _end(
    session: Session, call_ids: Sequence[UUID], state: DeliveryState, *, now: datetime, error: str | None = None
) -> None:
    call = table(WebhookCall)
    for some in batches(call_ids, IN_LIMIT):
        session.connection().execute(
            update(call).where(call.c.id.in_(some)).values(state=state, finished_at=now, error=error)
        )

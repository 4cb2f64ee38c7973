"""The store of runs: who crawls which source, how it went, and the answers that were had."""

import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlmodel import Session, col
from sqlmodel import select as select_models

from db.bulk import table
from db.errors import Busy, TakenOver
from db.history import Answer, Run, SourceLease
from db.vocabulary.messages import Saying
from db.vocabulary.run import Coverage, Problem, RunMode, RunState

LEASE = timedelta(minutes=15)
"""How long a claim of a source holds without a sign of life from its process."""

ENOUGH_RUNS = 3
"""Regular runs from which on one can say what a source usually finds."""

LONGEST_REQUEST = 500
"""Characters of a request that are kept; the rest of a longer one is kept as a checksum."""

INTERRUPTED = Saying("the process ended in the middle of the run; what it had kept stays, the next run makes it good")


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source is doing. ``last_run`` is the last that ended; ``failing_since`` the first failed one since a good one."""

    source: str
    last_run: Run | None
    last_success_at: datetime | None
    failing_since: datetime | None
    usually_found: int | None
    """By the regular runs before the last one."""

    @property
    def suspicious(self) -> bool:
        """Whether the last run went well and yet found less than half of what is usual."""
        run = self.last_run
        return (
            run is not None
            and run.mode == RunMode.REGULAR
            and run.state in (RunState.OK, RunState.PARTIAL)
            and self.usually_found is not None
            and run.found * 2 < self.usually_found
        )


def owner() -> str:
    """This process, as runs and leases name it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def begin(
    session: Session,
    source: str,
    *,
    mode: RunMode,
    since: date,
    until: date | None,
    now: datetime,
    who: str,
    scope: str = "",
) -> Run:
    """Claim a source and begin a run of it. Raises Busy while another process is at it.

    A claim whose process is gone is taken over at once on the same machine, and any claim after LEASE without
    a sign of life; the run it left behind is marked failed.
    """
    held = session.get(SourceLease, source)
    if held is not None:
        if _alive(held.owner, held.until, now):
            raise Busy(
                "{source}: process {owner} is collecting it right now; wait for it, or end it first",
                source=source,
                owner=held.owner,
            )
        left = session.get(Run, held.run_id)
        if left is not None and left.state == RunState.RUNNING:
            left.state, left.finished_at, left.error = RunState.FAILED, now, INTERRUPTED
            session.add(left)
        session.delete(held)
        session.flush()
    run = Run(
        id=uuid4(),
        source=source,
        mode=mode,
        state=RunState.RUNNING,
        owner=who,
        scope=scope,
        since=since,
        until=until,
        started_at=now,
    )
    session.add(run)
    session.add(SourceLease(source=source, owner=who, run_id=run.id, until=now + LEASE))
    session.flush()
    session.expunge(run)
    return run


def keep_alive(session: Session, run: Run, *, now: datetime) -> None:
    """Show that the run goes on. Raises TakenOver where another process has it now."""
    lease = table(SourceLease)
    updated = session.connection().execute(
        lease.update().where(lease.c.source == run.source, lease.c.run_id == run.id).values(until=now + LEASE)
    )
    if updated.rowcount == 0:
        raise TakenOver("{source}: another process has taken this run over; this one stops", source=run.source)


def end(
    session: Session,
    run: Run,
    *,
    state: RunState,
    now: datetime,
    error: Saying | None = None,
    problems: Sequence[Problem] = (),
    coverage: Sequence[Coverage] = (),
) -> Run:
    """Write down how a run ended, and release its source."""
    run.state, run.finished_at, run.error = state, now, error
    run.problems, run.coverage = tuple(problems), tuple(coverage)
    merged = session.merge(run)
    if (held := session.get(SourceLease, run.source)) is not None and held.run_id == run.id:
        session.delete(held)
    session.flush()
    session.expunge(merged)
    return merged


def _alive(who: str, until: datetime, now: datetime) -> bool:
    host, _, pid = who.rpartition(":")
    if until <= now:
        return False  # on the same machine too: after a restart another program may have the process id
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def keep_answers(session: Session, answers: Iterable[Answer]) -> None:
    """Write down raw answers; their bodies are in the archive already."""
    rows = [answer.model_dump() | {"request": _indexed(answer.request)} for answer in answers]
    if rows:
        session.connection().execute(table(Answer).insert(), rows)


def _indexed(request: str) -> str:
    """A request as it is looked up: PostgreSQL indexes no text of more than 2.7 kB, and some forms are far longer."""
    if len(request) <= LONGEST_REQUEST:
        return request
    return f"{request[:LONGEST_REQUEST]}… {sha256(request.encode()).hexdigest()}"


def last_answer(session: Session, request: str) -> Answer | None:
    """The newest whole answer to a request that can be asked for again conditionally."""
    return session.exec(
        select_models(Answer)
        .where(
            Answer.request == _indexed(request),
            Answer.status == 200,
            (col(Answer.etag).is_not(None)) | (col(Answer.last_modified).is_not(None)),
        )
        .order_by(col(Answer.fetched_at).desc())
        .limit(1)
    ).first()


def last_run(session: Session, source: str, *states: RunState) -> Run | None:
    """The newest run of a source, in one of the states where any are given."""
    query = select_models(Run).where(Run.source == source)
    if states:
        query = query.where(col(Run.state).in_(states))
    return session.exec(query.order_by(col(Run.started_at).desc()).limit(1)).first()


def last_regular(session: Session, source: str) -> Run | None:
    """The newest finished run that read the source up to its day; back-fills do not count."""
    return session.exec(
        select_models(Run)
        .where(
            Run.source == source,
            col(Run.mode).in_((RunMode.FIRST, RunMode.REGULAR)),
            col(Run.state).in_((RunState.OK, RunState.PARTIAL)),
        )
        .order_by(col(Run.started_at).desc())
        .limit(1)
    ).first()


def left_out_since(session: Session, source: str, scope: str) -> date | None:
    """The earliest day that first crawls of a source were to read and did not read whole; None where one did."""
    run = table(Run)
    first = (run.c.source == source, run.c.mode == RunMode.FIRST, run.c.scope == scope)
    if session.connection().execute(select(run.c.id).where(*first, run.c.state == RunState.OK).limit(1)).first():
        return None
    found: date | None = session.connection().execute(select(func.min(run.c.since)).where(*first)).scalar()
    return found


def first_crawl_done(session: Session, source: str) -> bool:
    """Whether the source was read once as a whole, so that what is new there now is news.

    A crawl that found nothing read nothing. After three first crawls that each missed a part, the part is taken
    for a lasting defect of the source.
    """
    run = table(Run)
    rows = session.connection().execute(
        select(run.c.mode, run.c.state, func.count())
        .where(run.c.source == source, run.c.state.in_((RunState.OK, RunState.PARTIAL)), run.c.found > 0)
        .group_by(run.c.mode, run.c.state)
    )
    counts: dict[tuple[str, str], int] = {(mode, state): count for mode, state, count in rows}
    return (
        (RunMode.FIRST, RunState.OK) in counts
        or any(mode == RunMode.REGULAR for mode, _ in counts)
        or counts.get((RunMode.FIRST, RunState.PARTIAL), 0) >= 3
    )


def health(session: Session, sources: Iterable[str]) -> list[SourceHealth]:
    """How each of the sources is doing."""
    return [_health(session, source) for source in sources]


def _health(session: Session, source: str) -> SourceHealth:
    run = table(Run)
    good = last_run(session, source, RunState.OK, RunState.PARTIAL)
    failed_since: Any = select(func.min(run.c.started_at)).where(
        run.c.source == source, run.c.state.in_((RunState.FAILED, RunState.REFUSED))
    )
    if good is not None:
        failed_since = failed_since.where(run.c.started_at > good.started_at)
    last = last_run(session, source, *(state for state in RunState if state is not RunState.RUNNING))
    return SourceHealth(
        source=source,
        last_run=last,
        last_success_at=good.finished_at if good else None,
        failing_since=session.connection().execute(failed_since).scalar(),
        usually_found=_usually_found(session, source, last) if last is not None else None,
    )


def _usually_found(session: Session, source: str, last: Run) -> int | None:
    """The mean of what the good regular runs before the last one found; None where they are too few to tell."""
    run = table(Run)
    found = (
        session.connection()
        .execute(
            select(run.c.found)
            .where(
                run.c.source == source,
                run.c.mode == RunMode.REGULAR,
                run.c.state.in_((RunState.OK, RunState.PARTIAL)),
                run.c.started_at < last.started_at,
            )
            .order_by(run.c.started_at.desc())
            .limit(10)
        )
        .scalars()
        .all()
    )
    return round(sum(found) / len(found)) if len(found) >= ENOUGH_RUNS else None
